//! What the end of a call means for its caller, whatever the end was: an answer, a refusal, a fault of
//! the plugin, or a host that stops.
//!
//! Holds the rule that nothing which may have happened is told as a plain failure. It must not know how
//! a call was begun.

use serde_json::{Value, json};

use crate::capability::Record;
use crate::error::{Kind, Outcome, ToolError};
use crate::registry::Tool;
use crate::runtime::{Call, Failure, Fault};

/// What the guest's end means for the caller.
pub(super) fn answer(
    tool: &Tool,
    call: &Call,
    result: Result<Value, Failure>,
) -> Result<Value, ToolError> {
    let value = result.map_err(|failure| failed(&tool.listed_name, call, failure))?;
    let flaws = tool.plugin.results.flaws(&value);
    match flaws.first() {
        None => Ok(value),
        Some(flaw) => {
            let fault = Fault::NotJson(format!(
                "it breaks its own output schema at `{}`: {}",
                flaw.at, flaw.what
            ));
            Err(failed(&tool.listed_name, call, Failure::Fault(fault)))
        }
    }
}

/// What a guest's failure means for the caller, with what the call did until then. `name` is for the log.
pub(crate) fn failed(name: &str, call: &Call, failure: Failure) -> ToolError {
    let forwarded = call.record.forwarded();
    match failure {
        Failure::Told(mut error) => {
            let lost = forwarded.iter().any(|request| request.status.is_none());
            if lost && error.outcome == Outcome::NotDone {
                error.outcome = Outcome::MayHaveHappened;
                error.retryable = false;
            }
            if error.outcome == Outcome::MayHaveHappened && !forwarded.is_empty() {
                error
                    .details
                    .get_or_insert_with(|| json!({ "requests": forwarded }));
            }
            *error
        }
        Failure::Fault(fault) => {
            tracing::error!(call = %call.id, tool = name, %fault, "the plugin failed");
            let error = faulted(&fault).name_call(call.id);
            if forwarded.is_empty() {
                error
            } else {
                unclear(error, &json!(forwarded))
            }
        }
    }
}

/// The host stops and cannot wait any longer: what is known of the call is all that anybody learns.
pub(super) fn stopped(record: &Record) -> ToolError {
    let message = "the server stopped before the call ended";
    let error = ToolError::new(Kind::Unavailable, "STOPPING", message)
        .suggest("try again when the server is back")
        .retry(None);
    let forwarded = record.forwarded();
    if forwarded.is_empty() {
        error
    } else {
        unclear(error, &json!(forwarded))
    }
}

fn faulted(fault: &Fault) -> ToolError {
    match fault {
        Fault::Deadline => ToolError::new(Kind::Unavailable, "TIMEOUT", fault.to_string())
            .suggest("ask for less in one call, or let the operator raise limits.timeout_ms")
            .retry(None),
        Fault::Limit(limit) => ToolError::new(Kind::Internal, "PLUGIN_LIMIT", fault.to_string())
            .suggest(match limit.starts_with("limits.") {
                true => format!("ask for less in one call, or let the operator raise {limit}"),
                false => format!("ask for less in one call; {limit} cannot be raised"),
            }),
        Fault::Oversize(_) => ToolError::new(Kind::Internal, "PLUGIN_LIMIT", fault.to_string())
            .suggest("ask for fewer records or fields"),
        Fault::Trap(_) | Fault::NotJson(_) => {
            ToolError::new(Kind::Internal, "PLUGIN_FAILED", "the plugin failed")
                .suggest("the operator finds the cause in the log under this call id")
        }
    }
}

fn unclear(mut error: ToolError, requests: &Value) -> ToolError {
    error.outcome = Outcome::MayHaveHappened;
    error.retryable = false;
    error.message = format!(
        "{}; a change was sent before that and may have happened",
        error.message
    );
    error.suggestion = Some("read the record before doing it again".into());
    error.details = Some(json!({ "requests": requests }));
    error
}
