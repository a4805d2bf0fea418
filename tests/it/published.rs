//! What the repository publishes and what the binary carries: the manifest's schema, the embedded
//! plugins' manifests, and what their components import. `UPDATE=1` writes the schema anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use portcullis::registry::{embedded, manifest_schema};
use serde_json::Value;

use crate::support::host::shared;

fn schema_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/manifest.schema.json")
}

#[test]
fn the_published_schema_is_that_of_the_code() {
    let current = format!("{:#}\n", manifest_schema());
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        std::fs::write(schema_file(), &current).expect("the checkout is ours");
    }
    let published = std::fs::read_to_string(schema_file()).expect("the schema is published");
    assert!(
        published == current,
        "wit/manifest.schema.json is out of date; UPDATE=1 writes it anew"
    );
}

#[tokio::test]
async fn every_embedded_manifest_satisfies_the_published_schema() {
    let validator = jsonschema::validator_for(&manifest_schema()).expect("the schema is one");
    let (_, plugins) = shared().await;
    for plugin in plugins.values() {
        let manifest = serde_json::to_value(&plugin.manifest).expect("manifests are JSON");
        let flaws: Vec<String> = validator
            .iter_errors(&manifest)
            .map(|flaw| flaw.to_string())
            .collect();
        assert!(flaws.is_empty(), "{}: {flaws:?}", plugin.id);
    }
}

#[test]
fn the_schema_refuses_what_the_host_refuses() {
    let validator = jsonschema::validator_for(&manifest_schema()).expect("the schema is one");
    let good = portcullis_manifest_of_nothing();
    assert!(validator.is_valid(&good));
    for (pointer, value) in [
        ("/tools", Value::Null),
        ("/manifest", "one".into()),
        ("/bogus", 1.into()),
    ] {
        let mut bad = good.clone();
        bad[&pointer[1..]] = value;
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
}

fn portcullis_manifest_of_nothing() -> Value {
    serde_json::json!({"manifest": 1, "id": "a", "version": "0.1.0", "abi": "0.1", "summary": "s", "tools": []})
}

/// The world, and what Rust's standard library asks of WASI in a release build. Files are named by its C
/// library and there is no folder behind them, terminals by some builds of it; sockets and HTTP are not among it.
const MAY_IMPORT: [&str; 27] = [
    "portcullis:plugin/blocks",
    "portcullis:plugin/cache",
    "portcullis:plugin/call",
    "portcullis:plugin/config",
    "portcullis:plugin/content",
    "portcullis:plugin/http",
    "portcullis:plugin/log",
    "portcullis:plugin/progress",
    "portcullis:plugin/types",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure-seed",
];

#[test]
fn embedded_components_import_the_world_and_a_little_of_wasi() {
    assert!(
        !embedded().is_empty(),
        "no embedded plugins; `cargo xtask plugins` builds them"
    );
    for plugin in embedded() {
        let (name, named) = (plugin.name, interfaces(plugin.wasm));
        assert!(
            named.contains("portcullis:plugin/http"),
            "{name}: the names are found: {named:?}"
        );
        let foreign: Vec<&String> = named.iter().filter(|named| !may_import(named)).collect();
        assert!(foreign.is_empty(), "{name} also names {foreign:?}");
    }
}

/// What components export, whose names are found in the same way.
const EXPORTED: [&str; 3] = [
    "portcullis:plugin/completion",
    "portcullis:plugin/plugin",
    "portcullis:plugin/resources",
];

fn may_import(interface: &str) -> bool {
    EXPORTED.contains(&interface) || MAY_IMPORT.contains(&interface)
}

/// Every `package:name/interface@version` in the bytes of a component, without the version. Imports
/// stand there as text, so nothing can be imported that is not found.
fn interfaces(bytes: &[u8]) -> BTreeSet<String> {
    let text: String = bytes
        .iter()
        .map(|byte| {
            if byte.is_ascii() {
                char::from(*byte)
            } else {
                ' '
            }
        })
        .collect();
    text.match_indices('@')
        .filter_map(|(at, _)| interface_before(&text[..at]))
        .collect()
}

/// The name that a text ends with; what stands before its package is the length of the text, or a
/// word of the compiler.
fn interface_before(text: &str) -> Option<String> {
    let of_name = |c: char| c.is_ascii_lowercase() || "-/:".contains(c);
    let name = &text[text.trim_end_matches(of_name).len()..];
    let (package, interface) = name
        .rsplit_once(':')
        .filter(|(_, interface)| interface.contains('/'))?;
    let package = package
        .rsplit(['-', '/', ':'])
        .next()
        .filter(|package| !package.is_empty())?;
    Some(format!("{package}:{interface}"))
}
