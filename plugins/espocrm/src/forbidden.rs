//! What a 403 means: the role, a lock-out after failed logins, a record that does not exist, a
//! sender address, or a proxy.
//!
//! Classification alone; it sends nothing.

use portcullis_sdk::{Failure, Outcome, Response, code};
use serde_json::Value;

use crate::errors::About;

pub(crate) const LOCKED_OUT: &str = "LOCKED_OUT";
pub(crate) const SENDER_NOT_ALLOWED: &str = "SENDER_NOT_ALLOWED";
/// The window after which the CRM forgets failed logins, by default.
const LOCK_OUT_MS: u32 = 60_000;

pub(crate) fn refused(
    response: &Response,
    reason: &str,
    body: &Value,
    about: &About<'_>,
) -> Failure {
    if response.is_page() {
        return Failure::upstream("a proxy or web firewall answered 403 with a page of its own")
            .suggest(
                "the CRM itself was not reached; the operator should look at the proxy's rules",
            )
            .outcome(Outcome::NotDone);
    }
    let no_reason = response.header("x-status-reason").is_none();
    let failure = match label(body) {
        "cannotRelateNonExisting" => return foreign_missing(reason, body, about),
        _ if no_reason && response.body.is_empty() => return locked_out(),
        _ if reason.contains("Only manyMany") => Failure::bad_input(
            code::INVALID_LINK,
            format!(
                "{} holds one record, so it is not changed by linking",
                about.record()
            ),
        )
        .suggest(format!(
            "update the record's `{}Id` instead",
            about.link.unwrap_or("…")
        )),
        _ if reason.contains("Max size should not exceed") => {
            Failure::bad_input(code::INVALID_ARGUMENT, reason.to_owned()).at("/limit")
        }
        _ if reason.contains("Cannot set multiple IDs") => {
            Failure::bad_input(code::INVALID_FIELD_VALUE, reason.to_owned())
                .suggest("create the record first, then use link")
        }
        _ if reason.contains("'from' address") => {
            sender_not_allowed("the CRM does not let this user write from that address")
        }
        _ => denied(reason, label(body), about),
    };
    failure.outcome(Outcome::NotDone)
}

fn denied(reason: &str, label: &str, about: &About<'_>) -> Failure {
    let why = if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    };
    let failure = Failure::forbidden(
        code::PERMISSION_DENIED,
        format!(
            "the role does not allow {} on {}{why}",
            about.action,
            about.record()
        ),
    );
    if reason.starts_with("Assignment failure") {
        failure.suggest("the role's assignment permission does not cover this user or team")
    } else if label == "noAccessToForeignRecord" {
        failure.suggest("the other record cannot be edited; for users and teams update `usersIds` or `teamsIds` instead")
    } else {
        failure.suggest(format!(
            "the CRM's administrator grants it in the API user's role (scope {}, action {})",
            about.entity, about.action
        ))
    }
}

pub(crate) fn sender_not_allowed(message: &str) -> Failure {
    Failure::forbidden(SENDER_NOT_ALLOWED, message)
        .suggest("the CRM's administrator gives the API user an e-mail address; the operator may name it as settings.sender_address")
        .outcome(Outcome::NotDone)
}

fn locked_out() -> Failure {
    Failure::forbidden(LOCKED_OUT, "the CRM refused without a reason: it locks an address out after failed logins (also with the right key), or the right is missing")
        .suggest("wait a minute, then check the API key before the role")
        .retryable()
        .retry_after(Some(LOCK_OUT_MS))
        .outcome(Outcome::NotDone)
}

fn foreign_missing(reason: &str, body: &Value, about: &About<'_>) -> Failure {
    let entity = body
        .pointer("/messageTranslation/data/foreignEntityType")
        .and_then(Value::as_str)
        .unwrap_or("record");
    let link = reason
        .rsplit_once("link: ")
        .map(|(_, link)| link.trim_end_matches('.'));
    let failure = Failure::not_found(
        code::RECORD_NOT_FOUND,
        format!(
            "the {entity} that {} should relate to does not exist",
            about.entity
        ),
    );
    let failure = match link {
        Some(link) => failure.at(format!("/data/{link}Id")),
        None => failure,
    };
    failure.outcome(Outcome::NotDone)
}

fn label(body: &Value) -> &str {
    body.pointer("/messageTranslation/label")
        .and_then(Value::as_str)
        .unwrap_or_default()
}
