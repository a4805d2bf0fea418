//! Tokens: how a recipe that has one gets it, and gives it back.
//!
//! Owns what `login` and `oauth2` have in common. It must not know how many tokens are kept, nor
//! who waits for one.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use portcullis_manifest::{Credential as Declared, Recipe};
use zeroize::Zeroizing;

use super::login::Login;
use super::oauth2::{Endpoint, OAuth2};
use super::place::Placement;
use super::refusal::Refusals;
use super::request::{Asked, Reply};
use super::template::TemplateError;
use crate::upstream::failed::{Failed, Reason};
use crate::upstream::redact::Hidden;
use crate::upstream::spec::Spec;

/// Sends the host's own requests; the upstream has it.
pub(in crate::upstream) trait Wire: Sync {
    /// Sends a request, with everything that the guest's requests are subject to.
    fn exchange(&self, asked: Asked) -> BoxFuture<'_, Result<Reply, Failed>>;

    /// Has a value removed from everything that comes back from now on.
    fn hide(&self, value: &str) -> Hidden;
}

/// A token, fresh from the CRM.
pub(in crate::upstream) struct Issued {
    pub(in crate::upstream) token: Zeroizing<String>,
    /// How long it is good for, if that is known.
    pub(in crate::upstream) lifetime: Option<Duration>,
}

/// Why there is no token.
#[derive(Debug)]
pub(in crate::upstream) enum NotIssued {
    /// The CRM refused the secrets; in its own words, where they can be repeated.
    Refused(String),
    /// There was no usable answer.
    Failed(Failed),
}

impl From<Failed> for NotIssued {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<TemplateError> for NotIssued {
    fn from(error: TemplateError) -> Self {
        Self::odd(error.to_string())
    }
}

impl NotIssued {
    /// An answer that is neither a token nor a refusal.
    pub(super) fn odd(what: impl Into<String>) -> Self {
        Self::Failed(Failed::not_sent(Reason::Protocol, what))
    }
}

/// Gets tokens.
pub(in crate::upstream) trait Issuer: Send + Sync {
    /// Gets one.
    fn issue<'a>(&'a self, wire: &'a dyn Wire) -> BoxFuture<'a, Result<Issued, NotIssued>>;

    /// The request that ends a session, for recipes that have one.
    fn end(&self, token: &str) -> Option<Asked>;

    /// Values made of secrets that an answer may echo, beside the secrets themselves.
    fn derived(&self) -> Vec<Zeroizing<String>>;
}

/// A recipe with a token.
pub(in crate::upstream) struct TokenRecipe {
    pub(in crate::upstream) issuer: Box<dyn Issuer>,
    pub(in crate::upstream) place: Placement,
    /// How a refusal of the token looks.
    pub(in crate::upstream) refusals: Refusals,
    /// Whether a refused request certainly changed nothing.
    pub(in crate::upstream) refused_means_not_done: bool,
    /// How many tokens are used side by side.
    pub(in crate::upstream) sessions: usize,
    /// What a token's holder is called in messages.
    pub(in crate::upstream) call: &'static str,
}

/// The most sessions of one slot; each is a login at the CRM.
pub(super) const MOST_SESSIONS: u32 = 32;

/// The fewest characters of a token: shorter ones could not be kept out of what a guest sees.
const SHORTEST: usize = 8;

impl TokenRecipe {
    /// Reads `login` or `oauth2`; other recipes have no token.
    ///
    /// # Errors
    /// The recipe can never work.
    pub(super) fn parse(
        slot: &str,
        declared: &Declared,
        spec: &Spec,
    ) -> Result<Self, TemplateError> {
        let secrets = &spec.secrets;
        let (issuer, place, sessions, call): (Box<dyn Issuer>, _, _, _) = match &declared.recipe {
            Recipe::Login {
                login,
                logout,
                capture,
                place,
                sessions,
                lifetime_s,
            } => {
                let made = Login::parse(login, logout.as_deref(), capture, *lifetime_s, secrets)?;
                (Box::new(made), place, *sessions, "login")
            }
            Recipe::OAuth2 {
                grant,
                token,
                place,
                refresh,
            } => {
                let endpoint = Endpoint {
                    grant: *grant,
                    token,
                    refresh: *refresh,
                };
                let store = Arc::clone(&spec.refresh_tokens);
                let key = format!("{}/{}/{slot}", spec.name, spec.site);
                let made = OAuth2::parse(&endpoint, secrets, store, &key)?;
                (Box::new(made), place, 1, "token request")
            }
            other => return Err(TemplateError::NoToken(other.name())),
        };
        if !(1..=MOST_SESSIONS).contains(&sessions) {
            return Err(TemplateError::Sessions);
        }
        Ok(Self {
            issuer,
            place: Placement::parse(place, secrets)?,
            refusals: Refusals::parse(&declared.expired)?,
            refused_means_not_done: declared.refused_means_not_done,
            sessions: sessions as usize,
            call,
        })
    }

    /// Values made of secrets that an answer may echo, beside the secrets themselves.
    pub(super) fn derived(&self) -> Vec<Zeroizing<String>> {
        let mut derived = self.issuer.derived();
        derived.extend(self.place.derived());
        derived
    }

    /// Gets a token that can be used.
    pub(in crate::upstream) async fn issue(
        &self,
        wire: &dyn Wire,
    ) -> Result<(Hidden, Option<Duration>), NotIssued> {
        let issued = self.issuer.issue(wire).await?;
        let token = wire.hide(&issued.token);
        if issued.token.chars().count() < SHORTEST {
            let what = format!(
                "the CRM's answer has a token of fewer than {SHORTEST} characters, which could not be kept from plugins"
            );
            return Err(NotIssued::odd(what));
        }
        if !self.place.takes(&issued.token) {
            return Err(NotIssued::odd(
                "the CRM's answer has a token with characters that do not fit where it goes",
            ));
        }
        Ok((token, issued.lifetime))
    }
}

/// What a status other than 2xx says of a login; none is left to the recipe.
pub(super) fn judge(
    reply: &Reply,
    refused: impl FnOnce() -> Option<String>,
) -> Result<(), NotIssued> {
    let status = reply.status;
    match status {
        200..=299 => Ok(()),
        300..=399 => Err(NotIssued::odd(format!(
            "it was answered with a redirect ({status}); is the URL the CRM's own?"
        ))),
        404 | 405 | 410 => Err(NotIssued::odd(format!(
            "the CRM answered {status}; is the URL the CRM's own?"
        ))),
        408 | 425 | 429 | 500.. => Err(NotIssued::odd(format!("the CRM answered {status}"))),
        _ => Err(NotIssued::Refused(words(status, refused()))),
    }
}

/// A refusal in words.
pub(super) fn words(status: u16, quote: Option<String>) -> String {
    quote.unwrap_or_else(|| format!("HTTP {status}"))
}
