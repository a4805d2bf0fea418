//! The threat model names files and tests; here it is held to them.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the host is in a workspace")
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with("    "));
    lines
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}

fn sources(folder: &Path, into: &mut String) {
    let entries = std::fs::read_dir(folder).expect("the checkout is readable");
    for path in entries.map(|entry| entry.expect("the checkout is readable").path()) {
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push_str(&std::fs::read_to_string(&path).expect("sources are UTF-8"));
        }
    }
}

/// A test's name is a sentence; keys of the configuration have fewer words.
fn is_test(name: &str) -> bool {
    name.matches('_').count() >= 3 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[test]
fn what_the_threat_model_names_is_there() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).expect("it is there");
    let mut code = String::new();
    for folder in ["host/src", "tests", "plugins", "xtask/src"] {
        sources(&root().join(folder), &mut code);
    }
    let names = quoted(&text);
    let is_file = |name: &&str| name.contains('/') && name.ends_with(".rs");
    let files: Vec<&str> = names.iter().copied().filter(is_file).collect();
    let tests: Vec<&str> = names.iter().copied().filter(|name| is_test(name)).collect();
    let targets: Vec<&str> = text
        .split("fuzz target")
        .skip(1)
        .flat_map(|rest| quoted(&rest[..rest.find(" |").unwrap_or(0)]))
        .collect();
    let corpus = root().join("tests/fuzz/corpus");
    all_there(&files, |name| root().join(name).is_file());
    all_there(&tests, |name| code.contains(&format!("fn {name}(")));
    all_there(&targets, |name| corpus.join(name).is_dir());
    assert!(files.len() > 30 && tests.len() > 50 && targets.len() > 15);
}

/// Fails with the names of which nothing is there.
fn all_there(names: &[&str], is_there: impl Fn(&str) -> bool) {
    let missing: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !is_there(name))
        .collect();
    assert!(
        missing.is_empty(),
        "SECURITY.md names what is not there: {missing:?}"
    );
}
