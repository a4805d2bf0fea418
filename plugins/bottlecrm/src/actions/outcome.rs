//! What became of an action, where the CRM's answer alone does not tell.

use portcullis_sdk::{Failure, Kind, Outcome, code};
use serde_json::{Value, json};

use super::Asked;
use crate::crm::Record;

/// The state of a record does not allow the action.
pub(super) fn not_now(message: impl Into<String>, instead: &str) -> Failure {
    Failure::new(Kind::Conflict, "NOT_POSSIBLE_NOW", message)
        .outcome(Outcome::NotDone)
        .at("/id")
        .suggest(instead)
}

/// The CRM answered without an error, and what is stored says otherwise.
pub(super) fn not_applied(asked: &Asked<'_>, done: &str) -> Failure {
    Failure::new(
        Kind::UpstreamFault,
        code::NOT_APPLIED,
        format!("the CRM answered that it {done}"),
    )
    .outcome(Outcome::NotDone)
    .details(json!({"id": asked.id}))
    .suggest("look at the record with crm_get before another try")
}

/// An answer that does not contradict what was asked for.
pub(super) fn proven(
    asked: &Asked<'_>,
    answer: Record,
    at: &str,
    wanted: &Value,
    done: &str,
) -> Result<Record, Failure> {
    let answer = Value::Object(answer);
    if let Some(found) = answer.pointer(at)
        && found != wanted
    {
        let done = format!("{done}, but shows {found} where {wanted} was asked for");
        return Err(not_applied(asked, &done));
    }
    match answer {
        Value::Object(answer) => Ok(answer),
        _ => Ok(Record::new()),
    }
}

/// The CRM answered without an error, and what is stored could not be looked at.
pub(super) fn unseen(asked: &Asked<'_>, done: &str, why: &Failure) -> Failure {
    let message = format!(
        "the CRM answered that it {done}; whether it did could not be looked at: {}",
        why.message
    );
    Failure::new(Kind::UpstreamFault, code::PARTIAL, message)
        .outcome(Outcome::MayHaveHappened)
        .details(json!({"id": asked.id}))
        .suggest("look at the record with crm_get before another try")
}
