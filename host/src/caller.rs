//! Who is calling, and the token of their own that they may have brought.
//!
//! Owns the keyed digest under which a token's owner is known everywhere: for rates, confirmations,
//! caches and logs. The token itself is only for the request to the CRM that issued it. This module
//! must not know how a request carried the token, nor which connection may pass it on.

use std::fmt;
use std::sync::{Arc, LazyLock};

use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::policy::Principal;

/// The longest token in bytes; signed tokens with many claims are far below, and longer headers are
/// refused by most servers.
const LONGEST: usize = 8 << 10;

/// Made anew by every process, so that a digest in a log cannot be held against a list of tokens.
static KEY: LazyLock<[u8; 32]> = LazyLock::new(rand::random);

/// A caller of one request. Identity and token are one value, so that no call can have those of two.
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Principal,
    token: Option<Token>,
    ends: Option<CancellationToken>,
}

impl Caller {
    /// A caller who brought no token of their own.
    #[must_use]
    pub const fn known(principal: Principal) -> Self {
        Self {
            principal,
            token: None,
            ends: None,
        }
    }

    /// The same, until what they brought is taken back.
    #[must_use]
    pub fn until(self, ends: CancellationToken) -> Self {
        Self {
            ends: Some(ends),
            ..self
        }
    }

    /// A person whose token was checked: the same under every token of theirs.
    #[must_use]
    pub fn person(issuer: &str, subject: &str, token: Token) -> Self {
        let owner = Owner::of_person(issuer, subject);
        Self {
            principal: Principal::named("person", &owner.to_string()),
            token: Some(Token { owner, ..token }),
            ends: None,
        }
    }

    /// Whoever holds this token. Whether it is valid only its issuer can tell.
    #[must_use]
    pub fn holding(token: Token) -> Self {
        Self {
            principal: Principal::named("token", &token.owner().to_string()),
            token: Some(token),
            ends: None,
        }
    }

    /// The label for rates, confirmations and logs.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Their own token.
    #[must_use]
    pub const fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Cancelled when what they brought is good no longer; for what outlasts one request.
    #[must_use]
    pub const fn ends(&self) -> Option<&CancellationToken> {
        self.ends.as_ref()
    }
}

impl From<Principal> for Caller {
    fn from(principal: Principal) -> Self {
        Self::known(principal)
    }
}

/// A caller's own token: never printed, wiped when the last holder drops it.
#[derive(Clone)]
pub struct Token {
    value: Arc<Zeroizing<String>>,
    digest: Owner,
    owner: Owner,
}

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing is there.
    #[error("the token is empty")]
    Empty,
    /// A character that no token has.
    #[error("the token holds a blank or a character that no token has")]
    Character,
    /// Too long.
    #[error("the token has more than {LONGEST} bytes")]
    Long,
}

impl Token {
    /// A token of visible ASCII; blanks around it are not part of it.
    ///
    /// # Errors
    /// What is wrong, without the token.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if text.len() > LONGEST {
            return Err(TokenError::Long);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Character);
        }
        let digest = Owner::of(text);
        Ok(Self {
            value: Arc::new(Zeroizing::new(text.to_owned())),
            digest,
            owner: digest,
        })
    }

    /// The value. Every use of this word is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Under which its holder is known: the person where one is, else the token itself.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// Under which this very token is known, whoever holds it.
    #[must_use]
    pub const fn digest(&self) -> Owner {
        self.digest
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.owner)
    }
}

/// A keyed digest of a token or of a person, 128 bits of it; it lives as long as the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner([u8; 16]);

impl Owner {
    /// The separator stands in no token and in no issuer, so that none of these digests is another's.
    fn of_person(issuer: &str, subject: &str) -> Self {
        Self::of(&format!("{issuer}\0{subject}"))
    }

    fn of(text: &str) -> Self {
        let hash = blake3::keyed_hash(&KEY, text.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hash.as_bytes()[..16]);
        Self(short)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        for (text, expected) in [
            ("bcrm_pat_abc", Ok("bcrm_pat_abc")),
            (" \tabc.def-ghi~1+/= ", Ok("abc.def-ghi~1+/=")),
            ("1|sanctum", Ok("1|sanctum")),
            ("", Err(TokenError::Empty)),
            (" \t ", Err(TokenError::Empty)),
            ("two words", Err(TokenError::Character)),
            ("line\nbreak", Err(TokenError::Character)),
            ("schlüssel", Err(TokenError::Character)),
            (&"x".repeat(LONGEST + 1), Err(TokenError::Long)),
        ] {
            let token = Token::new(text);
            let got = token.as_ref().map(Token::expose).map_err(|error| *error);
            assert_eq!(got, expected);
        }
    }

    #[test]
    fn a_person_is_the_same_under_every_token() {
        let person =
            |issuer, subject, token| Caller::person(issuer, subject, Token::new(token).unwrap());
        let (first, refreshed) = (person("i", "ada", "one"), person("i", "ada", "two"));
        assert_eq!(first.principal(), refreshed.principal());
        let (first, refreshed) = (first.token().unwrap(), refreshed.token().unwrap());
        assert_eq!(first.owner(), refreshed.owner());
        assert_ne!(first.digest(), refreshed.digest());
        assert_eq!(refreshed.expose(), "two");
        let first = person("i", "ada", "one");
        for other in [
            person("i", "bob", "one"),
            person("j", "ada", "one"),
            person("ia", "da", "one"),
            Caller::holding(Token::new("one").unwrap()),
        ] {
            assert_ne!(first.principal(), other.principal());
        }
        assert!(!format!("{first:?}").contains("ada"), "{first:?}");
    }

    #[test]
    fn a_holder_is_known_by_the_token_and_nothing_shows_it() {
        let token = |text| Token::new(text).unwrap();
        let (one, again, other) = (token("hunter2hunter2"), token("hunter2hunter2"), token("b"));
        assert_eq!(one.owner(), again.owner());
        assert_ne!(one.owner(), other.owner());
        let caller = Caller::holding(one);
        let shown = format!("{caller:?} {}", caller.principal());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(caller.principal().as_str().len(), "token:".len() + 32);
    }
}
