//! The refresh tokens of all connections, kept in the host's state.
//!
//! Owns what happens when the state cannot be used: a token that was read is never replaced by an
//! older one, and one that cannot be written stays in memory. It must not know recipes, nor how the
//! state keeps anything.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, FutureExt};
use zeroize::Zeroizing;

use crate::state::{Kind, State, StateError};
use crate::upstream::{Held, MemoryRefreshStore, RefreshStore, Unreadable};

/// Where the connections of a host keep their refresh tokens.
pub(super) fn store(state: Option<State>) -> Arc<dyn RefreshStore> {
    match state {
        None => Arc::new(MemoryRefreshStore::default()),
        Some(state) => Arc::new(Kept {
            state,
            unwritten: Mutex::default(),
        }),
    }
}

/// In the state.
struct Kept {
    state: State,
    /// Tokens that are newer than those of the state.
    unwritten: Mutex<HashMap<String, Zeroizing<String>>>,
}

impl Kept {
    fn unwritten(&self) -> MutexGuard<'_, HashMap<String, Zeroizing<String>>> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, key: &str) -> Result<Option<Zeroizing<String>>, Unreadable> {
        let newer = self.unwritten().get(key).cloned();
        if let Some(newer) = newer {
            self.write(key, newer.clone()).await;
            return Ok(Some(newer));
        }
        let kept = self.state.get(Kind::RefreshToken, key).await;
        let kept = kept.map_err(|error| unreadable(&error))?;
        let text = kept.map(|kept| String::from_utf8(kept.to_vec()).map(Zeroizing::new));
        text.transpose()
            .map_err(|_| unreadable(&StateError::Damaged))
    }

    async fn write(&self, key: &str, token: Zeroizing<String>) {
        let bytes = Zeroizing::new(token.as_bytes().to_vec());
        match self.state.put(Kind::RefreshToken, key, bytes).await {
            Ok(()) => {
                self.unwritten().remove(key);
            }
            Err(error) => {
                tracing::error!(%error, "a new refresh token is kept in memory alone; unless this is mended, log in again after the next start");
                self.unwritten().insert(key.to_owned(), token);
            }
        }
    }
}

fn unreadable(error: &StateError) -> Unreadable {
    tracing::error!(%error, "a refresh token cannot be read");
    Unreadable
}

impl RefreshStore for Kept {
    fn hold<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Held, Unreadable>> {
        let hold = self.state.hold(Kind::RefreshToken, key);
        async move {
            match hold.await {
                Ok(hold) => Ok(Box::new(hold) as Held),
                Err(error) => Err(unreadable(&error)),
            }
        }
        .boxed()
    }

    fn load<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Zeroizing<String>>, Unreadable>> {
        self.read(key).boxed()
    }

    fn save<'a>(&'a self, key: &'a str, token: Zeroizing<String>) -> BoxFuture<'a, ()> {
        self.write(key, token).boxed()
    }

    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()> {
        async move {
            self.unwritten().remove(key);
            if let Err(error) = self.state.remove(Kind::RefreshToken, key).await {
                tracing::error!(%error, "a refresh token stays in the state");
            }
        }
        .boxed()
    }

    fn is_lasting(&self) -> bool {
        true
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.state).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(file: &std::path::Path) -> Arc<dyn RefreshStore> {
        store(Some(State::at(file.to_owned(), None)))
    }

    fn token(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn tokens_are_kept_by_their_keys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.sqlite3");
        let store = kept(&file);
        assert!(store.is_lasting());
        store.save("a", token("r-1")).await;
        store.save("b", token("r-2")).await;
        store.forget("a").await;
        let next = kept(&file);
        assert_eq!(next.load("a").await, Ok(None));
        assert_eq!(next.load("b").await, Ok(Some(token("r-2"))));
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_written_is_not_lost_before_the_end() {
        let nowhere = std::path::Path::new("/proc/no/state.sqlite3");
        let store = kept(nowhere);
        assert_eq!(store.load("a").await, Err(Unreadable));
        assert_eq!(store.hold("a").await.err(), Some(Unreadable));
        store.save("a", token("r-1")).await;
        assert_eq!(store.load("a").await, Ok(Some(token("r-1"))));
        assert_eq!(kept(nowhere).load("a").await, Err(Unreadable));
        assert!(!format!("{store:?}").contains("r-1"));
    }

    #[tokio::test]
    async fn without_a_file_they_last_as_long_as_the_host() {
        let store = store(None);
        assert!(!store.is_lasting());
        store.save("a", token("r-1")).await;
        assert_eq!(store.load("a").await, Ok(Some(token("r-1"))));
    }
}
