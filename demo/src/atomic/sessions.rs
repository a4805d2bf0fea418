//! Sign-ins that are open: their refresh tokens, each good once, and what a replay does.
//!
//! Source: Supabase Auth's source, August 2026.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::people::Person;

/// How long after its use a refresh token is still answered, for clients that lost the answer.
const REUSE: SignedDuration = SignedDuration::from_secs(10);

/// All sign-ins since the start.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: Vec<Session>,
    made: u64,
}

/// One sign-in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) person: Person,
    /// Newest last, with the moment of its use.
    tokens: Vec<(String, Option<Timestamp>)>,
    open: bool,
}

/// Why a refresh token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRefresh {
    Unknown,
    Used,
}

impl Session {
    /// The refresh token that is good now.
    pub(crate) fn token(&self) -> &str {
        self.tokens.last().map_or("", |(token, _)| token)
    }
}

impl Sessions {
    /// Opens one.
    pub(crate) fn open(&mut self, person: Person) -> Session {
        let id = self.word(32);
        let groups = [&id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..32]];
        let [first, second, third, fourth, last] = groups;
        let session = Session {
            id: format!("{first}-{second}-4{third}-8{fourth}-{last}"),
            person,
            tokens: vec![(self.word(12), None)],
            open: true,
        };
        self.all.push(session.clone());
        session
    }

    /// Gives a new refresh token for an old one. One that was used before ends the whole sign-in.
    pub(crate) fn refresh(&mut self, token: &str, now: Timestamp) -> Result<Session, NoRefresh> {
        let fresh = self.word(12);
        let known = |it: &&mut Session| it.open && it.tokens.iter().any(|(own, _)| own == token);
        let session = self.all.iter_mut().find(known).ok_or(NoRefresh::Unknown)?;
        let used = session.tokens.iter().find(|(own, _)| own == token);
        match used.and_then(|(_, used)| *used) {
            None => {
                for (_, used) in &mut session.tokens {
                    used.get_or_insert(now);
                }
                session.tokens.push((fresh, None));
            }
            Some(used) if now.duration_since(used) <= REUSE => {}
            Some(_) => {
                session.open = false;
                return Err(NoRefresh::Used);
            }
        }
        Ok(session.clone())
    }

    /// Whether a sign-in is still open.
    pub(crate) fn is_open(&self, id: &str) -> bool {
        self.all
            .iter()
            .any(|session| session.id == id && session.open)
    }

    /// Ends a sign-in.
    pub(crate) fn close(&mut self, id: &str) {
        for session in self.all.iter_mut().filter(|session| session.id == id) {
            session.open = false;
        }
    }

    /// Ends all sign-ins.
    pub(crate) fn close_all(&mut self) {
        for session in &mut self.all {
            session.open = false;
        }
    }

    /// Letters that no other sign-in has; they need not be secret here.
    fn word(&mut self, size: usize) -> String {
        self.made += 1;
        let digest = Sha256::digest(format!("atomic-demo-{}", self.made));
        hex::encode(digest).chars().take(size).collect()
    }
}
