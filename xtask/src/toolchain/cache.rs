//! Where prepared toolchains and tools are kept: below `portcullis` in the user's cache folder.
//!
//! An entry appears whole or not at all: it is made in a scratch folder beside its place and
//! renamed. One run at a time prepares; another waits. Knows nothing of what an entry holds.

use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::announce;

const SCRATCH: &str = ".scratch";

/// The folder of all entries.
pub(crate) struct Cache {
    root: PathBuf,
}

/// Held while something is prepared.
pub(crate) struct Lock {
    _file: File,
}

/// A folder that is gone when its owner is.
pub(crate) struct Scratch {
    root: PathBuf,
}

impl Cache {
    /// The cache of the user: `XDG_CACHE_HOME`, or `.cache` in the home folder.
    pub(crate) fn open() -> Result<Self> {
        Self::of("toolchain")
    }

    /// The same for entries of another kind.
    pub(crate) fn of(kind: &str) -> Result<Self> {
        let named = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute());
        let folder = named.or_else(|| Some(env::home_dir()?.join(".cache")));
        let folder = folder.context("there is no home folder to cache in; set XDG_CACHE_HOME")?;
        Ok(Self {
            root: folder.join("portcullis").join(kind),
        })
    }

    /// The folder of a finished entry.
    pub(crate) fn entry(&self, key: &str) -> Option<PathBuf> {
        Some(self.root.join(key)).filter(|folder| folder.is_dir())
    }

    /// Waits until no other run prepares anything.
    pub(crate) fn lock(&self) -> Result<Lock> {
        fs::create_dir_all(&self.root)
            .with_context(|| format!("cannot create {}", self.root.display()))?;
        let path = self.root.join(".lock");
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            announce("Waiting for another run that is preparing the same");
            file.lock()?;
        }
        Ok(Lock { _file: file })
    }

    /// A new scratch folder; what an interrupted run left in it goes first. Needs the lock.
    pub(crate) fn scratch(&self) -> Result<Scratch> {
        let root = self.root.join(SCRATCH);
        if root.exists() {
            fs::remove_dir_all(&root)
                .with_context(|| format!("cannot remove {}", root.display()))?;
        }
        Ok(Scratch { root })
    }

    /// Makes a finished folder of the scratch folder an entry.
    pub(crate) fn keep(&self, folder: &Path, key: &str) -> Result<PathBuf> {
        let entry = self.root.join(key);
        fs::rename(folder, &entry)
            .with_context(|| format!("cannot move it to {}", entry.display()))?;
        Ok(entry)
    }
}

impl Scratch {
    /// A folder of this name in it, made if need be.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.root.join(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is removed by the next run.
        let _ = fs::remove_dir_all(&self.root);
    }
}
