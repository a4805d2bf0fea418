//! The plugins that the binary carries; `build.rs` collects them from `target/plugins`.

use crate::runtime::Digest;

/// A plugin inside the binary.
pub struct Embedded {
    /// Its file's stem.
    pub name: &'static str,
    /// The component.
    pub wasm: &'static [u8],
    /// SHA-256 of it, computed when the binary was built.
    pub digest: Digest,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// All of them, by file name.
#[must_use]
pub const fn embedded() -> &'static [Embedded] {
    EMBEDDED
}
