//! Runs one function of one fresh instance: deadline, guest, and what a trap means.
//!
//! The store is dropped at the end, whatever the end was; nothing of it is left for the next call.

use std::time::Instant;

use serde_json::Value;
use tokio::time::timeout_at;
use wasmtime::Store;

use super::bindings::portcullis::plugin::types as wit;
use super::bindings::with_resources::exports::portcullis::plugin::resources as wit_resources;
use super::{Compiled, Guest, Runtime, cause, clean};
use crate::capability::{Door, Link, Reach};
use crate::config::Limits;
use crate::error::{Kind, Outcome, ToolError};
use crate::names::CallId;
use crate::policy::{Permit, PreviewPermit, ReadPermit};

use std::sync::Arc;

/// How a guest ended without an answer of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The guest trapped, or could not be instantiated.
    #[error("the plugin failed: {0}")]
    Trap(String),
    /// It ran into one of its limits.
    #[error("the plugin exceeded {0}")]
    Limit(&'static str),
    /// The call's time was up.
    #[error("the call exceeded limits.timeout_ms")]
    Deadline,
    /// Its answer is too large.
    #[error("the plugin's answer exceeded limits.output_bytes ({0} bytes)")]
    Oversize(usize),
    /// Its answer is not a JSON object.
    #[error("the plugin's answer is not a JSON object: {0}")]
    NotJson(String),
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The guest said so.
    Told(Box<ToolError>),
    /// The guest failed.
    Fault(Fault),
}

/// The longest text of a guest's failure, in characters.
const LONGEST_TEXT: usize = 2000;

/// The most details of a guest's failure, in bytes of JSON.
const MOST_DETAILS: usize = 64 << 10;

/// What a resource holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// A text.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

/// How a guest's function ended, if it did in time.
type Ended<T> = Option<wasmtime::Result<Result<T, wit::Failure>>>;

impl Runtime {
    /// Asks a component for its manifest, with nothing granted.
    ///
    /// # Errors
    /// The guest failed or exceeded a limit.
    pub async fn describe(&self, plugin: &Compiled, limits: &Limits) -> Result<Value, Fault> {
        let deadline = Instant::now() + std::time::Duration::from_millis(limits.timeout_ms);
        let reach = Reach::nothing(CallId::random(), deadline);
        let mut store = Guest::store(&self.engine, reach, limits);
        let meter = store.data().meter();
        let run = meter.measure(async {
            let connector = plugin.ready.instantiate_async(&mut store).await?;
            connector
                .portcullis_plugin_plugin()
                .call_describe(&mut store)
                .await
        });
        match self.in_time(deadline, run).await {
            None => Err(Fault::Deadline),
            Some(Err(error)) => Err(fault(&store, &error)),
            Some(Ok(text)) => read(&text, limits).map(Value::Object),
        }
    }

    /// Runs a tool that is permitted.
    ///
    /// # Errors
    /// What the guest said, or how it failed.
    pub async fn invoke(
        &self,
        permit: &Permit,
        plugin: &Compiled,
        link: Arc<Link>,
        call: &Call,
    ) -> Result<Value, Failure> {
        let mut store = self.store(call, &link, Door::invoke(permit));
        let meter = store.data().meter();
        let guest = meter.measure(async {
            let connector = plugin.ready.instantiate_async(&mut store).await?;
            let exported = connector.portcullis_plugin_plugin();
            exported
                .call_invoke(&mut store, permit.tool().as_str(), &call.text)
                .await
        });
        let ended = self.in_time(call.deadline, guest).await;
        object(&settle(&store, ended)?, &link.limits)
    }

