//! Every file of the corpus, and every crash that was kept, through its target.

use std::fs;

use portcullis_fuzz::{TARGETS, corpus, target};

#[test]
fn the_corpus_keeps_every_promise() {
    for target in TARGETS {
        let inputs = corpus::inputs(target)
            .unwrap_or_else(|error| panic!("the corpus of {}: {error}", target.name));
        assert!(
            inputs.len() >= 3,
            "{} has {} seeds",
            target.name,
            inputs.len()
        );
        let mut outcomes: Vec<_> = inputs
            .iter()
            .map(|(_, input)| (target.run)(input))
            .collect();
        outcomes.sort();
        outcomes.dedup();
        assert!(
            outcomes.len() >= 2,
            "{}: all seeds come to {outcomes:?}",
            target.name
        );
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    for entry in fs::read_dir(corpus::folder()).expect("the corpus is there") {
        let name = entry
            .expect("it can be read")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(
            target(&name).is_some(),
            "corpus/{name} belongs to no target"
        );
    }
}

#[test]
fn every_target_can_be_built_with_libfuzzer() {
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/Cargo.toml");
    let text = fs::read_to_string(manifest).expect("fuzz/Cargo.toml is there");
    for target in TARGETS {
        assert!(
            text.contains(&format!("name = \"{}\"", target.name)),
            "fuzz/Cargo.toml does not name {}",
            target.name
        );
    }
}
