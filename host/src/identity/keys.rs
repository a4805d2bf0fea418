//! An issuer's keys, kept for a while.
//!
//! Owns when they are fetched: when they are old, and when a token names one that is not there, but
//! not more often than an issuer can bear, and once for all who wait. Where they cannot be fetched
//! nobody is let in: old keys may have been withdrawn. It must not know how they are fetched.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt, Shared};

use super::Unknown;
use super::jwk::{Key, KeySet};
use super::jws::Algorithm;

/// How long keys are used; issuers allow their set to be cached for as long (Supabase: 600 s).
const FRESH: Duration = Duration::from_secs(600);

/// How often a key that is not there makes this host look again. Issuers announce a key long before
/// they sign with it.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// How long after a failure nothing is fetched.
const PAUSE: Duration = Duration::from_secs(5);

/// Fetches the issuer's key set as it is published; what hinders it is for the operator's log.
pub type Fetch = Box<dyn Fn() -> BoxFuture<'static, Result<Vec<u8>, String>> + Send + Sync>;

/// A fetch that several wait for; nothing where it failed.
type Asking = Shared<BoxFuture<'static, Option<Arc<KeySet>>>>;

/// The keys of one issuer.
pub(super) struct Keys {
    fetch: Fetch,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The set, and when it was asked for.
    held: Option<(Arc<KeySet>, Instant)>,
    /// When the last failure was asked for.
    failed: Option<Instant>,
    asking: Option<Asking>,
}

impl Keys {
    pub(super) fn new(fetch: Fetch) -> Self {
        Self {
            fetch,
            state: Arc::default(),
        }
    }

    /// The key of an id, for one algorithm; nothing where the issuer has none.
    ///
    /// # Errors
    /// The keys have to be fetched, and cannot be.
    pub(super) async fn find(
        &self,
        id: &str,
        algorithm: Algorithm,
        now: Instant,
    ) -> Result<Option<Key>, Unknown> {
        let held = self.lock().fresh(now);
        if let Some((set, since)) = held {
            let found = set.find(id, algorithm).cloned();
            if found.is_some() || age(since, now) < LOOK_AGAIN {
                return Ok(found);
            }
        }
        let set = self.fetched(now).await?;
        Ok(set.find(id, algorithm).cloned())
    }

    /// How many there are.
    ///
    /// # Errors
    /// As [`Keys::find`].
    pub(super) async fn count(&self, now: Instant) -> Result<usize, Unknown> {
        let held = self.lock().fresh(now);
        match held {
            Some((set, _)) => Ok(set.len()),
            None => self.fetched(now).await.map(|set| set.len()),
        }
    }

    /// The set as it is published now.
    async fn fetched(&self, now: Instant) -> Result<Arc<KeySet>, Unknown> {
        let asking = self.asking(now)?;
        asking.await.ok_or(Unknown::NoKeys { retry_after: PAUSE })
    }

    /// Joins the fetch that is under way, or begins one.
    fn asking(&self, now: Instant) -> Result<Asking, Unknown> {
        let mut state = self.lock();
        if let Some(asking) = &state.asking {
            return Ok(asking.clone());
        }
        if let Some(ago) = state
            .failed
            .map(|at| age(at, now))
            .filter(|ago| *ago < PAUSE)
        {
            let retry_after = PAUSE - ago;
            return Err(Unknown::NoKeys { retry_after });
        }
        let (fetch, kept) = ((self.fetch)(), Arc::clone(&self.state));
        let asking = async move {
            let set = fetch.await.and_then(|document| read(&document));
            let mut state = lock(&kept);
            state.asking = None;
            match set {
                Ok(set) => {
                    let set = Arc::new(set);
                    state.held = Some((Arc::clone(&set), now));
                    state.failed = None;
                    Some(set)
                }
                Err(error) => {
                    tracing::warn!(%error, "the keys of a token issuer were not fetched; callers that need them are told to come back");
                    state.failed = Some(now);
                    None
                }
            }
        };
        let asking = asking.boxed().shared();
        state.asking = Some(asking.clone());
        // Whoever waits for it may go away; it must not stand still until somebody else comes.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(asking.clone().map(drop));
        }
        Ok(asking)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn fresh(&self, now: Instant) -> Option<(Arc<KeySet>, Instant)> {
        let held = self.held.as_ref();
        held.filter(|(_, since)| age(*since, now) < FRESH).cloned()
    }
}

fn read(document: &[u8]) -> Result<KeySet, String> {
    let set = KeySet::read(document);
    let set = set.ok_or("what the issuer answered is no JSON Web Key Set")?;
    if set.len() == 0 {
        tracing::warn!(
            "a token issuer publishes no key for RS256, ES256 or EdDSA, so that no token of it can be taken; does it still sign with a shared secret?"
        );
    }
    Ok(set)
}

fn age(since: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(since)
}

/// Every step leaves the state whole; a panic elsewhere leaves nothing half-written.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
