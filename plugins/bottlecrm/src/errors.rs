//! What the CRM's refusals mean: its eight shapes of error bodies, and its pages, make one failure.
//!
//! Classification alone; it sends nothing and knows no tool. A page is never passed on.

use portcullis_sdk::{Failure, Kind, Outcome, Response, code};
use serde_json::{Map, Value, json};

/// The longest text of the CRM that a message repeats, in characters.
const LONGEST: usize = 400;

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

/// What a body says, whatever its shape.
#[derive(Debug, Default, PartialEq)]
struct Said {
    /// One sentence.
    text: String,
    /// Field → messages.
    fields: Vec<(String, String)>,
    /// What stands beside, such as a running timer.
    beside: Map<String, Value>,
}

/// The failure that an answer other than 2xx makes.
pub(crate) fn refused(response: &Response, about: &About<'_>) -> Failure {
    let said = said(response);
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
    Failure::upstream(format!(
        "the CRM failed with status {status} when asked to {} {}; it gives no reason",
        about.action,
        about.name()
    ))
    .retryable_if(!about.changes)
    .retry_after(response.retry_after_ms())
}

fn said(response: &Response) -> Said {
    let body = if response.is_page() {
        Value::Null
    } else {
        response.value().unwrap_or_default()
    };
    let mut said = read(&body);
    portcullis_sdk::text::cut(&mut said.text, LONGEST);
    said
}

/// The shapes: `{error, errors: {…}|text}`, `{error, message}`, `{error: text}`, `{detail, …}`,
/// `{field: […]}`, and the import's `{error, message, errors: [{row, field, message}]}`.
fn read(body: &Value) -> Said {
    let Some(map) = body.as_object() else {
        return Said {
            text: "it gives no reason".to_owned(),
            ..Said::default()
        };
    };
    match (map.get("errors"), map.get("error"), map.get("detail")) {
        (Some(Value::Object(fields)), ..) => of_fields(fields),
        (Some(Value::String(text)), ..) => text_only(text),
        (Some(Value::Array(rows)), ..) => Said {
            beside: [("rows".to_owned(), json!(rows))].into_iter().collect(),
            ..text_only(
                map.get("message")
                    .and_then(Value::as_str)
                    .unwrap_or("some rows are wrong"),
            )
        },
        (None, Some(Value::String(text)), _) => text_only(text),
        (None, Some(Value::Bool(_)), _) => text_only(
            map.get("message")
                .and_then(Value::as_str)
                .unwrap_or("it gives no reason"),
        ),
        (None, None, Some(detail)) => Said {
            beside: map
                .iter()
                .filter(|(key, _)| *key != "detail")
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            ..text_only(detail.as_str().unwrap_or("it gives no reason"))
        },
        _ => of_fields(map),
    }
}

fn text_only(text: &str) -> Said {
    Said {
        text: text.to_owned(),
        ..Said::default()
    }
}

fn of_fields(map: &Map<String, Value>) -> Said {
    let fields: Vec<(String, String)> = map
        .iter()
        .map(|(field, value)| (field.clone(), sentence(value)))
        .collect();
    let text = fields
        .iter()
        .map(|(field, text)| match field.as_str() {
            "non_field_errors" => text.clone(),
            _ => format!("{field}: {text}"),
        })
        .collect::<Vec<_>>()
        .join("; ");
    Said {
        text,
        fields,
        beside: Map::new(),
    }
}

fn sentence(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(sentence).collect::<Vec<_>>().join(" "),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{key} {}", sentence(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_read() {
        for (body, text, fields) in [
            (
                json!({"error": true, "errors": {"name": ["This field is required."]}}),
                "name: This field is required.",
                1,
            ),
            (
                json!({"error": true, "errors": {"custom_fields": {"tier": "must be one of ['a']"}}}),
                "custom_fields: tier must be one of ['a']",
                1,
            ),
            (
                json!({"error": true, "errors": "Permission Denied"}),
                "Permission Denied",
                0,
            ),
            (
                json!({"error": true, "message": "Permission denied"}),
                "Permission denied",
                0,
            ),
            (json!({"error": "Only admins"}), "Only admins", 0),
            (json!({"detail": "No such case."}), "No such case.", 0),
            (
                json!({"assigned_to": ["'x' is not a valid id."]}),
                "assigned_to: 'x' is not a valid id.",
                1,
            ),
            (
                json!({"parent_id": "A case cannot be its own parent."}),
                "parent_id: A case cannot be its own parent.",
                1,
            ),
            (
                json!({"error": true, "errors": {"non_field_errors": ["Either of them"]}}),
                "Either of them",
                1,
            ),
            (
                json!({"error": true, "message": "bad rows", "errors": [{"row": 2, "field": "email", "message": "bad"}], "created": 0}),
                "bad rows",
                0,
            ),
            (json!([1]), "it gives no reason", 0),
        ] {
            let said = read(&body);
            assert_eq!(
                (said.text.as_str(), said.fields.len()),
                (text, fields),
                "{body}"
            );
        }
        let timer =
            read(&json!({"detail": "running", "running_entry_id": "e", "running_case_id": "c"}));
        assert_eq!(timer.beside["running_entry_id"], "e");
    }
}
