//! The built test guests: `cargo xtask test` builds them and names their folder.

use std::path::PathBuf;

/// The file of a guest, by the name of its example in `tests/guests`.
pub fn path(name: &str) -> PathBuf {
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

/// The bytes of a guest.
pub fn bytes(name: &str) -> Vec<u8> {
    let path = path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
