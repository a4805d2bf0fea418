//! What the CRM's refusals mean: status and body make one failure.
//!
//! Classification alone; it sends nothing and knows no tool. A page is never passed on.

use portcullis_sdk::{Failure, Kind, Outcome, Response, code};
use serde_json::Value;

use crate::bodies::{self, Said};

/// What was asked, for naming it in a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    /// `lead`, `invoice`, …
    pub(crate) what: &'a str,
    pub(crate) id: Option<&'a str>,
    /// What was attempted: `read`, `create`, `update`, …
    pub(crate) action: &'a str,
    /// Whether the request asked for a change.
    pub(crate) changes: bool,
    /// Where the fields of a refusal stand in the arguments.
    pub(crate) fields_at: &'static str,
}

impl<'a> About<'a> {
    pub(crate) fn reading(what: &'a str) -> Self {
        Self {
            what,
            id: None,
            action: "read",
            changes: false,
            fields_at: "/filters",
        }
    }

    pub(crate) fn changing(what: &'a str, action: &'a str) -> Self {
        Self {
            what,
            id: None,
            action,
            changes: true,
            fields_at: "/data",
        }
    }

    /// An action, whose parameters stand in `params`.
    pub(crate) fn acting(what: &'a str, action: &'a str) -> Self {
        Self {
            fields_at: "/params",
            ..Self::changing(what, action)
        }
    }

    pub(crate) fn id(self, id: &'a str) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    fn name(&self) -> String {
        match self.id {
            Some(id) => format!("{} {id}", self.what),
            None => self.what.to_owned(),
        }
    }
}

/// The failure that an answer other than 2xx makes.
pub(crate) fn refused(response: &Response, about: &About<'_>) -> Failure {
    let said = bodies::said(response);
    let failure = match response.status {
        300..=399 => redirected(response.status),
        400 | 422 => bad_input(said, about),
        401 => token("the CRM refused the token (401)"),
        403 => forbidden(&said, about),
        404 => not_found(response, &said, about),
        405 => Failure::new(
            Kind::Unsupported,
            code::UPSTREAM_ERROR,
            format!("the CRM offers no way to {} {}", about.action, about.name()),
        ),
        409 => conflict(said, about),
        413 | 415 => bad_input(said, about),
        429 => response.failure(),
        _ => fault(response, about),
    };
    match failure.outcome {
        Some(_) => failure,
        None if about.changes && response.status >= 500 => failure
            .outcome(Outcome::MayHaveHappened)
            .retryable_if(false),
        None => failure.outcome(Outcome::NotDone),
    }
}

/// Whether a refusal of this shape can come after the record was stored: the CRM saves a record
/// before it looks at its lists, and then answers the bare list error or a 500.
pub(crate) fn may_be_half_done(response: &Response) -> bool {
    if response.status >= 500 {
        return true;
    }
    let Some(Value::Object(body)) = response.value() else {
        return false;
    };
    response.status == 400
        && !body.contains_key("error")
        && !body.contains_key("detail")
        && !body.is_empty()
        && body.values().all(Value::is_array)
}

/// The record does not exist.
pub(crate) fn missing(about: &About<'_>) -> Failure {
    Failure::not_found(
        code::RECORD_NOT_FOUND,
        format!(
            "there is no {}, or it belongs to another organisation",
            about.name()
        ),
    )
    .at("/id")
    .outcome(Outcome::NotDone)
}

fn redirected(status: u16) -> Failure {
    Failure::upstream(format!(
        "the address answers with a redirect (HTTP {status}), which is not followed"
    ))
    .suggest("the operator sets the connection's url to the CRM's root, with the right scheme")
}

fn token(message: &str) -> Failure {
    Failure::new(Kind::AuthNeeded, code::AUTH_FAILED, message).suggest(
        "use a personal access token (bcrm_pat_…) that is valid, not expired and not revoked",
    )
}

fn forbidden(said: &Said, about: &About<'_>) -> Failure {
    if said.text.contains("Organization context") {
        return token(
            "the CRM knows no organisation for this token: it is missing, invalid, expired or revoked",
        );
    }
    if said.text.contains("not scoped for") {
        return Failure::forbidden(
            "TOKEN_SCOPE",
            format!("the token is too narrow: {}", said.text),
        )
        .suggest("the owner of the token adds the scope, or makes another token");
    }
    let text = if said.text.is_empty() {
        "the role does not allow it".to_owned()
    } else {
        said.text.clone()
    };
    Failure::forbidden(
        code::PERMISSION_DENIED,
        format!("the CRM refused to {} {}: {text}", about.action, about.name()),
    )
    .suggest("a member sees and changes what they created or are assigned to; deleting is for its creator and administrators")
}

fn not_found(response: &Response, said: &Said, about: &About<'_>) -> Failure {
    if response.is_page() {
        return Failure::new(
            Kind::Unsupported,
            code::UPSTREAM_ERROR,
            format!(
                "this CRM has no address for it (404 with a page, while asked to {} {})",
                about.action,
                about.name()
            ),
        )
        .suggest("the operator checks that url is the CRM's root; an older release may lack this");
    }
    let failure = missing(about);
    if said.text.contains("omment") && about.action.contains("comment") {
        return Failure::not_found(code::RECORD_NOT_FOUND, "there is no such comment")
            .at("/params/comment_id");
    }
    failure
}

fn bad_input(said: Said, about: &About<'_>) -> Failure {
    let required = !said.fields.is_empty()
        && said
            .fields
            .iter()
            .all(|(_, text)| text.contains("is required"));
    let code = match () {
        () if required => code::MISSING_REQUIRED_FIELD,
        () if said.fields.iter().any(|(_, text)| is_duplicate(text)) => code::DUPLICATE_DETECTED,
        () if said.fields.is_empty() => code::INVALID_ARGUMENT,
        () => code::INVALID_FIELD_VALUE,
    };
    let mut failure = Failure::bad_input(
        code,
        format!(
            "the CRM refused to {} {}: {}",
            about.action,
            about.name(),
            said.text
        ),
    );
    for (field, _) in said
        .fields
        .iter()
        .filter(|(field, _)| field != "non_field_errors")
    {
        failure = failure.at(format!("{}/{field}", about.fields_at));
    }
    if said.beside.is_empty() {
        failure
    } else {
        failure.details(Value::Object(said.beside))
    }
}

fn is_duplicate(text: &str) -> bool {
    text.contains("already exists") || text.contains("already uses")
}

fn conflict(said: Said, about: &About<'_>) -> Failure {
    Failure::new(
        Kind::Conflict,
        code::CONFLICT,
        format!(
            "the CRM refused to {} {}: {}",
            about.action,
            about.name(),
            said.text
        ),
    )
    .details(Value::Object(said.beside))
}

fn fault(response: &Response, about: &About<'_>) -> Failure {
    let status = response.status;
    let message = format!(
        "the CRM failed with status {status} when asked to {} {}; it gives no reason",
        about.action,
        about.name()
    );
    // A gateway says so while the CRM behind it may still be at work.
    let failure = match status {
        502..=504 => Failure::new(Kind::Unavailable, code::UPSTREAM_ERROR, message),
        _ => Failure::upstream(message),
    };
    failure
        .retryable_if(!about.changes)
        .retry_after(response.retry_after_ms())
}
