//! Who opened which session of the handshake revisions.
//!
//! A session's id is a name, not a proof: every request proves its caller, and a session answers only
//! whoever opened it, so that nobody can read another's messages by its id. To everybody else it does
//! not exist. It must not know how callers prove themselves.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::policy::Principal;

/// Ids that may be kept beyond those of living sessions before dead ones are looked for.
const SLACK: usize = 64;

/// The openers of sessions, by the session's id.
#[derive(Debug, Default)]
pub struct Openers(Mutex<HashMap<String, Principal>>);

impl Openers {
    /// Remembers who opened a session. `living` says how many sessions there are, and which.
    pub fn remember(
        &self,
        id: &str,
        opener: &Principal,
        living: usize,
        lives: impl Fn(&str) -> bool,
    ) {
        let mut openers = self.lock();
        if openers.len() > living + SLACK {
            openers.retain(|id, _| lives(id));
        }
        openers.insert(id.to_owned(), opener.clone());
    }

    /// How many of the living sessions a caller has opened.
    #[must_use]
    pub fn count(&self, caller: &Principal, lives: impl Fn(&str) -> bool) -> usize {
        let openers = self.lock();
        let theirs = openers.iter().filter(|(_, opener)| *opener == caller);
        theirs.filter(|(id, _)| lives(id)).count()
    }

    /// Whether the caller opened the session.
    #[must_use]
    pub fn opened(&self, id: &str, caller: &Principal) -> bool {
        self.lock().get(id) == Some(caller)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Principal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_openers_alone() {
        let openers = Openers::default();
        let (ada, bob) = (
            Principal::named("token", "a"),
            Principal::named("token", "b"),
        );
        openers.remember("s1", &ada, 1, |_| true);
        assert!(openers.opened("s1", &ada));
        assert!(!openers.opened("s1", &bob));
        assert!(!openers.opened("s2", &ada));
        openers.remember("s2", &ada, 2, |_| true);
        openers.remember("s3", &bob, 3, |_| true);
        assert_eq!(openers.count(&ada, |_| true), 2);
        assert_eq!(openers.count(&ada, |id| id != "s1"), 1);
    }

    #[test]
    fn the_dead_are_forgotten() {
        let openers = Openers::default();
        let ada = Principal::named("token", "a");
        for n in 0..10 * SLACK {
            openers.remember(&format!("s{n}"), &ada, 1, |id| id == "s0");
        }
        assert!(openers.lock().len() <= SLACK + 2);
        assert!(openers.opened("s0", &ada));
    }
}
