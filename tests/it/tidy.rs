//! The rules of the house that a test can see: who may use whom, where each foreign crate lives,
//! what every file begins with, and that every guest is declared. (That none is without a test, the
//! compiler sees: `sandbox`.)
//!
//! Sources are read as text; what a macro makes is not seen, and nothing here needs it to be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each module of the host with what it may `use crate::`, in the order of a call's path. `runtime` and
/// `capability` are two halves of the sandbox and know each other; everything else points one way.
const MAY_USE: &[(&str, &[&str])] = &[
    (
        "transport",
        &[
            "admission",
            "call",
            "caller",
            "identity",
            "keys",
            "mcp",
            "policy",
        ],
    ),
    (
        "mcp",
        &[
            "call", "caller", "error", "input", "names", "prompts", "reading", "registry", "schema",
        ],
    ),
    (
        "reading",
        &[
            "audit",
            "call",
            "caller",
            "capability",
            "error",
            "names",
            "policy",
            "registry",
            "runtime",
        ],
    ),
    (
        "call",
        &[
            "admission",
            "audit",
            "caller",
            "capability",
            "confirm",
            "error",
            "identity",
            "input",
            "names",
            "policy",
            "registry",
            "runtime",
            "schema",
        ],
    ),
    ("identity", &["caller", "policy"]),
    ("keys", &["caller", "names", "policy", "state"]),
    ("confirm", &["policy"]),
    ("admission", &["error", "policy"]),
    ("audit", &["capability", "error", "names"]),
    (
        "registry",
        &[
            "admission",
            "caller",
            "capability",
            "config",
            "identity",
            "keys",
            "names",
            "policy",
            "runtime",
            "schema",
            "state",
            "upstream",
        ],
    ),
    ("policy", &["names"]),
    ("caller", &["policy"]),
    (
        "runtime",
        &["caller", "capability", "config", "error", "names", "policy"],
    ),
    (
        "capability",
        &["caller", "config", "names", "policy", "runtime", "upstream"],
    ),
    ("upstream", &["caller", "policy"]),
    ("config", &["names"]),
    ("error", &["names"]),
    ("input", &["error"]),
    ("names", &[]),
    ("prompts", &[]),
    ("schema", &[]),
    ("shutdown", &[]),
    ("state", &[]),
    ("telemetry", &["config"]),
    (
        "live",
        &[
            "call",
            "caller",
            "capability",
            "identity",
            "names",
            "policy",
            "registry",
            "runtime",
            "upstream",
        ],
    ),
    (
        "run",
        &[
            "admission",
            "call",
            "caller",
            "config",
            "confirm",
            "mcp",
            "policy",
            "prompts",
            "registry",
            "runtime",
            "transport",
            "upstream",
        ],
    ),
    (
        "cli",
        &[
            "call",
            "caller",
            "config",
            "error",
            "identity",
            "input",
            "keys",
            "live",
            "mcp",
            "policy",
            "prompts",
            "registry",
            "run",
            "runtime",
            "schema",
            "shutdown",
            "telemetry",
        ],
    ),
    ("main", &[]),
    ("lib", &[]),
    ("tests", &[]),
];

/// Each foreign crate with the only places that know it.
const HOMES: &[(&str, &[&str])] = &[
    ("rmcp", &["mcp/", "transport/"]),
    ("wasmtime", &["runtime/", "capability/"]),
    ("reqwest", &["upstream/client.rs"]),
    ("notify", &["registry/watch.rs"]),
    (
        "ring",
        &[
            "identity/jwk.rs",
            "identity/tests.rs",
            "state/key.rs",
            "state/seal.rs",
            "upstream/tls.rs",
        ],
    ),
    (
        "rusqlite",
        &["state/error.rs", "state/file.rs", "state/tests.rs"],
    ),
    (
        "rustls",
        &["upstream/tls.rs", "upstream/client.rs", "mcp/client.rs"],
    ),
];

/// Where the environment is read: the configuration, the name of the running program in a hint, and
/// a test that has to set a proxy variable for a child of its own.
const ENVIRONMENT: [&str; 3] = [
    "config/environment.rs",
    "cli/demo.rs",
    "upstream/tests/requests.rs",
];

struct Source {
    /// Relative to the folder that was read.
    name: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the host is in a workspace")
        .to_owned()
}

fn sources(folder: &str) -> Vec<Source> {
    let folder = root().join(folder);
    let mut found = Vec::new();
    walk(&folder, &mut |path| {
        if path.extension().is_some_and(|end| end == "rs") {
            let name = path
                .strip_prefix(&folder)
                .expect("it is below")
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(path).expect("sources are UTF-8");
            found.push(Source { name, text });
        }
    });
    assert!(!found.is_empty(), "no sources in {}", folder.display());
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("the checkout is readable").path()) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match path.is_dir() && !path.is_symlink() {
            true if name == "target" || name == ".git" => {}
            true => walk(&path, visit),
            false => visit(&path),
        }
    }
}

impl Source {
    fn module(&self) -> &str {
        self.name
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs")
    }

