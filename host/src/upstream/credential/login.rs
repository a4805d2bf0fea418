//! The recipe `login`: a request whose answer holds a session's token.
//!
//! Owns where the token stands in that answer. It must not know how many sessions there are, nor
//! when a new one is needed.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use portcullis_manifest::{Capture, LoginRequest};
use serde_json::Value;
use zeroize::Zeroizing;

use super::issue::{Issued, Issuer, NotIssued, Wire, judge, words};
use super::place::{checked_pointer, cookie_name};
use super::refusal::quote;
use super::request::{Asked, Draft, Reply};
use super::secrets::Secrets;
use super::template::TemplateError;

/// A manifest's login.
pub(super) struct Login {
    draft: Draft,
    logout: Option<Draft>,
    capture: Capture,
    lifetime: Option<Duration>,
    secrets: Secrets,
}

impl Login {
    /// Reads the recipe.
    ///
    /// # Errors
    /// It can never work.
    pub(super) fn parse(
        login: &LoginRequest,
        logout: Option<&LoginRequest>,
        capture: &Capture,
        lifetime_s: Option<u64>,
        secrets: &Secrets,
    ) -> Result<Self, TemplateError> {
        let draft = Draft::parse(login)?;
        draft.fill(secrets, None)?;
        let logout = logout.map(Draft::parse).transpose()?;
        if let Some(logout) = &logout {
            logout.fill(secrets, Some(""))?;
        }
        match capture {
            Capture::Json(pointer) => drop(checked_pointer(pointer)?),
            Capture::Cookie(name) => drop(cookie_name(name)?),
            Capture::Header(_) => {}
        }
        Ok(Self {
            draft,
            logout,
            capture: capture.clone(),
            lifetime: lifetime_s.map(Duration::from_secs),
            secrets: secrets.clone(),
        })
    }

    async fn log_in(&self, wire: &dyn Wire) -> Result<Issued, NotIssued> {
        let asked = self.draft.fill(&self.secrets, None)?;
        let reply = wire.exchange(asked).await?;
        let quoted = || quote(&reply, &self.secrets);
        judge(&reply, quoted)?;
        match self.captured(&reply) {
            Some(token) => Ok(Issued {
                token: Zeroizing::new(token),
                lifetime: self.lifetime,
            }),
            None if matches!(self.capture, Capture::Json(_)) && reply.json().is_none() => Err(
                NotIssued::odd("the CRM's answer is not JSON; is the URL the CRM's own?"),
            ),
            None => Err(NotIssued::Refused(words(reply.status, quoted()))),
        }
    }

    fn captured(&self, reply: &Reply) -> Option<String> {
        let found = match &self.capture {
            Capture::Json(pointer) => {
                let body = reply.json()?;
                body.pointer(pointer)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            }
            Capture::Cookie(name) => {
                let cookies = headers(reply, "set-cookie").filter_map(pair);
                let of_name = cookies.filter(|(found, _)| *found == name.as_str());
                of_name.last().map(|(_, value)| value.to_owned())
            }
            Capture::Header(name) => headers(reply, name).last().map(str::to_owned),
        };
        found.filter(|token| !token.is_empty())
    }
}

fn headers<'r>(reply: &'r Reply, name: &'r str) -> impl Iterator<Item = &'r str> {
    let named = reply
        .headers
        .iter()
        .filter(move |(n, _)| n.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str())
}

/// Name and value of a `Set-Cookie`, RFC 6265, section 5.2.
fn pair(header: &str) -> Option<(&str, &str)> {
    let pair = header.split(';').next()?;
    let (name, value) = pair.split_once('=')?;
    Some((name.trim(), value.trim().trim_matches('"')))
}

impl Issuer for Login {
    fn issue<'a>(&'a self, wire: &'a dyn Wire) -> BoxFuture<'a, Result<Issued, NotIssued>> {
        self.log_in(wire).boxed()
    }

    fn end(&self, token: &str) -> Option<Asked> {
        let filled = self.logout.as_ref()?.fill(&self.secrets, Some(token));
        // That it fills was checked when it was read.
        filled.ok()
    }

    fn derived(&self) -> Vec<Zeroizing<String>> {
        let mut digests = self.draft.digests(&self.secrets);
        let logout = self.logout.iter();
        digests.extend(logout.flat_map(|logout| logout.digests(&self.secrets)));
        digests
    }
}
