//! Which tool a request calls, found before MCP reads it, for callers whose token may lack a scope: what is
//! missing is said as OAuth says it, so that a client can ask its user for more.
//!
//! It must not know which scopes a tool needs.

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use http_body_util::BodyExt;
use serde::Deserialize;

const CALL: &str = "tools/call";

/// The tool that the head names (2026-07-28).
pub fn named_in_head(head: &Parts) -> Option<&str> {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    text("mcp-method").filter(|method| *method == CALL)?;
    text("mcp-name")
}

/// The tool that the body names, and the request as it was. The body is in memory already.
pub async fn named_in_body(request: Request) -> (Request, Option<String>) {
    #[derive(Deserialize)]
    struct Message {
        method: String,
        params: Option<Params>,
    }
    #[derive(Deserialize)]
    struct Params {
        name: Option<String>,
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes());
    let body = body.unwrap_or_default();
    let message = serde_json::from_slice::<Message>(&body).ok();
    let called = message.filter(|message| message.method == CALL);
    let named = called.and_then(|message| message.params?.name);
    (Request::from_parts(head, Body::from(body)), named)
}
