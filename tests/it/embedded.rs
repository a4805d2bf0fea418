//! What a release build has to carry: every plugin that the workspace declares, and an error where one
//! was not built.

use std::path::{Path, PathBuf};

#[path = "../../host/build/declared.rs"]
mod declared;

fn plugins() -> Vec<declared::Declared> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    declared::plugins(&folder).expect("the workspace is readable")
}

#[test]
fn the_binary_carries_what_the_workspace_declares() {
    let embedded: Vec<&str> = portcullis::registry::embedded()
        .iter()
        .map(|plugin| plugin.name)
        .collect();
    let declared: Vec<String> = plugins().into_iter().map(|plugin| plugin.id).collect();
    assert!(declared.len() >= 4, "{declared:?}");
    assert_eq!(embedded, declared);
}

#[test]
fn a_plugin_that_was_not_built_is_named() {
    let declared = plugins();
    let built = |left_out: &str| -> Vec<PathBuf> {
        let names = declared.iter().map(|plugin| format!("{}.wasm", plugin.id));
        let kept = names.filter(|name| name != left_out);
        kept.map(|name| Path::new("target/plugins").join(name))
            .collect()
    };
    assert!(declared::missing(&declared, &built("")).is_empty());
    for plugin in &declared {
        let name = format!("{}.wasm", plugin.id);
        assert_eq!(declared::missing(&declared, &built(&name)), [name]);
        assert!(plugin.manifest.is_file());
    }
    assert_eq!(declared::missing(&declared, &[]).len(), declared.len());
}
