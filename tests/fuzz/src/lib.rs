//! What a stranger's bytes may do to the host and its plugins, as functions that assert it.
//!
//! Owns the targets, their corpus and a driver that mutates it with a stable compiler. A target takes
//! bytes, runs the code that meets such bytes in the product, and panics where a promise is broken. It
//! must not know who drives it: libFuzzer (folder `fuzz`), the driver here, or the test that replays
//! the corpus.

pub mod corpus;
pub mod drive;
pub mod mutate;
mod targets;

/// What one run of a target came to, in words that hold nothing of the input. The driver keeps inputs
/// that bring a new one; libFuzzer, which sees the code, does not need it.
pub type Seen = String;

/// Something of the product that meets bytes of strangers.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of its corpus folder and of its file in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// What is fed to what.
    pub about: &'static str,
    /// Runs it once; panics where a promise is broken.
    pub run: fn(&[u8]) -> Seen,
    /// Words that its inputs are made of.
    pub words: &'static [&'static str],
}

/// Every target.
pub const TARGETS: &[Target] = &[
    targets::manifest::TARGET,
    targets::config::FILE,
    targets::config::ENTITIES,
    targets::config::ENVIRONMENT,
    targets::path::TARGET,
    targets::headers::TARGET,
    targets::placement::TARGET,
    targets::body::TARGET,
    targets::scrub::TARGET,
    targets::message::ENVELOPE,
    targets::message::LINES,
    targets::arguments::TARGET,
    targets::suitecrm::QUERY,
    targets::suitecrm::FILTERS,
    targets::espocrm::TARGET,
    targets::atomic::TARGET,
    targets::bottlecrm::TARGET,
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Runs a target by its name, for drivers that know nothing else of it.
///
/// # Panics
/// There is no such target, or a promise is broken.
pub fn check(name: &str, input: &[u8]) {
    let target = target(name).expect("the target exists");
    let _ = (target.run)(input);
}