    /// Lines of code outside tests, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let inner = [
            "#[cfg(test)]\nmod tests {",
            "#[cfg(test)]\npub(super) mod tests {",
        ];
        let tests = inner
            .iter()
            .find_map(|head| self.text.find(head))
            .unwrap_or(self.text.len());
        let lines = self.text[..tests].lines().enumerate();
        lines
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
    }

    fn is_test(&self) -> bool {
        self.name.contains("tests/")
            || self.name.ends_with("tests.rs")
            || self.name.ends_with("bad_input.rs")
    }

    /// Modules of the host that the code names.
    fn uses(&self) -> BTreeSet<String> {
        let names = self
            .code()
            .flat_map(|(_, line)| line.split("crate::").skip(1));
        names
            .map(|rest| {
                rest.chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect()
            })
            .collect()
    }

    /// Whether the code names a crate, e.g. `wasmtime::` or `wasmtime_wasi::`.
    fn knows(&self, krate: &str) -> bool {
        self.code().any(|(_, line)| {
            line.match_indices(krate).any(|(at, _)| {
                let before = line[..at].chars().next_back().unwrap_or(' ');
                let after = line[at + krate.len()..]
                    .trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '_');
                !before.is_alphanumeric() && !"_.:\"`".contains(before) && after.starts_with("::")
            })
        })
    }
}

fn nothing(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let mut found = Vec::new();
    for source in sources("host/src") {
        let (_, may) = MAY_USE
            .iter()
            .find(|(module, _)| *module == source.module())
            .unwrap_or_else(|| panic!("{} is a module without a row in MAY_USE", source.name));
        let own = source.module().to_owned();
        let other = source
            .uses()
            .into_iter()
            .filter(|used| !used.is_empty() && *used != own && !may.contains(&used.as_str()));
        found.extend(other.map(|used| format!("{} uses crate::{used}", source.name)));
    }
    nothing(&found, "uses that MAY_USE does not allow");
}

#[test]
fn each_foreign_crate_has_one_home() {
    let mut found = Vec::new();
    for source in sources("host/src") {
        for (krate, homes) in HOMES {
            if source.knows(krate) && !homes.iter().any(|home| source.name.starts_with(home)) {
                found.push(format!(
                    "{} knows {krate}, which lives in {}",
                    source.name,
                    homes.join(", ")
                ));
            }
        }
    }
    nothing(&found, "crates away from home");
}

#[test]
fn the_environment_is_read_by_the_configuration_alone() {
    let reads = |source: &&Source| {
        source
            .code()
            .any(|(_, line)| line.contains("env::var") || line.contains("std::env"))
    };
    let sources = sources("host/src");
    let found: Vec<String> = sources
        .iter()
        .filter(reads)
        .map(|source| source.name.clone())
        .collect();
    let other: Vec<String> = found
        .into_iter()
        .filter(|name| !ENVIRONMENT.contains(&name.as_str()))
        .collect();
    nothing(&other, "files that read the environment");
}

#[test]
fn every_file_begins_with_what_it_is() {
    let mut found = Vec::new();
    for folder in ["host/src", "demo/src", "xtask/src", "plugins", "tests"] {
        for source in sources(folder) {
            if !source.text.starts_with("//! ") {
                found.push(format!("{folder}/{}", source.name));
            }
        }
    }
    nothing(&found, "files without a `//!` at the top");
}

#[test]
fn nothing_is_left_for_later() {
    // Written in halves, so that this file does not find itself.
    let banned = [
        ["#[ign", "ore"],
        ["tod", "o!("],
        ["unimplem", "ented!("],
        ["db", "g!("],
    ];
    let mut found = Vec::new();
    for folder in ["host/src", "plugins", "tests"] {
        for source in sources(folder) {
            for word in banned
                .iter()
                .map(|halves| halves.concat())
                .filter(|word| source.text.contains(word))
            {
                found.push(format!("{folder}/{}: {word}", source.name));
            }
        }
    }
    nothing(&found, "words that must not stand here");
}

#[test]
fn no_test_sleeps() {
    let words = [["thread::sl", "eep"].concat(), ["time::sl", "eep"].concat()];
    let tests = sources("tests");
    let sleepers = tests
        .iter()
        .filter(|source| words.iter().any(|word| source.text.contains(word)));
    nothing(
        &sleepers
            .map(|source| source.name.clone())
            .collect::<Vec<_>>(),
        "tests that sleep",
    );
}

#[test]
fn the_host_never_unwraps() {
    let mut found = Vec::new();
    for source in sources("host/src")
        .iter()
        .filter(|source| !source.is_test())
    {
        let lines = source
            .code()
            .filter(|(_, line)| line.contains(".unwrap()") || line.contains("panic!("));
        found.extend(lines.map(|(at, line)| format!("{}:{at}: {}", source.name, line.trim())));
    }
    nothing(&found, "panics outside tests");
}

/// Names of the guests: a file each, or a folder.
fn guests() -> BTreeSet<String> {
    let files = sources("tests/guests/examples").into_iter();
    let names = files.map(|file| {
        let first = file.name.split('/').next().unwrap_or(&file.name);
        first.trim_end_matches(".rs").to_owned()
    });
    names.collect()
}

#[test]
fn every_guest_is_declared() {
    let manifest =
        std::fs::read_to_string(root().join("tests/guests/Cargo.toml")).expect("it is there");
    let found: Vec<String> = guests()
        .into_iter()
        .filter(|name| !manifest.contains(&format!("name = \"{name}\"")))
        .collect();
    nothing(&found, "guests that tests/guests/Cargo.toml does not name");
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let root = root().canonicalize().expect("it is there");
    let home = std::env::var("HOME").expect("tests run as somebody");
    let words = [
        format!("{}/", root.display()),
        format!("{}/.", home.trim_end_matches('/')),
    ];
    let mut found = Vec::new();
    walk(&root, &mut |path| {
        let Ok(text) = std::fs::read_to_string(path) else {
            return;
        };
        for word in words.iter().filter(|word| text.contains(word.as_str())) {
            found.push(format!(
                "{}: {word}",
                path.strip_prefix(&root).unwrap_or(path).display()
            ));
        }
    });
    nothing(&found, "absolute paths");
}
