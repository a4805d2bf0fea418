//! `docs/plugins.md` shows `examples/notes` as it is: what it leads through is what builds.

const GUIDE: &str = include_str!("../../../docs/plugins.md");
const PLUGIN: &str = include_str!("../../../examples/notes/src/lib.rs");
const TESTS: &str = include_str!("../../../examples/notes/tests/notes.rs");
const CARGO: &str = include_str!("../../../examples/notes/Cargo.toml");

/// The code blocks of a language in the section under a heading.
fn blocks(heading: &str, language: &str) -> Vec<&'static str> {
    let (_, section) = GUIDE.split_once(heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let fence = format!("```{language}\n");
    let blocks = section.split(&fence).skip(1);
    let blocks: Vec<_> = blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
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
