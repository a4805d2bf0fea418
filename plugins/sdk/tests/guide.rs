//! `docs/plugins.md` shows `examples/notes` as it is: what it leads through is what builds.

const GUIDE: &str = include_str!("../../../docs/plugins.md");
const PLUGIN: &str = include_str!("../../../examples/notes/src/lib.rs");
const TESTS: &str = include_str!("../../../examples/notes/tests/notes.rs");
const CARGO: &str = include_str!("../../../examples/notes/Cargo.toml");

/// The code blocks of a language in the section under a heading.
fn blocks(heading: &str, language: &str) -> Vec<&'static str> {
    let (_, rest) = GUIDE.split_once(heading).expect("the heading");
    let (mut section, _) = rest.split_once("\n## ").expect("a further section");
    let fence = format!("```{language}\n");
    let mut blocks = Vec::new();
    while let Some((_, rest)) = section.split_once(&fence) {
        let (block, after) = rest.split_once("```").expect("the end of a block");
        blocks.push(block);
        section = after;
    }
    assert!(!blocks.is_empty(), "{heading}");
    blocks
}

#[test]
fn the_guide_shows_every_line_of_the_plugin() {
    let mut shown = [
        blocks("\n## 2. A tool\n", "rust"),
        blocks("\n## 3. The declaration\n", "rust"),
    ]
    .concat();
    for block in &shown {
        assert!(PLUGIN.contains(block), "not in the example:\n{block}");
    }
    shown.sort_by_key(|block| PLUGIN.find(block));
    let (_, code) = PLUGIN.split_once("\n\n").unwrap();
    assert_eq!(shown.join("\n"), code);
}

#[test]
fn what_the_guide_makes_is_what_it_copies() {
    let (_, name) = CARGO.split_once("name = \"").unwrap();
    let (name, _) = name.split_once('"').unwrap();
    let made = blocks("\n## 1. A crate\n", "sh").concat();
    assert!(made.contains(&format!("cargo new --lib {name} && cd {name}\n")));
    let copied = blocks("\n## 5. Into the host\n", "sh").concat();
    let file = format!("release/{}.wasm ", name.replace('-', "_"));
    assert!(copied.contains(&file), "{copied}");
}

#[test]
fn the_guide_shows_a_test_of_the_plugin() {
    for block in blocks("\n## 4. Tests\n", "rust") {
        assert!(TESTS.contains(block), "not in the example:\n{block}");
    }
}

#[test]
fn the_guide_shows_the_crate_of_the_plugin() {
    for block in blocks("\n## 1. A crate\n", "toml") {
        let block = block.replace("…", "../..");
        for section in block.split("\n\n") {
            assert!(
                CARGO.contains(section.trim_end()),
                "not in the example:\n{section}"
            );
        }
    }
}
