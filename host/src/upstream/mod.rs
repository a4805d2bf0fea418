//! Upstream: the CRM behind one connection, reached in one way.
//!
//! Owns the base address, the credentials, the headers, the size and time limits, and the removal of
//! secrets from what comes back. It must not know tools, routes, guests or the configuration file:
//! what may be asked was decided before, by `policy`.

mod address;
mod base;
mod breaker;
mod client;
mod credential;
mod dial;
mod failed;
mod headers;
mod line;
mod pool;
mod redact;
mod scrub;
mod session;
mod spec;
mod tls;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_manifest::Method;
use url::{Host, Url};

pub use address::{Class, classify};
pub use base::{BaseError, base_url};
pub use credential::{
    ChooseError, Credential, MemoryRefreshStore, RefreshStore, Secret, Secrets, TemplateError,
};
pub use dial::{Blocked, DialError, Lookup, SystemLookup};
pub use failed::{Failed, Reason, Stage};
pub use headers::{HeaderError, HeaderProblem};
pub use scrub::{REDACTED, Scrubber};
pub use spec::{Limits, Spec, SpecError};

use crate::policy::segment;
use breaker::{Admitted, Breaker, Held, Verdict};
use client::{Opened, Window, Wire};
use credential::Signable;
use dial::Guard;
use headers::HeaderRules;
use line::Line;
use pool::Pool;

/// What is left of a call's time after an upstream request, so that the guest can still answer.
pub const RESERVE: Duration = Duration::from_millis(250);

/// One request below the base, as policy let it pass.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Raw segments.
    pub path: Vec<String>,
    /// Raw pairs.
    pub query: Vec<(String, String)>,
    /// The guest's headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The credential slot; none sends the request unauthenticated.
    pub credential: Option<String>,
}

/// What the CRM answered, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, also a redirect's.
    pub status: u16,
    /// The headers that a guest may see; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// The CRM behind one connection.
pub struct Upstream {
    name: String,
    slots: BTreeMap<String, Slot>,
    rules: HeaderRules,
    guard: Arc<Guard>,
    line: Arc<Line>,
}

/// One credential slot: what signs, or the secrets that are missing.
struct Slot {
    chosen: Result<Chosen, Vec<String>>,
}

/// The alternative that is used.
struct Chosen {
    name: String,
    signs: Signs,
}

/// How requests are signed.
enum Signs {
    /// By a recipe whose secrets are all there.
    Fixed {
        credential: Box<dyn Credential>,
        breaker: Breaker,
    },
    /// With a token that the CRM hands out.
    Session(Arc<Pool>),
}

/// A request that is about to go out with a credential.
enum Signed<'u> {
    Fixed {
        breaker: &'u Breaker,
        admitted: Admitted,
    },
    Session(&'u Arc<Pool>),
}

/// An answer that still may hold secrets.
struct Received {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Upstream {
    /// Prepares a connection; nothing is resolved or dialled.
    ///
    /// # Errors
    /// Everything in the specification that can never work. A missing secret is none: requests that
    /// need it fail, others go out.
    pub fn new(spec: Spec) -> Result<Self, Vec<SpecError>> {
        spec::build(spec, Arc::new(SystemLookup))
    }

    /// Like [`Upstream::new`], with another resolver.
    ///
    /// # Errors
    /// As [`Upstream::new`].
    pub fn with_lookup(spec: Spec, lookup: Arc<dyn Lookup>) -> Result<Self, Vec<SpecError>> {
        spec::build(spec, lookup)
    }

    /// The connection's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address that every request begins with.
    #[must_use]
    pub fn base(&self) -> &Url {
        self.line.root.url()
    }

    /// The alternative that each slot uses, or the secrets that it lacks.
    pub fn slots(&self) -> impl Iterator<Item = (&str, Result<&str, &[String]>)> {
        self.slots.iter().map(|(name, slot)| {
            let state = slot.chosen.as_ref();
            (
                name.as_str(),
                state.map(|c| c.name.as_str()).map_err(Vec::as_slice),
            )
        })
    }

    /// Resolves the base's name, so that what it is at the start is what is remembered.
    ///
    /// # Errors
    /// The name does not resolve, or to an address that must not be dialled.
    pub async fn settle(&self) -> Result<(), Failed> {
        let Some(Host::Domain(name)) = self.line.root.url().host() else {
            return Ok(());
        };
        let found = self.guard.resolve(name).await;
        found.map(drop).map_err(|error| client::dial_failed(&error))
    }

    /// Sends one request. A status other than 2xx is an answer.
    ///
    /// # Errors
    /// There is no usable answer; the stage says whether the CRM can have acted.
    pub async fn send(&self, request: Outgoing, deadline: Instant) -> Result<Answer, Failed> {
        let now = Instant::now();
        let window = self.window(now, deadline)?;
        let (wire, signed) = self.prepare(request, now)?;
        let (breaker, admitted) = match signed {
            Some(Signed::Session(pool)) => return self.send_in_session(pool, wire, deadline).await,
            Some(Signed::Fixed { breaker, admitted }) => (Some(breaker), Some(admitted)),
            None => (None, None),
        };
        let opened = self.line.client.send(wire, window).await;
        let opened = opened.map_err(|f| self.cleaned(f))?;
        if let (Some(breaker), Some(admitted)) = (breaker, admitted) {
            let verdict = Verdict::of(opened.status());
            breaker.answered(admitted, verdict, Instant::now());
        }
        self.read(opened).await.map(|received| self.clean(received))
    }

