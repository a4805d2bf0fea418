//! What has to outlast the process: sealed values in one file, by kind and name.
//!
//! Owns the file, its key and who may write when. A value is sealed before it reaches the disk, and so
//! is its name. The file is opened at the first use, because most connections never need it, and only
//! on threads that may block. It must not know what a value means, nor how the file was configured.

mod counter;
mod error;
mod file;
mod folder;
mod hold;
mod key;
mod seal;

#[cfg(all(test, unix))]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use zeroize::Zeroizing;

pub use error::StateError;
pub use hold::Hold;

use counter::Counter;
use file::File;
use seal::Seal;

/// What a value is. Values of different kinds may have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The latest refresh token of a credential.
    RefreshToken,
    /// What an API key may do, and its hash.
    ApiKey,
    /// When an API key was last used.
    KeyUse,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh-token",
            Self::ApiKey => "api-key",
            Self::KeyUse => "api-key-use",
        }
    }
}

/// The state of this host, and of every other that uses the same file.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    path: PathBuf,
    key: Option<Zeroizing<String>>,
    open: Mutex<Option<Open>>,
    /// Dropped last: see [`Counter`].
    counter: OnceLock<Counter>,
}

struct Open {
    file: File,
    seal: Seal,
}

impl State {
    /// The state in a file that need not exist yet. `key` has 64 hexadecimal digits; without one, it
    /// is read from a file beside the state, which is made along with it.
    #[must_use]
    pub fn at(path: PathBuf, key: Option<Zeroizing<String>>) -> Self {
        Self(Arc::new(Inner {
            path,
            key,
            open: Mutex::default(),
            counter: OnceLock::new(),
        }))
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The value of a name.
    ///
    /// # Errors
    /// The file or its key cannot be used, or the value was not sealed with this key.
    pub async fn get(
        &self,
        kind: Kind,
        name: &str,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        let name = name.to_owned();
        self.with(move |Open { file, seal }| {
            let name = seal.name(kind.as_str(), &name);
            let sealed = file.get(kind.as_str(), &name)?;
            let opened = sealed.map(|sealed| seal.open(kind.as_str(), &name, sealed));
            opened.transpose()
        })
        .await
    }

    /// All values of a kind, in no order. A file that does not exist holds none, and is not made.
    ///
    /// # Errors
    /// The file or its key cannot be used, or a value was not sealed with this key.
    pub async fn all(&self, kind: Kind) -> Result<Vec<Zeroizing<Vec<u8>>>, StateError> {
        if !self.exists() {
            return Ok(Vec::new());
        }
        self.with(move |Open { file, seal }| {
            let sealed = file.all(kind.as_str())?.into_iter();
            let opened = sealed.map(|(name, value)| seal.open(kind.as_str(), &name, value));
            opened.collect()
        })
        .await
    }

    /// Whether there is a file.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.0.path.exists()
    }

    /// Grows with every change of the file, whoever makes it; nothing before the first use, and where it
    /// cannot be told. Cheap enough for every request.
    #[must_use]
    pub fn version(&self) -> Option<u32> {
        self.0.counter.get()?.read()
    }

    /// Puts a value in the place of the one before. When this returns, it is on the disk.
    ///
    /// # Errors
    /// The file or its key cannot be used, or the disk is full.
    pub async fn put(
        &self,
        kind: Kind,
        name: &str,
        value: Zeroizing<Vec<u8>>,
    ) -> Result<(), StateError> {
        let name = name.to_owned();
        self.with(move |Open { file, seal }| {
            let name = seal.name(kind.as_str(), &name);
            let sealed = seal.close(kind.as_str(), &name, &value)?;
            file.put(kind.as_str(), &name, &sealed)
        })
        .await
    }

    /// Removes a value, if there is one.
    ///
    /// # Errors
    /// The file or its key cannot be used.
    pub async fn remove(&self, kind: Kind, name: &str) -> Result<(), StateError> {
        let name = name.to_owned();
        self.with(move |Open { file, seal }| {
            let name = seal.name(kind.as_str(), &name);
            file.remove(kind.as_str(), &name)
        })
        .await
    }

    /// Waits until no other holder of a name is left, in this process or in another with the same
    /// file, and holds it. For what is read, used elsewhere and then replaced.
    ///
    /// # Errors
    /// The file beside the state that stands for the name cannot be used.
    pub async fn hold(&self, kind: Kind, name: &str) -> Result<Hold, StateError> {
        let name = name.to_owned();
        self.with_path(move |path| Hold::wait(path, kind.as_str(), &name))
            .await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Open) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        let inner = Arc::clone(&self.0);
        blocking(move || work(opened(&inner, &mut lock(&inner.open))?)).await
    }

    async fn with_path<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        let inner = Arc::clone(&self.0);
        blocking(move || work(&inner.path)).await
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("State").field(&self.0.path).finish()
    }
}

/// Opened once; an error is met again at the next use, until its cause is gone.
fn opened<'o>(inner: &Inner, open: &'o mut Option<Open>) -> Result<&'o mut Open, StateError> {
    if open.is_none() {
        let fresh = !inner.path.exists();
        folder::prepare(&inner.path)?;
        let key = key::of(&inner.path, inner.key.as_deref(), fresh)?;
        let seal = Seal::new(&key);
        let file = File::open(&inner.path)?;
        file.settle(&seal, key::source(&inner.path, inner.key.is_some()))?;
        if inner.counter.get().is_none() {
            inner.counter.set(Counter::of(&inner.path)?).ok();
        }
        *open = Some(Open { file, seal });
    }
    open.as_mut().ok_or(StateError::BrokeOff)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StateError> + Send + 'static,
) -> Result<T, StateError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or(Err(StateError::BrokeOff))
}
