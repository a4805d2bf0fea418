//! Who may replace a value that is used in between: one holder at a time, also between processes.
//!
//! A lock of the system on an empty file beside the state; it ends with its holder, however that ends,
//! and blocks nobody else's writing.

use std::fs::File;
use std::path::Path;

use super::{StateError, folder};

/// Held until it is dropped.
#[derive(Debug)]
pub struct Hold {
    _file: File,
}

impl Hold {
    /// Waits for it. A holder is another process's request to a CRM, which has a limit of time.
    pub(super) fn wait(state: &Path, kind: &str, name: &str) -> Result<Self, StateError> {
        folder::prepare(state)?;
        let digest = blake3::hash(format!("{kind}\0{name}").as_bytes()).to_hex();
        let path = folder::beside(state, &format!("{}.lock", &digest[..16]));
        let file = folder::private(&path)?;
        file.lock().map_err(StateError::io(&path))?;
        Ok(Self { _file: file })
    }
}
