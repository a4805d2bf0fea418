//! Upstream: the CRM behind one connection, reached in one way.
//!
//! Owns the base address, the credentials, the headers, the size and time limits, and the removal of
//! secrets from what comes back. It must not know tools, routes, guests or the configuration file:
//! what may be asked was decided before, by `policy`.

mod address;
mod auth;
mod base;
mod breaker;
mod callers;
mod circuit;
mod cleaned;
mod client;
mod credential;
mod dial;
mod document;
mod escapes;
mod failed;
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod line;
mod lookup;
mod pool;
mod probe;
mod redact;
mod scrub;
mod session;
mod slot;
mod spec;
mod tls;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use portcullis_manifest::{Explained, ExplainedBody, Method};
use url::{Host, Url};
use zeroize::Zeroizing;

pub use address::{Class, classify};
pub use base::{BaseError, base_url};
pub use circuit::{CircuitLimits, Report as CircuitReport, State as CircuitState};
pub use credential::{
    ChooseError, Credential, Held, MemoryRefreshStore, RefreshStore, Secret, Secrets,
    TemplateError, Unreadable,
};
pub use dial::{Blocked, DialError};
pub use failed::{Failed, Reason, Stage};
pub use headers::{HeaderError, HeaderProblem};
pub use lookup::{Lookup, Names, SystemLookup};
pub use pool::FAREWELL;
pub use scrub::{REDACTED, Scrubber};
pub use slot::NO_TOKEN;
pub use spec::{Limits, Spec, SpecError};

use crate::caller::Token;
use crate::policy::segment;
use base::Root;
use breaker::Verdict;
use callers::{Callers, Known};
use circuit::{Change, Circuit};
use client::{Window, Wire};
use credential::Signable;
use dial::Guard;
use headers::HeaderRules;
use line::Line;
use slot::{Signed, Slot, missing};

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
    /// The caller's own token, where the connection acts with it.
    pub caller: Option<Token>,
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
    circuit: Circuit,
    explained: Vec<Explained>,
    slots: BTreeMap<String, Slot>,
    rules: HeaderRules,
    callers: Callers,
    guard: Arc<Guard>,
    line: Arc<Line>,
}

/// A request that can go out.
struct Prepared<'u> {
    wire: Wire,
    signed: Option<Signed<'u>>,
    /// What it alone carries of secrets.
    derived: Vec<Zeroizing<String>>,
}

