//! The scrubber of a connection whose secrets change: tokens come and go.
//!
//! Owns which tokens are looked for, and for how long after their end. It must not know the forms of
//! a value, which are `scrub`'s, nor what a token is for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aho_corasick::BuildError;
use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use super::scrub::Scrubber;

/// How many tokens are remembered that no one holds any more. A connection has a few sessions, each
/// for minutes, and a token in use is always held, so this is for those that a CRM mentions later.
const MOST: usize = 32;

/// How long such a token is remembered, at least.
const KEPT: Duration = Duration::from_secs(600);

/// A token that is removed from answers while this is held, and for long afterwards.
pub(super) type Hidden = Arc<Zeroizing<String>>;

/// Removes the secrets of one connection, and the tokens that it holds now or held lately.
pub(super) struct Redactor {
    secrets: Vec<Zeroizing<String>>,
    /// The latest is the last.
    tokens: Mutex<VecDeque<Known>>,
    present: ArcSwap<Scrubber>,
}

struct Known {
    token: Hidden,
    /// When it was first seen that no one holds it.
    free: Option<Instant>,
}

impl Redactor {
    /// Begins with the secrets.
    ///
    /// # Errors
    /// They are too large to be searched for.
    pub(super) fn new(secrets: Vec<Zeroizing<String>>) -> Result<Self, BuildError> {
        let scrubber = Scrubber::new(secrets.iter().map(|s| s.as_str()))?;
        Ok(Self {
            secrets,
            tokens: Mutex::default(),
            present: ArcSwap::from_pointee(scrubber),
        })
    }

    /// Adds a token, and forgets those that no one has held for long.
    pub(super) fn hide(&self, token: &str) -> Hidden {
        self.hide_at(token, Instant::now())
    }

    fn hide_at(&self, token: &str, now: Instant) -> Hidden {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tokens.iter_mut().find(|k| k.token.as_str() == token) {
            known.free = None;
            return Arc::clone(&known.token);
        }
        forget(&mut tokens, now);
        let hidden = Arc::new(Zeroizing::new(token.to_owned()));
        tokens.push_back(Known {
            token: Arc::clone(&hidden),
            free: None,
        });
        let values = self.secrets.iter().map(|v| v.as_str());
        let values = values.chain(tokens.iter().map(|k| k.token.as_str()));
        match Scrubber::new(values) {
            Ok(scrubber) => self.present.store(Arc::new(scrubber)),
            Err(error) => tracing::error!(%error, "a token cannot be searched for"),
        }
        hidden
    }

    pub(super) fn body(&self, body: Vec<u8>) -> Vec<u8> {
        self.present.load().body(body)
    }

    pub(super) fn text(&self, text: String) -> String {
        self.present.load().text(text)
    }
}

fn forget(tokens: &mut VecDeque<Known>, now: Instant) {
    let mut free = 0;
    for known in tokens.iter_mut() {
        if Arc::strong_count(&known.token) > 1 {
            known.free = None;
        } else {
            known.free.get_or_insert(now);
            free += 1;
        }
    }
    tokens.retain(|known| {
        let Some(since) = known.free else {
            return true;
        };
        let stays = free <= MOST && now.saturating_duration_since(since) < KEPT;
        free -= usize::from(!stays);
        stays
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin() -> (Redactor, Instant) {
        let secrets = vec![Zeroizing::new("the secret".to_owned())];
        (Redactor::new(secrets).unwrap(), Instant::now())
    }

    #[test]
    fn a_token_stays_hidden_while_it_is_held_and_for_a_while_after() {
        let (redactor, t) = begin();
        let shown = |text: &str| redactor.text(text.to_owned());
        assert_eq!(shown("the secret, t0ken-one"), "[redacted], t0ken-one");
        let held = redactor.hide_at("t0ken-one", t);
        assert_eq!(shown("the secret, t0ken-one"), "[redacted], [redacted]");
        redactor.hide_at("t0ken-two", t + KEPT * 2);
        drop(held);
        redactor.hide_at("t0ken-three", t + KEPT * 3);
        assert_eq!(shown("t0ken-one"), "[redacted]");
        redactor.hide_at("t0ken-four", t + KEPT * 4);
        assert_eq!(shown("t0ken-one t0ken-four"), "t0ken-one [redacted]");
    }

    #[test]
    fn a_flood_pushes_out_the_oldest_that_no_one_holds() {
        let (redactor, t) = begin();
        let _held = redactor.hide_at("t0ken-held", t);
        for number in 0..=MOST + 1 {
            redactor.hide_at(&format!("t0ken-{number}-"), t);
        }
        let shown = redactor.text("t0ken-held t0ken-0- t0ken-2-".to_owned());
        assert_eq!(shown, "[redacted] t0ken-0- [redacted]");
    }
}