    /// Runs the preview of a tool.
    ///
    /// # Errors
    /// What the guest said, or how it failed.
    pub async fn preview(
        &self,
        permit: &PreviewPermit,
        plugin: &Compiled,
        link: Arc<Link>,
        call: &Call,
    ) -> Result<Value, Failure> {
        let mut store = self.store(call, &link, Door::preview(permit));
        let meter = store.data().meter();
        let guest = meter.measure(async {
            let connector = plugin.ready.instantiate_async(&mut store).await?;
            let exported = connector.portcullis_plugin_plugin();
            exported
                .call_preview(&mut store, permit.tool().as_str(), &call.text)
                .await
        });
        let ended = self.in_time(call.deadline, guest).await;
        object(&settle(&store, ended)?, &link.limits)
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// What the guest said, or how it failed.
    pub async fn read(
        &self,
        permit: &ReadPermit,
        plugin: &Compiled,
        link: Arc<Link>,
        call: &Call,
    ) -> Result<Contents, Failure> {
        let Some(ready) = &plugin.resources else {
            let lacks = Fault::Trap("the component does not export `resources`".to_owned());
            return Err(Failure::Fault(lacks));
        };
        let mut store = self.store(call, &link, Door::read(permit));
        let meter = store.data().meter();
        let guest = meter.measure(async {
            let connector = ready.instantiate_async(&mut store).await?;
            let exported = connector.portcullis_plugin_resources();
            exported
                .call_read(&mut store, permit.name().as_str(), &call.text)
                .await
        });
        let ended = self.in_time(call.deadline, guest).await;
        contents(settle(&store, ended)?, &link.limits)
    }

    /// A fresh store that reaches what the door lets through.
    fn store(&self, call: &Call, link: &Arc<Link>, door: Door) -> Store<Guest> {
        let reach = Reach::new(call, Arc::clone(link), door);
        Guest::store(&self.engine, reach, &link.limits)
    }

    async fn in_time<T>(&self, deadline: Instant, guest: impl Future<Output = T>) -> Option<T> {
        let _ticking = self.ticker.hold();
        timeout_at(deadline.into(), guest).await.ok()
    }
}

/// One call, as far as the sandbox needs to know it.
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// When it has to be over.
    pub deadline: Instant,
    /// The arguments, an object.
    pub arguments: Arc<Value>,
    /// The same as JSON text.
    pub text: String,
    /// What it did upstream.
    pub record: Arc<crate::capability::Record>,
    /// The caller's own token, where the connection acts with it.
    pub caller: Option<crate::caller::Token>,
    /// Where its blocks go and who follows it; nothing but a tool has that.
    pub beside: Option<Arc<crate::capability::Beside>>,
}

/// What the guest returned, or why there is nothing.
fn settle<T>(store: &Store<Guest>, ended: Ended<T>) -> Result<T, Failure> {
    let answer = match ended {
        None => return Err(Failure::Fault(Fault::Deadline)),
        Some(Err(error)) => return Err(Failure::Fault(fault(store, &error))),
        Some(Ok(answer)) => answer,
    };
    note_dropped_lines(store);
    answer.map_err(|failure| Failure::Told(Box::new(told(failure))))
}

fn object(text: &str, limits: &Limits) -> Result<Value, Failure> {
    read(text, limits)
        .map(Value::Object)
        .map_err(Failure::Fault)
}

fn contents(given: wit_resources::Contents, limits: &Limits) -> Result<Contents, Failure> {
    let (bytes, contents) = match given {
        wit_resources::Contents::Text(text) => (text.len(), Contents::Text(text)),
        wit_resources::Contents::Bytes(bytes) => (bytes.len(), Contents::Bytes(bytes)),
    };
    if bytes as u64 > limits.output_bytes {
        return Err(Failure::Fault(Fault::Oversize(bytes)));
    }
    Ok(contents)
}

fn fault(store: &Store<Guest>, error: &wasmtime::Error) -> Fault {
    match store.data().exceeded().or_else(|| cause::limit(error)) {
        Some(limit) => Fault::Limit(limit),
        None => {
            tracing::debug!(call = %store.data().reach.call, "{error:?}");
            Fault::Trap(clean(&cause::words(error)))
        }
    }
}

fn note_dropped_lines(store: &Store<Guest>) {
    let guest = store.data();
    let dropped = guest.printed.dropped();
    if dropped > 0 {
        tracing::warn!(call = %guest.reach.call, dropped, "the plugin logged more than limits.log_lines");
    }
}

