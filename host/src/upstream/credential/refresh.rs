//! Where refresh tokens are kept that a CRM hands out.
//!
//! Owns the interface, and the store that lasts as long as the process. It must not know recipes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use futures::future::{BoxFuture, FutureExt, ready};
use zeroize::Zeroizing;

/// Keeps refresh tokens, by a key that holds no secret.
pub trait RefreshStore: Send + Sync + fmt::Debug {
    /// Waits until nobody else who shares the store uses the token of a key. Until the answer is
    /// dropped, nobody else does.
    fn hold<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Held, Unreadable>>;

    /// The latest token of a key.
    fn load<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Zeroizing<String>>, Unreadable>>;

    /// Takes the place of the former token, which is worth nothing any more. A store that cannot
    /// write keeps it as long as it can, and says so in the log.
    fn save<'a>(&'a self, key: &'a str, token: Zeroizing<String>) -> BoxFuture<'a, ()>;

    /// Forgets a token that the CRM no longer takes.
    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()>;

    /// Whether what is saved outlasts the process.
    fn is_lasting(&self) -> bool;
}

/// The use of a key's token.
pub type Held = Box<dyn Send>;

/// What is kept cannot be read. Why is in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the refresh token that is kept for it cannot be read, and an older one is not sent; the log says what the operator has to do"
)]
pub struct Unreadable;

/// Keeps them in memory.
#[derive(Default)]
pub struct MemoryRefreshStore(Mutex<HashMap<String, Zeroizing<String>>>);

impl MemoryRefreshStore {
    /// What is there now.
    fn tokens(&self) -> std::sync::MutexGuard<'_, HashMap<String, Zeroizing<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RefreshStore for MemoryRefreshStore {
    fn hold<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Held, Unreadable>> {
        ready(Ok(Box::new(()) as Held)).boxed()
    }

    fn load<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Zeroizing<String>>, Unreadable>> {
        ready(Ok(self.tokens().get(key).cloned())).boxed()
    }

    fn save<'a>(&'a self, key: &'a str, token: Zeroizing<String>) -> BoxFuture<'a, ()> {
        self.tokens().insert(key.to_owned(), token);
        ready(()).boxed()
    }

    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()> {
        self.tokens().remove(key);
        ready(()).boxed()
    }

    fn is_lasting(&self) -> bool {
        false
    }
}

impl fmt::Debug for MemoryRefreshStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRefreshStore").finish_non_exhaustive()
    }
}
