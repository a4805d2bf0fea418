//! Who a signed token belongs to: the checks of a resource server, for one issuer.
//!
//! Owns the order of the checks: what needs no key comes first, so that no stranger makes this host
//! fetch keys with a token that could not be taken anyway. Nothing is kept of a token; the next one is
//! checked anew. It must not know HTTP, nor how the keys are fetched.

mod claims;
mod jwk;
mod jws;
mod keys;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use portcullis_manifest::Tokens;
use url::Url;

pub use keys::Fetch;

use crate::caller::{Caller, Token};
use crate::policy::Principal;
use claims::Rules;
use jws::Signed;
use keys::Keys;

/// Whose tokens a connection takes.
pub struct Issuer {
    rules: Rules,
    keys: Keys,
}

/// Whom a token of this host's own authorization server belongs to.
#[derive(Debug)]
pub struct Visitor {
    /// The person.
    pub principal: Principal,
    /// What the token is for, in the server's words.
    pub scopes: Vec<String>,
}

/// Why nobody is known by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The token is not to be trusted.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// Its signature cannot be checked now.
    #[error("the keys of the token issuer cannot be fetched")]
    NoKeys {
        /// When to try again.
        retry_after: Duration,
    },
}

/// What is wrong with a token, for the operator's log. Says nothing that stands in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// No signed JWT.
    #[error("it is no signed JWT")]
    Form,
    /// `alg` is none of those that are taken.
    #[error("it is not signed with RS256, ES256 or EdDSA")]
    Algorithm,
    /// A claim is missing or of another type.
    #[error("`iss`, `sub`, `aud` or `exp` is missing, or a claim has a wrong type")]
    Claims,
    /// `iss`.
    #[error("`iss` is another issuer")]
    Issuer,
    /// `aud`.
    #[error("`aud` is another audience")]
    Audience,
    /// `exp`.
    #[error("it has expired")]
    Expired,
    /// `nbf`.
    #[error("it is not valid yet")]
    Early,
    /// `role`.
    #[error("`role` is another role")]
    Role,
    /// `is_anonymous`.
    #[error("it belongs to an anonymous user")]
    Anonymous,
    /// `kid`.
    #[error("the issuer has no key of its `kid` for its `alg`")]
    Key,
    /// The signature.
    #[error("its signature is wrong")]
    Signature,
}

/// The time, for what is kept here and for what stands in a token.
#[derive(Debug, Clone, Copy)]
struct Now {
    instant: Instant,
    /// Seconds since 1970.
    unix: f64,
}

impl Now {
    fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            instant: Instant::now(),
            unix: since.unwrap_or_default().as_secs_f64(),
        }
    }
}

impl Issuer {
    /// An issuer as a manifest describes it, for a connection with this base.
    #[must_use]
    pub fn new(tokens: &Tokens, base: &Url, fetch: Fetch) -> Self {
        Self {
            rules: Rules::of(tokens, base),
            keys: Keys::new(fetch),
        }
    }

    /// The operator's authorization server, whose tokens are for this host.
    #[must_use]
    pub fn of_host(issuer: &str, fetch: Fetch) -> Self {
        Self {
            rules: Rules::of_host(issuer),
            keys: Keys::new(fetch),
        }
    }

    /// Its identifier: the claim `iss`, and where clients get their tokens.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.rules.issuer
    }

    /// Whether both take the same tokens.
    #[must_use]
    pub fn takes_the_same(&self, other: &Self) -> bool {
        self.rules == other.rules
    }

    /// The person that a token belongs to.
    ///
    /// # Errors
    /// The token is not to be trusted, or it cannot be found out now.
    pub async fn caller(&self, token: Token) -> Result<Caller, Unknown> {
        let subject = self.subject(token.expose(), Now::now()).await?;
        Ok(Caller::person(self.name(), &subject, token))
    }

    /// The person that a token for one of these audiences belongs to. The token itself goes no further.
    ///
    /// # Errors
    /// As [`Issuer::caller`].
    pub async fn visitor(&self, token: &Token, audience: &[String]) -> Result<Visitor, Unknown> {
        let signed = Signed::read(token.expose())?;
        let scopes = claims::scopes(&signed.claims);
        let subject = self.proved(&signed, audience, Now::now()).await?;
        let person = Caller::person(self.name(), &subject, token.clone());
        Ok(Visitor {
            principal: person.principal().clone(),
            scopes,
        })
    }

    /// How many keys the issuer has now that tokens can be checked with.
    ///
    /// # Errors
    /// They cannot be fetched.
    pub async fn keys(&self) -> Result<usize, Unknown> {
        self.keys.count(Instant::now()).await
    }

    /// Names both issuers, since the operator has to compare them.
    fn tell(&self, why: Untrusted, claims: &[u8]) {
        if let (Untrusted::Issuer, Some(found)) = (why, claims::issuer(claims)) {
            tracing::info!(
                expected = self.name(),
                found,
                "a token names another issuer; where both are the same server's, set `issuer` (of the connection, or in [server.auth]) to the one that the tokens name"
            );
        }
    }

    async fn subject(&self, token: &str, now: Now) -> Result<String, Unknown> {
        let signed = Signed::read(token)?;
        self.proved(&signed, self.rules.audience(), now).await
    }

    async fn proved(
        &self,
        signed: &Signed<'_>,
        audience: &[String],
        now: Now,
    ) -> Result<String, Unknown> {
        let subject = self.rules.subject_for(audience, &signed.claims, now.unix);
        let subject = subject.inspect_err(|why| self.tell(*why, &signed.claims))?;
        let key = self
            .keys
            .find(&signed.key_id, signed.algorithm, now.instant);
        let key = key.await?.ok_or(Untrusted::Key)?;
        if key.verifies(signed.message, &signed.signature) {
            Ok(subject)
        } else {
            Err(Untrusted::Signature.into())
        }
    }
}