fn read(text: &str, limits: &Limits) -> Result<serde_json::Map<String, Value>, Fault> {
    if text.len() as u64 > limits.output_bytes {
        return Err(Fault::Oversize(text.len()));
    }
    serde_json::from_str(text).map_err(|error| {
        Fault::NotJson(format!("line {}, column {}", error.line(), error.column()))
    })
}

/// A guest's failure in our words, each part cut to its cap.
fn told(failure: wit::Failure) -> ToolError {
    ToolError {
        kind: kind(failure.kind),
        code: code(&failure.code),
        message: cut(&failure.message),
        fields: failure
            .fields
            .iter()
            .take(32)
            .map(|field| cut(field))
            .collect(),
        suggestion: failure.suggestion.as_deref().map(cut),
        retryable: failure.retryable,
        retry_after_ms: failure.retry_after_ms,
        outcome: outcome(failure.outcome),
        details: failure.details.and_then(|details| detail(&details)),
        beside: serde_json::Map::new(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}… (cut)", &text[..end]),
        None => text.to_owned(),
    }
}

fn code(code: &str) -> String {
    let fits = !code.is_empty()
        && code.len() <= 64
        && code
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if fits {
        code.to_owned()
    } else {
        "PLUGIN_ERROR".to_owned()
    }
}

fn detail(details: &str) -> Option<Value> {
    if details.len() > MOST_DETAILS {
        return Some(serde_json::json!({"truncated": true, "bytes": details.len()}));
    }
    serde_json::from_str::<serde_json::Map<_, _>>(details)
        .ok()
        .map(Value::Object)
}

const fn kind(kind: wit::FailureKind) -> Kind {
    match kind {
        wit::FailureKind::BadInput => Kind::BadInput,
        wit::FailureKind::NotFound => Kind::NotFound,
        wit::FailureKind::Conflict => Kind::Conflict,
        wit::FailureKind::Confirm => Kind::Confirm,
        wit::FailureKind::AuthNeeded => Kind::AuthNeeded,
        wit::FailureKind::Forbidden => Kind::Forbidden,
        wit::FailureKind::Throttled => Kind::Throttled,
        wit::FailureKind::UpstreamFault => Kind::UpstreamFault,
        wit::FailureKind::Unavailable => Kind::Unavailable,
        wit::FailureKind::Unsupported => Kind::Unsupported,
        wit::FailureKind::Internal => Kind::Internal,
    }
}

const fn outcome(outcome: wit::Outcome) -> Outcome {
    match outcome {
        wit::Outcome::NotDone => Outcome::NotDone,
        wit::Outcome::MayHaveHappened => Outcome::MayHaveHappened,
        wit::Outcome::PartlyDone => Outcome::PartlyDone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::default()
    }

    #[test]
    fn only_objects_are_answers() {
        assert!(read(r#"{"a":12345678901234567890.10}"#, &limits()).is_ok());
        for bad in ["", "[]", "null", "{\"a\":1", "{} {}"] {
            assert!(
                matches!(read(bad, &limits()), Err(Fault::NotJson(_))),
                "{bad}"
            );
        }
        let small = Limits {
            output_bytes: 3,
            ..limits()
        };
        assert_eq!(read(r#"{"a":1}"#, &small), Err(Fault::Oversize(7)));
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        let text = r#"{"amount":12345678901234567890.10,"id":9007199254740993}"#;
        let object = read(text, &limits()).expect("an object");
        assert_eq!(Value::Object(object).to_string(), text);
    }

    #[test]
    fn an_endless_failure_is_cut() {
        let failure = wit::Failure {
            kind: wit::FailureKind::Internal,
            code: "no code!".into(),
            message: "ä".repeat(1 << 20),
            fields: vec!["/a".into(); 1000],
            suggestion: None,
            retryable: false,
            retry_after_ms: None,
            outcome: wit::Outcome::NotDone,
            details: Some(format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20))),
        };
        let error = told(failure);
        assert_eq!(error.code, "PLUGIN_ERROR");
        assert!(error.message.ends_with("… (cut)"));
        assert!(error.to_json().to_string().len() < 8000);
    }
}
