//! Requests over the raw bindings, without the SDK's manners: nothing is checked, repeated or
//! explained.

use portcullis_sdk::bindings::WitFailure;
use portcullis_sdk::bindings::portcullis::plugin::http::{Error, Method, Request, Response, send};
use portcullis_sdk::bindings::portcullis::plugin::types::{FailureKind, Outcome};
use serde_json::{Value, json};

/// The request that a JSON object describes: `method`, `path`, `query`, `headers`, `body`,
/// `credential` (a slot; `default` where none is named), `anonymous`.
#[must_use]
pub fn request(asked: &Value) -> Request {
    Request {
        method: match asked["method"].as_str() {
            Some("HEAD") => Method::Head,
            Some("POST") => Method::Post,
            Some("PUT") => Method::Put,
            Some("PATCH") => Method::Patch,
            Some("DELETE") => Method::Delete,
            _ => Method::Get,
        },
        path: each(&asked["path"]).map(text).collect(),
        query: pairs(&asked["query"]),
        headers: pairs(&asked["headers"]),
        body: asked["body"].as_str().map(Into::into),
        credential: match asked["credential"].as_str() {
            Some(slot) => Some(slot.to_owned()),
            None => (asked["anonymous"] != true).then(|| "default".to_owned()),
        },
    }
}

/// Sends it and tells what became of it.
#[must_use]
pub fn sent(asked: &Value) -> Value {
    told(send(&request(asked)))
}

/// Sends each request of a list and tells what became of every one, as the result of a tool.
#[must_use]
pub fn sent_each(asked: &Value) -> String {
    let answers: Vec<Value> = each(asked).map(sent).collect();
    json!({"requests": asked, "answers": answers}).to_string()
}

/// A failure of this name.
#[must_use]
pub fn failed(code: &str) -> WitFailure {
    WitFailure {
        kind: FailureKind::Internal,
        code: code.to_owned(),
        message: "the guest says so".to_owned(),
        fields: Vec::new(),
        suggestion: None,
        retryable: false,
        retry_after_ms: None,
        outcome: Outcome::NotDone,
        details: None,
    }
}

fn told(result: Result<Response, Error>) -> Value {
    match result {
        Ok(response) => json!({
            "status": response.status,
            "headers": response.headers,
            "body": String::from_utf8_lossy(&response.body),
        }),
        Err(error) => json!({
            "reason": format!("{:?}", error.reason).rsplit("::").next(),
            "stage": format!("{:?}", error.stage).rsplit("::").next(),
            "detail": error.detail,
        }),
    }
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    each(value)
        .map(|pair| (text(&pair[0]), text(&pair[1])))
        .collect()
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