    /// Ends the sessions that it holds at the CRM, as far as that is possible within two seconds.
    /// Requests that come later still work; each then ends its own session.
    pub async fn close(&self) {
        let pools = self.slots.values().filter_map(Slot::pool);
        futures::future::join_all(pools.map(|pool| pool.close())).await;
    }

    fn window(&self, now: Instant, deadline: Instant) -> Result<Window, Failed> {
        let of_call = deadline.checked_sub(RESERVE).filter(|until| *until > now);
        let of_call = of_call.ok_or_else(|| {
            Failed::not_sent(Reason::BudgetSpent, "the time of this call is used up")
        })?;
        Ok(line::window(&self.line.limits, now, of_call))
    }

    /// Everything that can be wrong with a request before it leaves the host, cheapest first.
    fn prepare(
        &self,
        request: Outgoing,
        now: Instant,
    ) -> Result<(Wire, Option<Signed<'_>>), Failed> {
        self.check_size(request.body.as_deref())?;
        segment::check_path(&request.path).map_err(Failed::invalid)?;
        let path = segment::encode_path(&request.path);
        let url = self
            .line
            .root
            .join(&path, &request.query)
            .map_err(Failed::invalid)?;
        let headers = self.rules.check(request.headers).map_err(Failed::invalid)?;
        let constants = self.line.constants.clone();
        let mut signable = Signable {
            method: request.method.as_str(),
            path: &path,
            headers: constants.map_err(|names| missing("headers.constant", &names))?,
        };
        let slot = request.credential.as_deref();
        let signed = slot
            .map(|slot| self.sign(slot, &mut signable, now))
            .transpose()?;
        let wire = Wire {
            method: request.method,
            url,
            headers,
            secret_headers: signable.headers,
            body: request.body,
        };
        Ok((wire, signed))
    }

    fn check_size(&self, body: Option<&[u8]>) -> Result<(), Failed> {
        let most = self.line.limits.request_bytes;
        if body.is_none_or(|body| body.len() <= most) {
            return Ok(());
        }
        let detail = format!("the body has more than {most} bytes (`limits.request_bytes`)");
        Err(Failed::not_sent(Reason::TooLarge, detail))
    }

    fn sign(
        &self,
        name: &str,
        signable: &mut Signable<'_>,
        now: Instant,
    ) -> Result<Signed<'_>, Failed> {
        let unknown = || Failed::invalid("the manifest declares no such credential slot");
        let slot = self.slots.get(name).ok_or_else(unknown)?;
        let chosen = slot.chosen.as_ref().map_err(|names| missing(name, names))?;
        match &chosen.signs {
            Signs::Session(pool) => Ok(Signed::Session(pool)),
            Signs::Fixed {
                credential,
                breaker,
            } => {
                let admitted = breaker.admit(now).map_err(|held| held_back(name, held))?;
                credential.apply(signable);
                Ok(Signed::Fixed { breaker, admitted })
            }
        }
    }

    async fn receive(&self, wire: Wire, window: Window) -> Result<Received, Failed> {
        let opened = self.line.client.send(wire, window).await;
        self.read(opened.map_err(|f| self.cleaned(f))?).await
    }

    async fn read(&self, opened: Opened) -> Result<Received, Failed> {
        let status = opened.status();
        let headers = opened.headers(|name| self.rules.shows(name));
        let body = opened.body(self.line.limits.response_bytes).await;
        let body = body.map_err(|f| self.cleaned(f))?;
        Ok(Received {
            status,
            headers,
            body,
        })
    }

    /// Removes what was secret when the answer had arrived, tokens of other requests included.
    fn clean(&self, received: Received) -> Answer {
        let clean = |(name, value)| (name, self.line.scrubber.text(value));
        Answer {
            status: received.status,
            headers: received.headers.into_iter().map(clean).collect(),
            body: self.line.scrubber.body(received.body),
        }
    }

    fn cleaned(&self, mut failed: Failed) -> Failed {
        failed.detail = self.line.scrubber.text(failed.detail);
        failed
    }
}

impl Slot {
    fn pool(&self) -> Option<&Arc<Pool>> {
        match &self.chosen.as_ref().ok()?.signs {
            Signs::Session(pool) => Some(pool),
            Signs::Fixed { .. } => None,
        }
    }
}

fn held_back(slot: &str, held: Held) -> Failed {
    let ago = held.refused_ago.as_secs();
    Failed {
        reason: Reason::CredentialRejected,
        stage: Stage::NotSent,
        detail: format!(
            "the CRM refused credential `{slot}` {ago} s ago; until the configuration changes, one request a minute finds out whether it is repaired"
        ),
        retry_after: Some(held.retry_after),
    }
}

fn missing(what: &str, names: &[String]) -> Failed {
    let error = ChooseError::Missing {
        slot: what.to_owned(),
        names: names.to_vec(),
    };
    Failed::not_sent(Reason::CredentialMissing, error.to_string())
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Upstream");
        shown
            .field("name", &self.name)
            .field("base", &self.line.root.url().as_str());
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
