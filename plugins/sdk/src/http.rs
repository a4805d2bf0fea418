//! Requests and responses as the capability `http` has them, and what a response tells.
//!
//! No sending here, and nothing of a particular CRM.

use portcullis_manifest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    failure::{Failure, Kind, Outcome, code},
    json,
};

const RETRY_AFTER: &str = "retry-after";

/// One request below the connection's base; WIT `http.request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Raw, unencoded segments.
    pub path: Vec<String>,
    /// Raw, unencoded pairs in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Bytes.
    pub body: Option<Vec<u8>>,
    /// A credential slot of the manifest.
    pub credential: Option<String>,
}

impl Request {
    /// `GET Account/1`, for messages.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path.join("/"))
    }

    /// The body as JSON, if it is.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body.as_deref()?).ok()
    }
}

/// What the CRM answered; WIT `http.response`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Decompressed bytes; may be empty.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether a page came back, as proxies send it: HTML with something in it.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let start = self
            .body
            .iter()
            .position(|byte| !byte.is_ascii_whitespace());
        start.is_some_and(|at| self.body[at] == b'<')
    }

    /// The body as JSON; none when it is empty or something else.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// `UPSTREAM_ERROR` when the body is empty or no JSON.
    pub fn decode(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| self.no_json(&error))
    }

    /// The body, read into a type.
    ///
    /// # Errors
    /// `UPSTREAM_ERROR` when the body is empty, is no JSON, or has another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        json::read(&self.body).map_err(|fault| match fault {
            json::Fault::Text(error) => self.no_json(&error),
            json::Fault::Shape(error) => {
                Failure::upstream(format!("the CRM's answer has an unexpected shape: {error}"))
            }
        })
    }

    fn no_json(&self, error: &serde_json::Error) -> Failure {
        let what = if self.body.is_empty() {
            "an empty body".to_owned()
        } else if self.is_page() {
            "an HTML page instead of JSON".to_owned()
        } else {
            format!("a body that is no JSON ({error})")
        };
        Failure::upstream(format!("the CRM answered {} with {what}", self.status))
    }

    /// The response itself when its status is 2xx.
    ///
    /// # Errors
    /// [`Response::failure`] otherwise.
    pub fn ok(self) -> Result<Self, Failure> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(self.failure())
        }
    }

    /// What a status means where the CRM says nothing more. 5xx leave the outcome open, other
    /// statuses mean that nothing was changed by this request.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let status = self.status;
        match status {
            401 => Failure::new(
                Kind::AuthNeeded,
                code::AUTH_FAILED,
                "the CRM refused the credential",
            ),
            403 => Failure::forbidden(
                code::PERMISSION_DENIED,
                "the CRM refused: the right is missing",
            ),
            404 | 410 => Failure::not_found(code::RECORD_NOT_FOUND, "the CRM has no such record"),
            409 => Failure::new(
                Kind::Conflict,
                code::CONFLICT,
                "the CRM reported a conflict",
            ),
            429 => Failure::new(Kind::Throttled, code::RATE_LIMITED, "too many requests")
                .retryable()
                .retry_after(self.retry_after_ms()),
            400..=499 => Failure::new(
                Kind::BadInput,
                code::INVALID_ARGUMENT,
                format!("the CRM refused the request with status {status}"),
            ),
            _ => Failure::upstream(format!("the CRM answered with status {status}"))
                .retry_after(self.retry_after_ms()),
        }
    }

    /// `retry-after` in milliseconds. The host turns a date into seconds when the answer comes.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<u32> {
        let seconds: u32 = self.header(RETRY_AFTER)?.trim().parse().ok()?;
        seconds.checked_mul(1000)
    }
}

/// How far a request came; WIT `http.stage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// No byte of it left the host.
    NotSent,
    /// It was sent, and no answer came.
    MaybeSent,
    /// The CRM answered, and the answer could not be used.
    Answered,
}

/// Why there is no response; WIT `http.reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in wit/http.wit")]
pub enum Reason {
    Denied,
    CredentialMissing,
    CredentialRejected,
    BudgetSpent,
    CircuitOpen,
    TooLarge,
    Timeout,
    AddressBlocked,
    Connect,
    Tls,
    Protocol,
    InvalidRequest,
}

/// Why a request got no response; WIT `http.error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpError {
    /// Why.
    pub reason: Reason,
    /// How far it came.
    pub stage: Stage,
    /// For a plugin author.
    pub detail: String,
    /// Milliseconds.
    pub retry_after_ms: Option<u32>,
}

impl HttpError {
    /// The failure it makes of a tool call. `changes` says whether the request asked for a change:
    /// its outcome is then open unless no byte was sent, and it is not retryable.
    #[must_use]
    pub fn failure(&self, changes: bool) -> Failure {
        let (kind, code, message, again) = self.meaning();
        let open = changes && self.stage != Stage::NotSent;
        let failure = Failure::new(kind, code, format!("{message}{}", self.suffix()))
            .retryable_if(again && !open)
            .retry_after(self.retry_after_ms);
        let failure = match self.reason {
            Reason::TooLarge => failure.suggest("ask for fewer records or fewer fields"),
            Reason::BudgetSpent => failure.suggest("ask for less in one call"),
            Reason::Timeout => failure.suggest(
                "try again later or ask for less; the operator can raise limits.timeout_ms",
            ),
            _ => failure,
        };
        if open {
            failure
                .outcome(Outcome::MayHaveHappened)
                .suggest("look whether the change was made before trying again")
        } else {
            failure
        }
    }

    fn suffix(&self) -> String {
        if self.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", self.detail)
        }
    }

    fn meaning(&self) -> (Kind, &'static str, &'static str, bool) {
        match self.reason {
            Reason::Denied => (
                Kind::Forbidden,
                code::DENIED,
                "the request is not among those that this tool may send",
                false,
            ),
            Reason::CredentialMissing => (
                Kind::AuthNeeded,
                code::CREDENTIAL_MISSING,
                "the connection has no credential",
                false,
            ),
            Reason::CredentialRejected => (
                Kind::AuthNeeded,
                code::AUTH_FAILED,
                "the CRM refused the credential",
                false,
            ),
            Reason::BudgetSpent => (
                Kind::Unavailable,
                code::BUDGET_SPENT,
                "a limit of this call is used up",
                false,
            ),
            Reason::CircuitOpen => (
                Kind::Unavailable,
                code::CIRCUIT_OPEN,
                "the CRM refused recent calls, so this one was not sent",
                true,
            ),
            Reason::TooLarge => (
                Kind::Unsupported,
                code::TOO_LARGE,
                "a body is over its limit",
                false,
            ),
            Reason::Timeout => (
                Kind::Unavailable,
                code::UPSTREAM_TIMEOUT,
                "the CRM did not answer in time",
                true,
            ),
            Reason::AddressBlocked => (
                Kind::Forbidden,
                code::ADDRESS_BLOCKED,
                "the CRM's name resolved to an address that is not allowed",
                false,
            ),
            Reason::Connect => (
                Kind::Unavailable,
                code::UPSTREAM_ERROR,
                "the CRM could not be reached",
                true,
            ),
            Reason::Tls => (
                Kind::Unavailable,
                code::UPSTREAM_ERROR,
                "the TLS handshake with the CRM failed",
                false,
            ),
            Reason::Protocol => (
                Kind::Unavailable,
                code::UPSTREAM_ERROR,
                "the connection to the CRM broke off",
                true,
            ),
            Reason::InvalidRequest => (
                Kind::Internal,
                code::INTERNAL,
                "the plugin made an invalid request",
                false,
            ),
        }
    }
}
