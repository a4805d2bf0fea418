//! What a tool call that did not succeed says, in one shape for every cause.
//!
//! Owns the JSON that a model sees (`{"error":{…}}`) and the line between what it may see and what
//! only the log may see. It must not know MCP's types nor the guest's.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::names::CallId;

/// The kind of a failure; the same words as `failure-kind` in `wit/types.wit`.
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

impl Kind {
    /// The word for a log field.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadInput => "bad-input",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Confirm => "confirm",
            Self::AuthNeeded => "auth-needed",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
            Self::UpstreamFault => "upstream-fault",
            Self::Unavailable => "unavailable",
            Self::Unsupported => "unsupported",
            Self::Internal => "internal",
        }
    }
}

/// What became of the effect; the same words as `outcome` in `wit/types.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing was changed.
    NotDone,
    /// A change was sent and nobody knows whether it was made.
    MayHaveHappened,
    /// Some of several changes were made.
    PartlyDone,
}

/// Why a tool call did not do what was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolError {
    /// Its kind.
    pub kind: Kind,
    /// Upper-case words joined by underscores.
    pub code: String,
    /// One sentence for a model.
    pub message: String,
    /// JSON pointers into the arguments.
    pub fields: Vec<String>,
    /// What to try next.
    pub suggestion: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// Milliseconds to wait.
    pub retry_after_ms: Option<u32>,
    /// What became of the effect.
    pub outcome: Outcome,
    /// An object with more.
    pub details: Option<Value>,
    /// Members beside `error`: a preview and its token.
    pub beside: Map<String, Value>,
}

impl ToolError {
    /// A failure that changed nothing and is not worth repeating.
    #[must_use]
    pub fn new(kind: Kind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            fields: Vec::new(),
            suggestion: None,
            retryable: false,
            retry_after_ms: None,
            outcome: Outcome::NotDone,
            details: None,
            beside: Map::new(),
        }
    }

    /// Adds what to try next.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// Adds JSON pointers into the arguments.
    #[must_use]
    pub fn at(mut self, fields: Vec<String>) -> Self {
        self.fields = fields;
        self
    }

    /// Says that the same call may succeed, after this many milliseconds where they are known.
    #[must_use]
    pub const fn retry(mut self, after_ms: Option<u32>) -> Self {
        self.retryable = true;
        self.retry_after_ms = after_ms;
        self
    }

    /// Adds an object with more.
    #[must_use]
    pub fn detail(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Names the call, so that an operator finds its lines in the log.
    #[must_use]
    pub fn name_call(mut self, call: CallId) -> Self {
        self.beside
            .insert("call_id".into(), json!(call.to_string()));
        self
    }

    /// `{"error":{"code","message","suggestion","retryable","outcome",…},…}`, members that say
    /// nothing left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".into(), json!(self.code));
        error.insert("kind".into(), json!(self.kind));
        error.insert("message".into(), json!(self.message));
        if let Some(suggestion) = &self.suggestion {
            error.insert("suggestion".into(), json!(suggestion));
        }
        error.insert("retryable".into(), json!(self.retryable));
        if let Some(after) = self.retry_after_ms {
            error.insert("retry_after_ms".into(), json!(after));
        }
        error.insert("outcome".into(), json!(self.outcome));
        if !self.fields.is_empty() {
            error.insert("fields".into(), json!(self.fields));
        }
        if let Some(details) = &self.details {
            error.insert("details".into(), details.clone());
        }
        let mut whole = Map::new();
        whole.insert("error".into(), Value::Object(error));
        whole.extend(self.beside.clone());
        Value::Object(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_left_out() {
        let error = ToolError::new(Kind::NotFound, "RECORD_NOT_FOUND", "no such record");
        assert_eq!(
            error.to_json(),
            json!({"error":{"code":"RECORD_NOT_FOUND","kind":"not-found","message":"no such record","retryable":false,"outcome":"not-done"}})
        );
    }

    #[test]
    fn everything_that_is_said_is_there() {
        let error = ToolError::new(Kind::Throttled, "RATE_LIMITED", "slow down")
            .suggest("wait")
            .at(vec!["/id".into()])
            .retry(Some(1500))
            .detail(json!({"a":1}));
        assert_eq!(
            error.to_json(),
            json!({"error":{"code":"RATE_LIMITED","kind":"throttled","message":"slow down","suggestion":"wait","retryable":true,
                   "retry_after_ms":1500,"outcome":"not-done","fields":["/id"],"details":{"a":1}}})
        );
    }
}
