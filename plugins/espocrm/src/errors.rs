//! What the CRM's refusals mean: status, `X-Status-Reason` and body give one failure.
//!
//! Classification alone; it sends nothing and knows no tool.

use portcullis_sdk::{Failure, Kind, Outcome, Response, code};
use serde_json::{Map, Value, json};

use crate::{entity, forbidden};

pub(crate) const SEND_BLOCKED: &str = "SEND_BLOCKED";
pub(crate) const TEMPLATE_NOT_FOUND: &str = "TEMPLATE_NOT_FOUND";

/// What was asked, for naming it in a message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub(crate) entity: &'a str,
    pub(crate) id: Option<&'a str>,
    pub(crate) link: Option<&'a str>,
    /// What was attempted: `read`, `create`, `edit`, `delete`, …
    pub(crate) action: &'static str,
    /// Whether the request asked for a change.
    pub(crate) changes: bool,
}

impl<'a> About<'a> {
    pub(crate) fn reading(entity: &'a str) -> Self {
        Self {
            entity,
            action: "read",
            ..Self::default()
        }
    }

    pub(crate) fn changing(entity: &'a str, action: &'static str) -> Self {
        Self {
            entity,
            action,
            changes: true,
            ..Self::default()
        }
    }

    pub(crate) fn id(self, id: &'a str) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    pub(crate) fn link(self, link: &'a str) -> Self {
        Self {
            link: Some(link),
            ..self
        }
    }

    pub(crate) fn record(&self) -> String {
        match (self.id, self.link) {
            (Some(id), Some(link)) => format!("{} {id} (link {link})", self.entity),
            (Some(id), None) => format!("{} {id}", self.entity),
            _ => self.entity.to_owned(),
        }
    }
}

/// The failure that an answer other than 2xx makes.
pub(crate) fn refused(call_url: &str, response: &Response, about: &About<'_>) -> Failure {
    let reason = reason(response);
    let body = response.value().unwrap_or_default();
    let failure = match response.status {
        300..=399 => redirected(response.status),
        400 => bad_request(&reason, &body, about),
        401 => auth_failed(),
        403 => forbidden::refused(response, &reason, &body, about),
        404 => not_found(response, &reason, &body, about),
        405 => no_route(response.status),
        409 => conflict(call_url, &reason, &body, about),
        429 => response
            .failure()
            .suggest("wait before calling again; a proxy in front of the CRM limits requests"),
        _ => upstream(response, &reason, about),
    };
    match failure.outcome {
        None if response.status >= 500 && about.changes => failure
            .outcome(Outcome::MayHaveHappened)
            .retryable_if(false),
        _ => failure,
    }
}

/// EspoCRM itself never redirects; a proxy or a moved installation does, and goes on doing it.
fn redirected(status: u16) -> Failure {
    Failure::upstream(format!(
        "the address answers with a redirect (HTTP {status}), which is not followed"
    ))
    .retryable_if(false)
    .suggest("the operator sets the connection's url to where the redirect leads, for instance https instead of http")
}

/// `X-Status-Reason`, which some versions print twice.
pub(crate) fn reason(response: &Response) -> String {
    let reason = response
        .header("x-status-reason")
        .unwrap_or_default()
        .trim();
    match reason.split_once(", ") {
        Some((first, second)) if first == second => first.to_owned(),
        _ => {
            let half = reason.len() / 2;
            let twice = reason.is_char_boundary(half)
                && half > 0
                && reason[..half].trim() == reason[half..].trim();
            if twice {
                reason[..half].trim().to_owned()
            } else {
                reason.to_owned()
            }
        }
    }
}

fn bad_request(reason: &str, body: &Value, about: &About<'_>) -> Failure {
    if let Some(field) = body
        .pointer("/messageTranslation/data/field")
        .and_then(Value::as_str)
    {
        return invalid_field(
            field,
            body.pointer("/messageTranslation/data/type")
                .and_then(Value::as_str)
                .unwrap_or("valid"),
            about,
        );
    }
    let (code, kind) =
        if reason.contains("Not existing attribute") || reason.contains("non-existing field") {
            (code::INVALID_FIELD, Kind::BadInput)
        } else if reason.contains("Unknown where item type") || reason.contains("Sub-queries") {
            (code::INVALID_OPERATOR, Kind::BadInput)
        } else if reason.contains("Forbidden attribute") || reason.contains("forbidden field") {
            (code::PERMISSION_DENIED, Kind::Forbidden)
        } else {
            (code::INVALID_ARGUMENT, Kind::BadInput)
        };
    let text = if reason.is_empty() {
        "it gave no reason"
    } else {
        reason
    };
    Failure::new(
        kind,
        code,
        format!("the CRM refused the request for {}: {text}", about.record()),
    )
    .outcome(Outcome::NotDone)
}

