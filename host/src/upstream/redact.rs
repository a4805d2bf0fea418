//! The scrubber of a connection whose secrets change: tokens come and go.
//!
//! Owns which tokens are looked for, and for how long after their end. It must not know the forms of
//! a value, which are `scrub`'s, nor what a token is for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use aho_corasick::BuildError;
use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use super::scrub::Scrubber;

/// How many tokens that no one holds any more are remembered: requests made with them may still be
/// answered. A connection has a few sessions, each for minutes; a CRM that wants a new login for every
/// request is covered for the last hundred of them.
const MOST: usize = 128;

/// A token that is removed from answers while this is held, and for long afterwards.
pub(super) type Hidden = Arc<Zeroizing<String>>;

/// Removes the secrets of one connection, and the tokens that it holds now or held lately.
pub(super) struct Redactor {
    secrets: Vec<Zeroizing<String>>,
    /// The latest is the last.
    tokens: Mutex<VecDeque<Hidden>>,
    present: ArcSwap<Scrubber>,
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

    /// Adds a token, and forgets the oldest that no one holds.
    pub(super) fn hide(&self, token: &str) -> Hidden {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = tokens.iter().position(|known| known.as_str() == token)
            && let Some(known) = tokens.remove(at)
        {
            tokens.push_back(Arc::clone(&known));
            return known;
        }
        let hidden = Arc::new(Zeroizing::new(token.to_owned()));
        tokens.push_back(Arc::clone(&hidden));
        let free = |tokens: &VecDeque<Hidden>| {
            let free = tokens.iter().filter(|t| Arc::strong_count(t) == 1);
            (free.count() > MOST)
                .then(|| tokens.iter().position(|t| Arc::strong_count(t) == 1))
                .flatten()
        };
        if let Some(oldest) = free(&tokens) {
            tokens.remove(oldest);
        }
        let values = self.secrets.iter().map(|v| v.as_str());
        let values = values.chain(tokens.iter().map(|t| t.as_str()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_and_stay_while_they_are_held() {
        let redactor = Redactor::new(vec![Zeroizing::new("the secret".to_owned())]).unwrap();
        let shown = |text: &str| redactor.text(text.to_owned());
        assert_eq!(shown("the secret, old-t0ken"), "[redacted], old-t0ken");
        let held = redactor.hide("old-t0ken");
        assert_eq!(shown("the secret, old-t0ken"), "[redacted], [redacted]");
        for number in 1..=MOST + 2 {
            redactor.hide(&format!("t0ken-{number}."));
        }
        assert_eq!(
            shown("old-t0ken t0ken-1. t0ken-2."),
            "[redacted] t0ken-1. [redacted]"
        );
        drop(held);
        redactor.hide("t0ken-xx");
        redactor.hide("t0ken-yy");
        assert_eq!(shown("old-t0ken t0ken-xx"), "old-t0ken [redacted]");
    }
}
