//! What one caller may have at a time: places by the caller's name.
//!
//! Nothing is kept of a caller who has none, so that there is no end to look for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places that each caller has so many of.
#[derive(Debug, Clone)]
pub struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    callers: Mutex<HashMap<Arc<str>, Arc<Semaphore>>>,
}

/// One place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    of: Arc<Inner>,
    caller: Arc<str>,
    /// Given back before it is looked whether others are left.
    taken: Option<OwnedSemaphorePermit>,
}

impl Places {
    /// So many for each.
    #[must_use]
    pub fn each(most: usize) -> Self {
        Self(Arc::new(Inner {
            most: most.min(Semaphore::MAX_PERMITS),
            callers: Mutex::default(),
        }))
    }

    /// A place at once, if one is free.
    #[must_use]
    pub fn take(&self, caller: &str) -> Option<Place> {
        let (caller, places) = self.of(caller);
        let taken = places.try_acquire_owned().ok()?;
        Some(self.place(caller, taken))
    }

    /// A place, once one is free.
    pub async fn wait(&self, caller: &str) -> Option<Place> {
        let (caller, places) = self.of(caller);
        let taken = places.acquire_owned().await.ok()?;
        Some(self.place(caller, taken))
    }

    fn of(&self, caller: &str) -> (Arc<str>, Arc<Semaphore>) {
        let mut callers = self.0.lock();
        if let Some((caller, places)) = callers.get_key_value(caller) {
            return (Arc::clone(caller), Arc::clone(places));
        }
        let (caller, places) = (Arc::from(caller), Arc::new(Semaphore::new(self.0.most)));
        callers.insert(Arc::clone(&caller), Arc::clone(&places));
        (caller, places)
    }

    fn place(&self, caller: Arc<str>, taken: OwnedSemaphorePermit) -> Place {
        Place {
            of: Arc::clone(&self.0),
            caller,
            taken: Some(taken),
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Semaphore>>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut callers = self.of.lock();
        self.taken = None;
        // Whoever takes or waits for a place holds the semaphore as well.
        let unused = |places: &Arc<Semaphore>| Arc::strong_count(places) == 1;
        if callers.get(&self.caller).is_some_and(unused) {
            callers.remove(&self.caller);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::FutureExt;

    use super::*;

    fn remembered(places: &Places) -> usize {
        places.0.lock().len()
    }

    #[test]
    fn each_caller_has_places_of_their_own() {
        let places = Places::each(2);
        let held: Vec<_> = (0..2).map(|_| places.take("ada").expect("free")).collect();
        assert!(places.take("ada").is_none());
        assert!(places.take("bob").is_some());
        assert_eq!(remembered(&places), 1);
        drop(held);
        assert_eq!(remembered(&places), 0);
        assert!(places.take("ada").is_some());
    }

    #[test]
    fn whoever_waits_gets_the_next_place() {
        let places = Places::each(1);
        let first = places.take("ada").expect("free");
        let mut second = Box::pin(places.wait("ada"));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert_eq!(remembered(&places), 1, "somebody waits");
        let second = second.now_or_never().flatten();
        assert!(second.is_some());
        drop(second);
        assert_eq!(remembered(&places), 0);
    }
}
