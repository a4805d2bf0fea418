//! Why a tool did not do what was asked: the SDK's form of the WIT record `failure`.
//!
//! Builds failures and serialises them; it must not know where they come from.

use std::{borrow::Cow, fmt, ops::Deref};

use serde::Serialize;
use serde_json::Value;

/// Codes that every plugin uses in the same meaning. The vocabulary is open.
#[expect(missing_docs, reason = "the names say it; docs/plugins.md lists them")]
pub mod code {
    pub const ADDRESS_BLOCKED: &str = "ADDRESS_BLOCKED";
    pub const AUTH_FAILED: &str = "AUTH_FAILED";
    pub const BUDGET_SPENT: &str = "BUDGET_SPENT";
    pub const CIRCUIT_OPEN: &str = "CIRCUIT_OPEN";
    pub const CONFLICT: &str = "CONFLICT";
    pub const CREDENTIAL_MISSING: &str = "CREDENTIAL_MISSING";
    pub const DENIED: &str = "DENIED";
    pub const DUPLICATE_DETECTED: &str = "DUPLICATE_DETECTED";
    pub const INTERNAL: &str = "INTERNAL";
    pub const INVALID_ARGUMENT: &str = "INVALID_ARGUMENT";
    pub const INVALID_ENTITY_TYPE: &str = "INVALID_ENTITY_TYPE";
    pub const INVALID_FIELD: &str = "INVALID_FIELD";
    pub const INVALID_FIELD_VALUE: &str = "INVALID_FIELD_VALUE";
    pub const INVALID_LINK: &str = "INVALID_LINK";
    pub const INVALID_OPERATOR: &str = "INVALID_OPERATOR";
    pub const MISSING_REQUIRED_FIELD: &str = "MISSING_REQUIRED_FIELD";
    pub const NOT_APPLIED: &str = "NOT_APPLIED";
    pub const PARTIAL: &str = "PARTIAL";
    pub const PERMISSION_DENIED: &str = "PERMISSION_DENIED";
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    pub const RECORD_NOT_FOUND: &str = "RECORD_NOT_FOUND";
    pub const TOO_LARGE: &str = "TOO_LARGE";
    pub const UNKNOWN_TOOL: &str = "UNKNOWN_TOOL";
    pub const UPSTREAM_ERROR: &str = "UPSTREAM_ERROR";
    pub const UPSTREAM_TIMEOUT: &str = "UPSTREAM_TIMEOUT";
    pub const VERSION_CONFLICT: &str = "VERSION_CONFLICT";
}

/// What kind of failure it is; WIT `types.failure-kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "documented in wit/types.wit")]
pub enum Kind {
    BadInput,
    NotFound,
    Conflict,
    Confirm,
    AuthNeeded,
    Forbidden,
    Throttled,
    UpstreamFault,
    Unavailable,
    Unsupported,
    Internal,
}

/// What became of the effect; WIT `types.outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing was changed.
    NotDone,
    /// A change was sent and its answer was lost.
    MayHaveHappened,
    /// Some of several changes were made; `details` says which.
    PartlyDone,
}

/// The fields of a [`Failure`]; WIT `types.failure`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// What kind it is.
    pub kind: Kind,
    /// Upper-case words joined by underscores, e.g. `INVALID_FIELD`.
    pub code: Cow<'static, str>,
    /// One sentence for a model.
    pub message: String,
    /// JSON pointers into the arguments.
    pub fields: Vec<String>,
    /// What to try next.
    pub suggestion: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// Milliseconds to wait first.
    pub retry_after_ms: Option<u32>,
    /// What became of the effect; none lets the SDK say it from what the call sent.
    pub outcome: Option<Outcome>,
    /// More for the caller, an object.
    pub details: Option<Value>,
}

/// Why a tool did not do what was asked. Made with a constructor of its kind and refined with
/// the methods that return it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Failure(Box<Record>);

impl Failure {
    /// A failure of a kind, under a code, with a sentence that names the thing.
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Record {
            kind,
            code: code.into(),
            message: message.into(),
            fields: Vec::new(),
            suggestion: None,
            retryable: false,
            retry_after_ms: None,
            outcome: None,
            details: None,
        }))
    }

    /// The arguments are wrong.
    pub fn bad_input(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Kind::BadInput, code, message).outcome(Outcome::NotDone)
    }

    /// The thing does not exist, or the caller may not see it.
    pub fn not_found(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, code, message)
    }

    /// The right is missing.
    pub fn forbidden(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, code, message)
    }

    /// The CRM answered with an error, or with something that is no answer.
    pub fn upstream(message: impl Into<String>) -> Self {
        Self::new(Kind::UpstreamFault, code::UPSTREAM_ERROR, message)
    }

    /// A fault of the plugin.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, code::INTERNAL, message)
    }

    /// Adds a JSON pointer (RFC 6901) into the arguments, e.g. `/data/stage`.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.0.fields.push(pointer.into());
        self
    }

    /// Says what to try next.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.0.suggestion = Some(suggestion.into());
        self
    }

    /// Says what to try next, if there is something.
    #[must_use]
    pub fn suggest_some(mut self, suggestion: Option<String>) -> Self {
        self.0.suggestion = suggestion.or(self.0.suggestion);
        self
    }

    /// Says that the same call may succeed later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// Sets whether the same call may succeed later.
    #[must_use]
    pub fn retryable_if(mut self, yes: bool) -> Self {
        self.0.retryable = yes;
        self
    }

    /// Says how many milliseconds to wait first.
    #[must_use]
    pub fn retry_after(mut self, milliseconds: Option<u32>) -> Self {
        self.0.retry_after_ms = milliseconds;
        self
    }

    /// Says what became of the effect.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = Some(outcome);
        self
    }

    /// Adds an object for the caller.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// Replaces the code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = code.into();
        self
    }

    /// The fields, by value.
    #[must_use]
    pub fn into_record(self) -> Record {
        *self.0
    }
}

impl Deref for Failure {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}
