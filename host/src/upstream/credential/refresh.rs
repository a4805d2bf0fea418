//! Where refresh tokens are kept that a CRM hands out.
//!
//! Owns the interface, and the store that lasts as long as the process. It must not know recipes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

/// Keeps refresh tokens, by a key that holds no secret.
pub trait RefreshStore: Send + Sync + fmt::Debug {
    /// The latest token of a key.
    fn load(&self, key: &str) -> Option<Zeroizing<String>>;

    /// Takes the place of the former token.
    fn save(&self, key: &str, token: &str);

    /// Forgets a token that the CRM no longer takes.
    fn forget(&self, key: &str);

    /// Whether what is saved outlasts the process.
    fn is_lasting(&self) -> bool;
}

/// Keeps them in memory.
#[derive(Default)]
pub struct MemoryRefreshStore(Mutex<HashMap<String, Zeroizing<String>>>);

impl MemoryRefreshStore {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Zeroizing<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RefreshStore for MemoryRefreshStore {
    fn load(&self, key: &str) -> Option<Zeroizing<String>> {
        self.lock().get(key).cloned()
    }

    fn save(&self, key: &str, token: &str) {
        self.lock()
            .insert(key.to_owned(), Zeroizing::new(token.to_owned()));
    }

    fn forget(&self, key: &str) {
        self.lock().remove(key);
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
