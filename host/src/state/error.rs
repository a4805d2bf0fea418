//! Why the state cannot be used, in words for the operator. No text holds a value or a key.

use std::io;
use std::path::{Path, PathBuf};

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file or folder cannot be read, made or written.
    #[error("state: `{}` cannot be used: {cause}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Other users may read what only the host may.
    #[error("state: `{}` is open to other users (mode {mode:03o}); run `chmod 600 {}`", path.display(), path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The database refuses.
    #[error("state: `{}` cannot be used: {cause}", path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// What it says.
        cause: rusqlite::Error,
    },
    /// Some other file.
    #[error("state: `{}` was not made by portcullis; set `server.state` to another path", .0.display())]
    Foreign(PathBuf),
    /// Written by a later release.
    #[error("state: `{}` has the version {version} of a newer portcullis; use that one, or set `server.state` to another path", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        version: i64,
    },
    /// The key is no key.
    #[error("state: {source_of} holds no key of 64 hexadecimal digits; put the right one there")]
    NoKey {
        /// Where the key comes from.
        source_of: String,
    },
    /// There is a state, and its key is gone.
    #[error("state: the key of `{}` is not at `{}` any more; put it back, or delete the state and log in again", state.display(), key.display())]
    KeyLost {
        /// The state.
        state: PathBuf,
        /// Where its key was.
        key: PathBuf,
    },
    /// The key does not open the state.
    #[error("state: `{}` was sealed with another key than that of {source_of}; put the right key there, or delete the state and log in again", path.display())]
    KeyWrong {
        /// The state.
        path: PathBuf,
        /// Where the key comes from.
        source_of: String,
    },
    /// One value was damaged.
    #[error("state: a value was changed or damaged after it was sealed; log in again")]
    Damaged,
    /// There are no random numbers.
    #[error("state: the system gives no random numbers")]
    Random,
    /// The thread that worked on it is gone.
    #[error("state: the work on it broke off")]
    BrokeOff,
}

impl StateError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |cause| Self::Io { path, cause }
    }
}