fn invalid_field(field: &str, rule: &str, about: &About<'_>) -> Failure {
    let entity = about.entity;
    let failure = if rule == "required" {
        Failure::bad_input(
            code::MISSING_REQUIRED_FIELD,
            format!("{entity}.{field} is required"),
        )
    } else {
        Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!("the value of {entity}.{field} breaks the rule `{rule}`"),
        )
    };
    failure
        .at(format!("/data/{field}"))
        .details(json!({"field": field, "rule": rule}))
        .suggest(format!("get_schema of {entity} shows what the field takes; the CRM names only the first field that is wrong"))
}

fn auth_failed() -> Failure {
    Failure::new(Kind::AuthNeeded, code::AUTH_FAILED, "the CRM refused the credential (401)")
        .suggest("check the API key and the user's authentication method; do not try again before, because failed logins lock the address out")
        .outcome(Outcome::NotDone)
}

fn not_found(response: &Response, reason: &str, body: &Value, about: &About<'_>) -> Failure {
    if response.is_page() {
        return Failure::upstream("the answer is a page, not the CRM's API")
            .suggest("the operator should check the connection's url: it is the address of the CRM's start page, with its sub-directory")
            .outcome(Outcome::NotDone);
    }
    if reason.is_empty() && body.get("message").is_some() {
        return no_route(response.status);
    }
    let failure = if reason.contains("Controller '") {
        Failure::not_found(
            code::INVALID_ENTITY_TYPE,
            format!("there is no entity type {}", about.entity),
        )
        .at("/entityType")
    } else if reason.contains("Link does not exist") || reason.contains("does not have link") {
        Failure::not_found(
            code::INVALID_LINK,
            format!(
                "{} has no link {}",
                about.entity,
                about.link.unwrap_or("of that name")
            ),
        )
        .at("/link")
    } else {
        missing(about)
    };
    failure.outcome(Outcome::NotDone)
}

pub(crate) fn missing(about: &About<'_>) -> Failure {
    Failure::not_found(
        code::RECORD_NOT_FOUND,
        format!("{} does not exist, or was deleted", about.record()),
    )
    .at("/id")
    .outcome(Outcome::NotDone)
}

fn no_route(status: u16) -> Failure {
    Failure::new(
        Kind::Unsupported,
        code::UPSTREAM_ERROR,
        format!("this CRM does not know the request ({status}, no such route)"),
    )
    .suggest("the CRM may be too old: EspoCRM 9.0 or later is needed")
    .outcome(Outcome::NotDone)
}

fn conflict(url: &str, reason: &str, body: &Value, about: &About<'_>) -> Failure {
    if let Value::Array(records) = body {
        let found: Vec<_> = records
            .iter()
            .filter_map(Value::as_object)
            .map(|record| duplicate(url, about.entity, record))
            .collect();
        return Failure::new(
            Kind::Conflict,
            code::DUPLICATE_DETECTED,
            format!(
                "{} like this one exist already ({} found)",
                about.entity,
                found.len()
            ),
        )
        .suggest("use one of them, or repeat the call with skipDuplicateCheck: true")
        .details(json!({"duplicates": found}))
        .retryable()
        .outcome(Outcome::NotDone);
    }
    if reason == "modified" || body.get("versionNumber").is_some() {
        return Failure::new(
            Kind::Conflict,
            code::VERSION_CONFLICT,
            format!(
                "{} was changed by someone else since it was read",
                about.record()
            ),
        )
        .suggest("compare the stored values, then repeat the update with the new expectedVersion")
        .details(json!({"values": body.get("values"), "version_number": body.get("versionNumber")}))
        .outcome(Outcome::NotDone);
    }
    Failure::new(
        Kind::Conflict,
        code::CONFLICT,
        format!(
            "the CRM reported a conflict on {}: {reason}",
            about.record()
        ),
    )
    .outcome(Outcome::NotDone)
}

fn duplicate(url: &str, entity: &str, record: &Map<String, Value>) -> Map<String, Value> {
    let mut found = Map::new();
    for key in ["id", "name", "emailAddress", "accountName", "phoneNumber"] {
        if let Some(value) = record.get(key).filter(|value| !value.is_null()) {
            found.insert(key.to_owned(), value.clone());
        }
    }
    let entity = record
        .get("_entityType")
        .and_then(Value::as_str)
        .unwrap_or(entity);
    if let Some(id) = record.get("id").and_then(Value::as_str) {
        found.insert("url".to_owned(), entity::page_url(url, entity, id).into());
    }
    found
}

fn upstream(response: &Response, reason: &str, about: &About<'_>) -> Failure {
    let status = response.status;
    let why = if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    };
    Failure::upstream(format!(
        "the CRM failed with status {status} on {}{why}",
        about.record()
    ))
    .retry_after(response.retry_after_ms())
    .retryable_if(!about.changes)
    .suggest_some((status == 503).then(|| "the CRM may be in maintenance".to_owned()))
}