/// An answer that may still hold secrets.
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
        spec::build(spec)
    }

    /// The connection's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address that every request begins with, as far as it is known.
    #[must_use]
    pub fn base(&self) -> &Url {
        self.line.roots.known().url()
    }

    /// Whether the CRM is called, and what it did last.
    #[must_use]
    pub fn circuit(&self) -> CircuitReport {
        self.circuit.report(Instant::now())
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

    /// The secrets without which no request can be sent, as far as they are not set.
    #[must_use]
    pub fn lacks(&self) -> &[String] {
        match &self.line.constants {
            Ok(_) => &[],
            Err(names) => names,
        }
    }

    /// Resolves the base's name, so that what it is at the start is what is remembered.
    ///
    /// # Errors
    /// The name does not resolve, or to an address that must not be dialled.
    pub async fn settle(&self) -> Result<(), Failed> {
        let Some(Host::Domain(name)) = self.base().host() else {
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
        let began = Instant::now();
        let pass = self
            .circuit
            .admit(began)
            .map_err(|held| circuit_open(&held))?;
        let result = self.attempt(request, began, deadline).await;
        let now = Instant::now();
        if let Some(change) = pass.settle(self.verdict(&result, now - began), now) {
            self.tell(change);
        }
        result
    }

    /// What a request says of the CRM's health: transport faults, timeouts and 5xx that the manifest
    /// does not explain are faults, so that no mistake of a caller counts.
    fn verdict(&self, result: &Result<Answer, Failed>, took: Duration) -> circuit::Verdict {
        use circuit::Verdict::{Fault, Nothing, Works};
        match result {
            Ok(answer) if answer.status < 500 => Works,
            Ok(answer) if self.explained.iter().any(|known| explains(known, answer)) => Nothing,
            Ok(_) => Fault,
            Err(failed) => match failed.reason {
                // A call that had hardly any time left says nothing.
                Reason::Timeout if took < self.line.limits.timeout / 2 => Nothing,
                // A login that was answered oddly, or no API below the address: not the CRM's health.
                Reason::Protocol if failed.stage == Stage::NotSent => Nothing,
                Reason::Timeout | Reason::Connect | Reason::Tls | Reason::Protocol => Fault,
                _ => Nothing,
            },
        }
    }

    fn tell(&self, change: Change) {
        let connection = &self.name;
        match change {
            Change::Opened => {
                tracing::warn!(%connection, "the CRM failed several times in a row and is left alone for limits.breaker_reset_ms");
            }
            Change::Closed => tracing::info!(%connection, "the CRM answers again"),
        }
    }

    async fn attempt(
        &self,
        request: Outgoing,
        now: Instant,
        deadline: Instant,
    ) -> Result<Answer, Failed> {
        let window = self.window(now, deadline)?;
        let root = self.line.root(window).await?;
        let caller = self.callers.of(request.caller.as_ref())?;
        let caller = caller.as_deref();
        let Prepared {
            wire,
            signed,
            derived,
        } = self.prepare(root, request, caller, now)?;
        let own = cleaned::own(&derived)?;
        let received = match signed {
            None => self.receive(wire, window, |_| ()).await,
            Some(Signed::Session(pool)) => self.send_in_session(pool, wire, deadline).await,
            Some(Signed::Fixed { breaker, admitted }) => {
                let note = |status| {
                    breaker.answered(admitted, Verdict::of(status), Instant::now());
                };
                self.receive(wire, window, note).await
            }
        };
        let known = [caller.map(|known| &known.scrubber), own.as_ref()];
        match received {
            Ok(received) => Ok(self.without_secrets(received, known)),
            Err(failed) => Err(self.cleaned(failed, known)),
        }
    }

    /// Sends a request and reads its answer; `note` hears of the status as soon as it is there.
    async fn receive(
        &self,
        wire: Wire,
        window: Window,
        note: impl FnOnce(u16),
    ) -> Result<Received, Failed> {
        let opened = self.line.client.send(wire, window).await?;
        let status = opened.status();
        note(status);
        let headers = headers::timed(
            opened.headers(|name| self.rules.shows(name)),
            Timestamp::now(),
        );
        let body = opened.body(self.line.limits.response_bytes).await?;
        Ok(Received {
            status,
            headers,
            body,
        })
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
    fn prepare<'u>(
        &'u self,
        root: &Root,
        request: Outgoing,
        caller: Option<&'u Known>,
        now: Instant,
    ) -> Result<Prepared<'u>, Failed> {
        self.check_size(request.body.as_deref())?;
        segment::check_path(&request.path).map_err(Failed::invalid)?;
        let path = segment::encode_path(&request.path);
        let url = root.join(&path, &request.query).map_err(Failed::invalid)?;
        let headers = self.rules.check(request.headers).map_err(Failed::invalid)?;
        let constants = self.line.constants.clone();
        let mut signable = Signable {
            method: request.method.as_str(),
            path: &path,
            headers: constants.map_err(|names| missing("headers.constant", &names))?,
            derived: Vec::new(),
            caller: request.caller.as_ref(),
        };
        let slot = request.credential.as_deref();
        let signed = slot
            .map(|slot| self.sign(slot, caller, &mut signable, now))
            .transpose()?;
        let wire = Wire {
            method: request.method,
            url,
            headers,
            secret_headers: signable.headers,
            body: request.body,
        };
        Ok(Prepared {
            wire,
            signed,
            derived: signable.derived,
        })
    }

    fn check_size(&self, body: Option<&[u8]>) -> Result<(), Failed> {
        let most = self.line.limits.request_bytes;
        if body.is_none_or(|body| body.len() <= most) {
            return Ok(());
        }
        let detail = format!("the body has more than {most} bytes (`limits.request_bytes`)");
        Err(Failed::not_sent(Reason::TooLarge, detail))
    }
}

fn explains(known: &Explained, answer: &Answer) -> bool {
    let alike = || match &known.body {
        ExplainedBody::Empty => answer.body.iter().all(u8::is_ascii_whitespace),
        ExplainedBody::Contains(text) => String::from_utf8_lossy(&answer.body).contains(text),
    };
    known.status.contains(&answer.status) && alike()
}

fn circuit_open(held: &circuit::Held) -> Failed {
    Failed {
        reason: Reason::CircuitOpen,
        stage: Stage::NotSent,
        detail: format!(
            "the circuit breaker is open: {} faults in a row, the last {} s ago; nothing is sent until one request finds out whether the CRM works again",
            held.failures,
            held.last_fault_ago.as_secs()
        ),
        // While the one request is out, nothing says how long it takes.
        retry_after: Some(held.retry_after.max(Duration::from_secs(1))),
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Upstream");
        shown
            .field("name", &self.name)
            .field("base", &self.base().as_str());
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
