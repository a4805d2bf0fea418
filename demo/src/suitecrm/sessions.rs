//! Sessions of v4_1 and tokens of V8.
//!
//! A session belongs to the address it was opened from: the same /24 may use it, any other address
//! destroys it. It dies after a time without calls, and serves one call at a time.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::users::User;

/// PHP's usual lifetime of a session without calls.
const IDLE: SignedDuration = SignedDuration::from_mins(24);
/// Lifetime of an access token.
pub(crate) const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug)]
struct Session {
    user: &'static User,
    address: String,
    used: Timestamp,
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct Token {
    user: &'static User,
    until: Timestamp,
    revoked: bool,
    is_refresh: bool,
}

/// Who is logged in.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: HashMap<String, Session>,
    tokens: HashMap<String, Token>,
    made: u64,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    Unknown,
    Expired,
    Revoked,
}

impl Sessions {
    /// Opens a session and gives its id.
    pub(crate) fn open(&mut self, user: &'static User, address: &str, now: Timestamp) -> String {
        let id = self.secret("session", 32);
        let session = Session {
            user,
            address: address.to_owned(),
            used: now,
            turn: Arc::default(),
        };
        self.open.insert(id.clone(), session);
        id
    }

    /// Whose session it is, and the lock on it.
    pub(crate) fn enter(
        &mut self,
        id: &str,
        address: &str,
        now: Timestamp,
    ) -> Option<(&'static User, Arc<tokio::sync::Mutex<()>>)> {
        let session = self.open.get_mut(id)?;
        let alive = now.duration_since(session.used) < IDLE;
        if !alive || network(&session.address) != network(address) {
            self.open.remove(id);
            return None;
        }
        session.used = now;
        Some((session.user, session.turn.clone()))
    }

    pub(crate) fn close(&mut self, id: &str) {
        self.open.remove(id);
    }

    pub(crate) fn count(&self) -> usize {
        self.open.len()
    }

    /// Ends all sessions.
    pub(crate) fn expire(&mut self) {
        self.open.clear();
    }

    /// A token for somebody: three parts, as a signed one has.
    pub(crate) fn issue(
        &mut self,
        user: &'static User,
        now: Timestamp,
        is_refresh: bool,
    ) -> String {
        let kind = if is_refresh { "refresh" } else { "access" };
        let token = format!(
            "eyJ{}.eyJ{}.{}",
            self.secret(kind, 20),
            self.secret(kind, 40),
            self.secret(kind, 43)
        );
        let life = if is_refresh {
            TOKEN_LIFE * 24
        } else {
            TOKEN_LIFE
        };
        let token_kept = Token {
            user,
            until: now.checked_add(life).unwrap_or(now),
            revoked: false,
            is_refresh,
        };
        self.tokens.insert(token.clone(), token_kept);
        token
    }

    /// Whose token it is.
    pub(crate) fn holder(
        &self,
        token: &str,
        now: Timestamp,
        is_refresh: bool,
    ) -> Result<&'static User, BadToken> {
        let found = self
            .tokens
            .get(token)
            .filter(|found| found.is_refresh == is_refresh);
        match found {
            None => Err(BadToken::Unknown),
            Some(found) if found.revoked => Err(BadToken::Revoked),
            Some(found) if found.until <= now => Err(BadToken::Expired),
            Some(found) => Ok(found.user),
        }
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        if let Some(found) = self.tokens.get_mut(token) {
            found.revoked = true;
        }
    }

    /// Revokes every token.
    pub(crate) fn revoke_all(&mut self) {
        self.tokens
            .values_mut()
            .for_each(|token| token.revoked = true);
    }

    fn secret(&mut self, kind: &str, length: usize) -> String {
        self.made += 1;
        let digest = hex::encode(Sha256::digest(format!("{kind} {}", self.made)));
        digest.get(..length).unwrap_or_default().to_owned()
    }
}

/// The first three numbers of an address of version 4, any other whole.
fn network(address: &str) -> &str {
    let dots = address.bytes().filter(|byte| *byte == b'.').count();
    match address.rsplit_once('.') {
        Some((network, _)) if dots == 3 => network,
        _ => address,
    }
}
