//! What is known of the callers whose own tokens go upstream: whether the CRM refused a token, and
//! how to take it out of answers.
//!
//! Owns that no caller's state touches another's, nor a refused token the one that a person got in its
//! place. It must not know which request a token signs.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::breaker::Breaker;
use super::failed::Failed;
use super::scrub::Scrubber;
use crate::caller::{Owner, Token};

/// Callers that are remembered; one takes some tens of kilobytes for its scrubber.
const MOST: u64 = 1000;

/// A caller that is quiet for this long is forgotten. Longer than a refused token is held back.
const IDLE: Duration = Duration::from_secs(600);

/// What is known of one caller's token.
pub(super) struct Known {
    /// Holds back a token that the CRM refused.
    pub(super) breaker: Breaker,
    /// Takes the token out of what comes back.
    pub(super) scrubber: Scrubber,
}

/// The callers of one connection, by the digest of their token.
pub(super) struct Callers(Cache<Owner, Arc<Known>>);

impl Default for Callers {
    fn default() -> Self {
        let known = Cache::builder().max_capacity(MOST).time_to_idle(IDLE);
        Self(known.build())
    }
}

impl Callers {
    /// What is known of a token's holder; nothing for a call without a token.
    pub(super) fn of(&self, token: Option<&Token>) -> Result<Option<Arc<Known>>, Failed> {
        let Some(token) = token else {
            return Ok(None);
        };
        let first_met = || {
            Scrubber::of_one(token.expose()).map(|scrubber| {
                let breaker = Breaker::default();
                Arc::new(Known { breaker, scrubber })
            })
        };
        let known = self.0.try_get_with(token.digest(), first_met);
        known
            .map(Some)
            .map_err(|_| Failed::invalid("the caller's token is too large"))
    }
}
