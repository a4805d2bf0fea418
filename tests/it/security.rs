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
    let files: Vec<_> = names.iter().filter(|name| name.contains('/')).collect();
    let files = files
        .iter()
        .filter(|name| name.ends_with(".rs") || name.starts_with("tests/"));
    let missing = files.clone().filter(|name| {
        // Crashes are there only while there are any.
        !name.ends_with("crashes") && !root().join(name).exists()
    });
    assert_eq!(
        missing.collect::<Vec<_>>(),
        Vec::<&&&&str>::new(),
        "files that are not there"
    );
    let tests: Vec<_> = names.iter().filter(|name| is_test(name)).collect();
    let missing = tests
        .iter()
        .filter(|name| !code.contains(&format!("fn {name}(")));
    assert_eq!(
        missing.collect::<Vec<_>>(),
        Vec::<&&&&str>::new(),
        "tests that are not there"
    );
    let targets = text.split("fuzz target").skip(1).flat_map(|rest| {
        let end = rest.find(" |").unwrap_or(0);
        quoted(&rest[..end])
    });
    let missing = targets.filter(|name| !root().join("tests/fuzz/corpus").join(name).is_dir());
    assert_eq!(
        missing.collect::<Vec<_>>(),
        Vec::<&str>::new(),
        "targets that are not there"
    );
    assert!(
        files.count() > 30 && tests.len() > 50,
        "{} tests",
        tests.len()
    );
}
