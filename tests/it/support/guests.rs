//! The test guests: those in Rust, which `cargo xtask test` builds and whose folder it names, and those
//! in text, which become components here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use portcullis_guests::{manifest, tool};
use serde_json::json;

/// The bytes of a guest.
pub fn bytes(name: &str) -> Vec<u8> {
    let text = sources().join(format!("text/{name}.wat"));
    if text.is_file() {
        return component(name, &read(&text));
    }
    let path = built(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The file of a guest in Rust, by the name of its example in `tests/guests`.
fn built(name: &str) -> PathBuf {
    let folder = std::env::var_os("PORTCULLIS_GUESTS")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            panic!("PORTCULLIS_GUESTS is not set; `cargo xtask test` builds the guests and sets it")
        });
    let file = folder.join(format!("{name}.wasm"));
    assert!(
        file.is_file(),
        "no guest {}; `cargo xtask guests` builds it",
        file.display()
    );
    file
}

/// A guest of the one tool `say`, whose sin is written as text.
fn component(name: &str, sin: &str) -> Vec<u8> {
    let manifest = manifest(name, &[tool("say", "read", &json!([]))]).to_string();
    let mut escaped = String::new();
    for byte in manifest.bytes() {
        write!(escaped, "\\{byte:02x}").expect("a text takes everything");
    }
    let text = read(&sources().join("shell.wat"))
        .replace("MANIFEST\")", &format!("{escaped}\")"))
        .replace("const LENGTH", &format!("const {}", manifest.len()))
        .replace("\n  SIN\n", &format!("\n{sin}\n"));
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/guests")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
