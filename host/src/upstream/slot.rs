//! A credential slot of a connection: which alternative signs, and whether it may.
//!
//! Owns the ways in which a request gets its credential, and the words when it gets none. It must not
//! know what a recipe does, nor how a request is sent.

use std::sync::Arc;
use std::time::Instant;

use super::Upstream;
use super::breaker::{Admitted, Breaker, Held};
use super::callers::Known;
use super::credential::{ChooseError, Credential, Signable};
use super::failed::{Failed, Reason, Stage};
use super::pool::Pool;

/// One credential slot: what signs, or the secrets that are missing.
pub(super) struct Slot {
    pub(super) chosen: Result<Chosen, Vec<String>>,
}

/// The alternative that is used.
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) signs: Signs,
}

/// How requests are signed.
pub(super) enum Signs {
    /// By a recipe whose secrets are all there.
    Fixed {
        credential: Box<dyn Credential>,
        breaker: Breaker,
    },
    /// With a token that the CRM hands out.
    Session(Arc<Pool>),
}

/// A request that is about to go out with a credential.
pub(super) enum Signed<'u> {
    Fixed {
        breaker: &'u Breaker,
        admitted: Admitted,
    },
    Session(&'u Arc<Pool>),
}

impl Slot {
    pub(super) fn pool(&self) -> Option<&Arc<Pool>> {
        match &self.chosen.as_ref().ok()?.signs {
            Signs::Session(pool) => Some(pool),
            Signs::Fixed { .. } => None,
        }
    }
}

impl Upstream {
    pub(super) fn sign<'u>(
        &'u self,
        name: &str,
        caller: Option<&'u Known>,
        signable: &mut Signable<'_>,
        now: Instant,
    ) -> Result<Signed<'u>, Failed> {
        let unknown = || Failed::invalid("the manifest declares no such credential slot");
        let slot = self.slots.get(name).ok_or_else(unknown)?;
        let chosen = slot.chosen.as_ref().map_err(|names| missing(name, names))?;
        let (credential, breaker) = match &chosen.signs {
            Signs::Session(pool) => return Ok(Signed::Session(pool)),
            Signs::Fixed {
                credential,
                breaker,
            } => (credential, breaker),
        };
        // A token that the CRM refuses to one caller says nothing of another's.
        let (breaker, whose) = if credential.is_the_callers() {
            let known = caller.ok_or_else(|| no_token(name))?;
            (&known.breaker, "the token of this caller".to_owned())
        } else {
            (breaker, format!("credential `{name}`"))
        };
        let admitted = breaker.admit(now).map_err(|held| held_back(&whose, held))?;
        credential.apply(signable);
        Ok(Signed::Fixed { breaker, admitted })
    }
}

pub(super) fn held_back(whose: &str, held: Held) -> Failed {
    let ago = held.refused_ago.as_secs();
    Failed {
        reason: Reason::CredentialRejected,
        stage: Stage::NotSent,
        detail: format!(
            "the CRM refused {whose} {ago} s ago; until it changes, one request a minute finds out whether it is repaired"
        ),
        retry_after: Some(held.retry_after),
    }
}

/// How a message ends that says that a call brought no token of its caller's.
pub const NO_TOKEN: &str = "is the caller's own token, and this call brought none";

fn no_token(slot: &str) -> Failed {
    let detail = format!("credential `{slot}` {NO_TOKEN}");
    Failed::not_sent(Reason::CredentialMissing, detail)
}

pub(super) fn missing(what: &str, names: &[String]) -> Failed {
    let error = ChooseError::Missing {
        slot: what.to_owned(),
        names: names.to_vec(),
    };
    Failed::not_sent(Reason::CredentialMissing, error.to_string())
}
