//! `http`: the guest's requests, each held against the routes of the running tool, the header
//! rules and the call's budget before it is handed to the upstream.

use std::sync::{MutexGuard, PoisonError};
use std::time::Instant;

use futures::stream::{self, StreamExt};

use super::{Reach, Within};
use portcullis_manifest::Method;

use crate::caller::Token;
use crate::policy::{Asked, Canonical, Known, Made, Passed, Refused};
use crate::runtime::bindings::portcullis::plugin::http as wit;
use crate::runtime::{Allowance, Guest};
use crate::upstream::{Answer, Failed, Outgoing, Reason, Stage};

/// Requests of one `send-all` that are on their way at a time. Browsers use six per host, and
/// CRMs are sized for them.
const AT_A_TIME: usize = 6;

impl wit::Host for Guest {
    async fn send(&mut self, request: wit::Request) -> Result<wit::Response, wit::Error> {
        send(&self.reach, &self.allowance, request).await
    }

    async fn send_all(
        &mut self,
        requests: Vec<wit::Request>,
    ) -> Vec<Result<wit::Response, wit::Error>> {
        let (reach, allowance) = (&self.reach, &self.allowance);
        stream::iter(requests)
            .map(|request| send(reach, allowance, request))
            .buffered(AT_A_TIME)
            .collect()
            .await
    }
}

async fn send(
    reach: &Reach,
    allowance: &Allowance,
    request: wit::Request,
) -> Result<wit::Response, wit::Error> {
    let taken = allowance.take(size(&request));
    let Some(within) = &reach.within else {
        return Err(refuse(wit::Reason::Denied, "describe has no upstream"));
    };
    let result = if taken {
        forward(within, reach.deadline, request).await
    } else {
        Err(refuse(
            wit::Reason::BudgetSpent,
            "limits.host_bytes is used up",
        ))
    };
    if let Err(error) = &result {
        tracing::debug!(call = %reach.call, reason = ?error.reason, stage = ?error.stage, detail = %error.detail, "no answer");
    }
    result
}

/// What a request hands to the host, in bytes.
fn size(request: &wit::Request) -> usize {
    let pairs = request.query.iter().chain(&request.headers);
    let texts = pairs.flat_map(|(name, value)| [name, value]);
    let texts: usize = texts.chain(&request.path).map(String::len).sum();
    texts + request.body.as_ref().map_or(0, Vec::len)
}

/// The order of the checks: budget, size, routes, then everything that the upstream checks.
async fn forward(
    within: &Within,
    deadline: Instant,
    request: wit::Request,
) -> Result<wit::Response, wit::Error> {
    let Within {
        link,
        door,
        record,
        caller,
        ..
    } = within;
    if !record.count_request(u32::try_from(link.limits.upstream_calls).unwrap_or(u32::MAX)) {
        return Err(refuse(
            wit::Reason::BudgetSpent,
            "limits.upstream_calls is used up",
        ));
    }
    let size = request.body.as_ref().map_or(0, Vec::len);
    if size as u64 > link.limits.request_bytes {
        return Err(refuse(
            wit::Reason::TooLarge,
            "the request body is over limits.request_bytes",
        ));
    }
    let asked = asked(&request);
    let passed = within.check(&asked).map_err(|refused| {
        let reason = if refused.is_invalid() {
            wit::Reason::InvalidRequest
        } else {
            wit::Reason::Denied
        };
        refuse(reason, &refused.to_string())
    })?;
    let place = (door.recorded && passed.state_changing)
        .then(|| record.forward(asked.method.as_str(), request.path.join("/")));
    let canonical = passed.body;
    record.count_bytes(size);
    let result = link
        .upstream
        .send(outgoing(request, canonical, caller.clone()), deadline)
        .await;
    match (&result, place) {
        (Ok(answer), Some(place)) => record.answered(place, answer.status),
        (Err(failed), Some(place)) if failed.stage == Stage::NotSent => record.never_left(place),
        _ => {}
    }
    if let Ok(answer) = &result {
        record.count_bytes(answer.body.len());
        if (200..300).contains(&answer.status) {
            within.made().learn(passed.teaches, &answer.body);
        }
    }
    Ok(result?.into())
}

impl Within {
    /// Whether the running function may send it.
    fn check(&self, asked: &Asked<'_>) -> Result<Passed<'_>, Refused> {
        let made = self.made();
        let known = Known {
            arguments: &self.arguments,
            made: &made,
        };
        self.door.routes.check(asked, &known)
    }

    /// What this call has made. A panic elsewhere leaves nothing half done in it.
    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn asked(request: &wit::Request) -> Asked<'_> {
    Asked {
        method: method(request.method),
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
        body: request.body.as_deref(),
        credential: request.credential.as_deref(),
    }
}

/// The request as it is sent: a body that a matcher looked at is the one that the host re-encoded.
fn outgoing(
    request: wit::Request,
    canonical: Option<Canonical>,
    caller: Option<Token>,
) -> Outgoing {
    let (headers, body) = match canonical {
        None => (request.headers, request.body),
        Some(canonical) => {
            let mut headers = request.headers;
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            headers.push(("content-type".into(), canonical.content_type.into()));
            (headers, Some(canonical.bytes))
        }
    };
    Outgoing {
        method: method(request.method),
        path: request.path,
        query: request.query,
        headers,
        body,
        credential: request.credential,
        caller,
    }
}

fn refuse(reason: wit::Reason, detail: &str) -> wit::Error {
    wit::Error {
        reason,
        stage: wit::Stage::NotSent,
        detail: detail.to_owned(),
        retry_after_ms: None,
    }
}

const fn method(method: wit::Method) -> Method {
    match method {
        wit::Method::Get => Method::Get,
        wit::Method::Head => Method::Head,
        wit::Method::Post => Method::Post,
        wit::Method::Put => Method::Put,
        wit::Method::Patch => Method::Patch,
        wit::Method::Delete => Method::Delete,
    }
}

impl From<Answer> for wit::Response {
    fn from(answer: Answer) -> Self {
        Self {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
        }
    }
}

impl From<Failed> for wit::Error {
    fn from(failed: Failed) -> Self {
        Self {
            reason: reason(failed.reason),
            stage: stage(failed.stage),
            detail: failed.detail,
            retry_after_ms: failed
                .retry_after
                .map(|wait| u32::try_from(wait.as_millis()).unwrap_or(u32::MAX)),
        }
    }
}

const fn reason(reason: Reason) -> wit::Reason {
    match reason {
        Reason::CredentialMissing => wit::Reason::CredentialMissing,
        Reason::CredentialRejected => wit::Reason::CredentialRejected,
        Reason::CircuitOpen => wit::Reason::CircuitOpen,
        Reason::BudgetSpent => wit::Reason::BudgetSpent,
        Reason::TooLarge => wit::Reason::TooLarge,
        Reason::Timeout => wit::Reason::Timeout,
        Reason::AddressBlocked => wit::Reason::AddressBlocked,
        Reason::Connect => wit::Reason::Connect,
        Reason::Tls => wit::Reason::Tls,
        Reason::Protocol => wit::Reason::Protocol,
        Reason::InvalidRequest => wit::Reason::InvalidRequest,
    }
}

const fn stage(stage: Stage) -> wit::Stage {
    match stage {
        Stage::NotSent => wit::Stage::NotSent,
        Stage::MaybeSent => wit::Stage::MaybeSent,
        Stage::Answered => wit::Stage::Answered,
    }
}
