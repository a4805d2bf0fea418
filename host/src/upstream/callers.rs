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

/// What is remembered of all callers takes at most this much, in bytes. A usual token takes some tens
/// of kilobytes for its scrubber, the longest takes megabytes, and anybody can send one.
const MOST_BYTES: u64 = 32 << 20;

/// What a caller takes beside the scrubber, in bytes.
const FIXED: usize = 512;

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
        let known = Cache::builder()
            .weigher(|_, known: &Arc<Known>| {
                u32::try_from(FIXED + known.scrubber.bytes()).unwrap_or(u32::MAX)
            })
            .max_capacity(MOST_BYTES)
            .time_to_idle(IDLE);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_tokens_stays_within_the_bytes() {
        let callers = Callers::default();
        let of = |text: &str| callers.of(Some(&Token::new(text).unwrap())).unwrap();
        for number in 0..64 {
            of(&format!("{number}{}", "<x".repeat(4000)));
            callers.0.run_pending_tasks();
        }
        assert!(callers.0.weighted_size() <= MOST_BYTES);
        assert!(callers.0.entry_count() < 64, "the flood has to be one");
        let usual = of("bcrm_pat_0123456789abcdef").unwrap();
        assert!(
            usual.scrubber.bytes() < 100 << 10,
            "{}",
            usual.scrubber.bytes()
        );
    }
}
