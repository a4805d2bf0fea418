//! From an HTTP request to an answer: the log, the gateway's key, the service, the headers.

use std::sync::Arc;

use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use super::answer::{Answer, Body, Reply};
use super::request::Call;
use super::{Inner, PUBLISHABLE_KEY, rest, sign_in};
use crate::pairs::pairs;

/// More than any request that a connector sends.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// What the gateway lets through without a key.
const OPEN: [&str; 2] = [
    "/auth/v1/.well-known/jwks.json",
    "/auth/v1/.well-known/openid-configuration",
];

pub(crate) async fn respond(State(crm): State<Arc<Inner>>, request: Request) -> Response<HttpBody> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    crm.log.record(&parts, &body);
    let decoded = percent_encoding::percent_decode_str(parts.uri.path()).decode_utf8_lossy();
    let headers = parts.headers.iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), text)
    });
    let call = Call {
        method: parts.method.to_string(),
        path: decoded.into_owned(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        headers: headers.collect(),
        body,
    };
    let is_head = call.method == "HEAD";
    let reply = answer(&crm, &call).unwrap_or_else(|refusal| refusal);
    finished(reply, is_head)
}

fn answer(crm: &Inner, call: &Call) -> Answer {
    let path = call.path.as_str();
    if let Some(file) = path.strip_prefix("/storage/v1/object/public/") {
        return Err(no_file(file));
    }
    if !OPEN.contains(&path) {
        admitted(call)?;
    }
    let mut inside = crm.inside();
    if let Some(rest) = path.strip_prefix("/auth/v1/") {
        return sign_in::answer(crm, &mut inside, call, rest);
    }
    if let Some(rest) = path.strip_prefix("/rest/v1/") {
        return rest::answer(crm, &mut inside, call, rest);
    }
    let body = json!({"message": "no Route matched with those values"});
    Err(Reply::json(404, body))
}

/// The gateway's look at the publishable key.
fn admitted(call: &Call) -> Result<(), Reply> {
    match call.header("apikey").or_else(|| call.param("apikey")) {
        Some(PUBLISHABLE_KEY) => Ok(()),
        Some(_) => Err(Reply::gateway(
            401,
            "Invalid API key",
            "Double check your Supabase `anon` or `service_role` API key.",
        )),
        None => Err(Reply::gateway(
            401,
            "No API key found in request",
            "No `apikey` request header or url param was found.",
        )),
    }
}

/// The one public bucket is there and has no file; the others are not.
fn no_file(file: &str) -> Reply {
    let what = if file.starts_with("attachments/") {
        "Object"
    } else {
        "Bucket"
    };
    let message = format!("{what} not found");
    Reply::json(
        400,
        json!({"statusCode": "404", "error": message, "message": message}),
    )
}

fn finished(reply: Reply, is_head: bool) -> Response<HttpBody> {
    let (kind, bytes) = match reply.body {
        Body::Json(value) => ("application/json; charset=utf-8", value.to_string()),
        Body::Object(value) => (
            "application/vnd.pgrst.object+json; charset=utf-8",
            value.to_string(),
        ),
        Body::Csv(text) => ("text/csv; charset=utf-8", text),
        Body::Nothing => ("", String::new()),
    };
    let bytes = if is_head { String::new() } else { bytes };
    let mut response = Response::new(HttpBody::from(bytes));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !kind.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}
