//! The short way of the request that makes up nearly all: a `tools/call` of revision 2026-07-28.
//!
//! rmcp serves such a request with a service, four tasks and three channels of its own, an eighth of
//! what a call costs. Here the same handler runs in the task that read the request. Only a
//! request that leaves nothing to decide is taken; whatever is unusual in its head or its body goes
//! to rmcp as it came, so that every refusal is rmcp's. It must not know how a call is served.

use std::convert::Infallible;
use std::future::{pending, ready};

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use rmcp::Service;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientRequest, ErrorCode, ErrorData, JsonRpcMessage,
    ProtocolVersion, RequestId, ServerJsonRpcMessage, ServerResult,
};
use rmcp::service::{
    RequestContext, RoleServer, RunningService, RxJsonRpcMessage, TxJsonRpcMessage, serve_directly,
};
use rmcp::transport::Transport;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::mcp::Server;

const REVISION: ProtocolVersion = ProtocolVersion::V_2026_07_28;
const METHOD: &str = "tools/call";
const JSON: &str = "application/json";

/// What most answers fit into, in bytes; a larger one grows.
const USUAL_ANSWER: usize = 8 << 10;

/// Serves the requests that it suits.
pub(super) struct Direct {
    server: Server,
    request_bytes: usize,
    closing: CancellationToken,
    /// A service that nobody talks to: a handler's context has to name a peer.
    nobody: RunningService<RoleServer, Server>,
}

/// A message that is taken. Unknown members are rmcp's to judge.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'m> {
    jsonrpc: &'m str,
    method: &'m str,
    id: RequestId,
    params: CallToolRequestParams,
}

impl Direct {
    /// `closing` ends calls.
    pub(super) fn new(server: Server, request_bytes: usize, closing: CancellationToken) -> Self {
        let nobody = serve_directly(server.clone(), Silent, None);
        Self {
            server,
            request_bytes,
            closing,
            nobody,
        }
    }

    /// Serves a request.
    ///
    /// # Errors
    /// It does not suit; it comes back whole.
    pub(super) async fn answer(&self, request: Request) -> Result<Response, Request> {
        if !suits(&request, self.request_bytes) {
            return Err(request);
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return Ok((StatusCode::BAD_REQUEST, "the request broke off\n").into_response());
        };
        let body = body.to_bytes();
        match read(&parts.headers, &body).filter(|read| !self.wants_headers(read)) {
            Some(message) => Ok(self.serve(message.id, message.params, parts).await),
            None => Err(Request::from_parts(parts, Body::from(body))),
        }
    }

    fn wants_headers(&self, message: &Message<'_>) -> bool {
        self.server.wants_headers(&message.params.name)
    }

    async fn serve(&self, id: RequestId, params: CallToolRequestParams, parts: Parts) -> Response {
        let context = self.context(id.clone(), &params, parts);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let answer = tokio::select! {
            answer = self.server.handle_request(request, context) => answer,
            () = self.closing.cancelled() => {
                return (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping\n").into_response();
            }
        };
        respond(id, answer)
    }

    /// What rmcp tells a handler: the metadata, and the head of the HTTP request.
    fn context(
        &self,
        id: RequestId,
        params: &CallToolRequestParams,
        parts: Parts,
    ) -> RequestContext<RoleServer> {
        let mut context = RequestContext::new(id, self.nobody.peer().clone());
        context.meta = params.meta.clone().unwrap_or_default();
        context.extensions.insert(parts);
        context
    }
}

/// Whether the head leaves nothing to decide.
fn suits(request: &Request, most_bytes: usize) -> bool {
    let headers = request.headers();
    let is = |name: &str, value: &str| only(headers, name) == Some(value);
    request.method() == Method::POST
        && is("mcp-protocol-version", REVISION.as_str())
        && is("mcp-method", METHOD)
        && is(header::CONTENT_TYPE.as_str(), JSON)
        && only(headers, header::ACCEPT.as_str())
            .is_some_and(|accept| accept.contains(JSON) && accept.contains("text/event-stream"))
        && only(headers, header::CONTENT_LENGTH.as_str())
            .and_then(|length| length.parse::<usize>().ok())
            .is_some_and(|length| length <= most_bytes)
        && !headers.keys().any(is_unusual)
}

/// Headers that rmcp has to look at.
fn is_unusual(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "origin" | "mcp-session-id" | "last-event-id") || name.starts_with("mcp-param-")
}

/// The value of a header that stands once, as text.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values
        .next()
        .is_none()
        .then(|| value.to_str().ok())
        .flatten()
}

/// The message, if its body leaves nothing to decide either.
fn read<'m>(headers: &HeaderMap, body: &'m [u8]) -> Option<Message<'m>> {
    let message: Message<'_> = serde_json::from_slice(body).ok()?;
    let meta = message.params.meta.as_ref()?;
    let taken = message.jsonrpc == "2.0"
        && message.method == METHOD
        && only(headers, "mcp-name") == Some(&message.params.name)
        && meta.protocol_version() == Some(REVISION)
        && meta.get_progress_token().is_none()
        && meta.log_level().is_none()
        && meta.missing_required_keys(&REVISION).is_empty();
    taken.then_some(message)
}

fn respond(id: RequestId, answer: Result<ServerResult, ErrorData>) -> Response {
    let status = answer.as_ref().err().map_or(StatusCode::OK, status);
    let message: ServerJsonRpcMessage = match answer {
        Ok(result) => JsonRpcMessage::response(result, id),
        Err(error) => JsonRpcMessage::error(error, Some(id)),
    };
    let mut body = Vec::with_capacity(USUAL_ANSWER);
    if let Err(error) = serde_json::to_writer(&mut body, &message) {
        tracing::error!(%error, "an answer could not be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static(JSON);
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// As rmcp does it: of a well-formed request, only these errors are HTTP's as well.
fn status(error: &ErrorData) -> StatusCode {
    match error.code {
        ErrorCode::UNSUPPORTED_PROTOCOL_VERSION
        | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
        | ErrorCode::HEADER_MISMATCH => StatusCode::BAD_REQUEST,
        ErrorCode::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

/// A transport on which nothing ever comes.
struct Silent;

impl Transport<RoleServer> for Silent {
    type Error = Infallible;

    fn send(
        &mut self,
        _: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        pending().await
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn call() -> Value {
        json!({"jsonrpc": "2.0", "id": 7, "method": METHOD, "params": {
            "name": "crm_get", "arguments": {"id": "1"}, "_meta": {
                "io.modelcontextprotocol/protocolVersion": REVISION.as_str(),
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        }})
    }

    fn head(change: &[(&'static str, &'static str)]) -> Request {
        let mut request = Request::post("/mcp").body(Body::empty()).unwrap();
        for (name, value) in [
            ("content-type", JSON),
            ("content-length", "300"),
            ("accept", "application/json, text/event-stream"),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", METHOD),
            ("mcp-name", "crm_get"),
        ] {
            let value = HeaderValue::from_static(value);
            request.headers_mut().insert(name, value);
        }
        for (name, value) in change {
            let value = HeaderValue::from_static(value);
            request.headers_mut().append(*name, value);
        }
        request
    }

    fn is_taken(request: &Request) -> bool {
        suits(request, 300)
    }

    #[test]
    fn only_an_ordinary_head_is_taken() {
        assert!(is_taken(&head(&[])));
        for (name, value) in [
            ("content-type", JSON),
            ("content-length", "300"),
            ("mcp-method", METHOD),
            ("mcp-protocol-version", "2026-07-28"),
            ("origin", "http://localhost"),
            ("mcp-session-id", "1"),
            ("last-event-id", "1"),
            ("mcp-param-id", "1"),
        ] {
            assert!(!is_taken(&head(&[(name, value)])), "one more {name}");
        }
        for name in [
            "content-type",
            "content-length",
            "accept",
            "mcp-method",
            "mcp-protocol-version",
        ] {
            let mut request = head(&[]);
            request.headers_mut().remove(name);
            assert!(!is_taken(&request), "no {name}");
        }
        let mut long = head(&[]);
        let length = HeaderValue::from_static("301");
        long.headers_mut().insert("content-length", length);
        assert!(!is_taken(&long));
        let mut get = head(&[]);
        *get.method_mut() = Method::GET;
        assert!(!is_taken(&get));
    }

    #[test]
    fn only_an_ordinary_body_is_taken() {
        let request = head(&[]);
        let read =
            |message: &Value| read(request.headers(), message.to_string().as_bytes()).is_some();
        assert!(read(&call()));
        for (pointer, value) in [
            ("/jsonrpc", json!("1.0")),
            ("/method", json!("tools/list")),
            ("/id", json!(null)),
            ("/params/name", json!("crm_search")),
            ("/params/_meta", json!({})),
            (
                "/params/_meta/io.modelcontextprotocol~1protocolVersion",
                json!("2025-11-25"),
            ),
            ("/params/arguments", json!([])),
        ] {
            let mut message = call();
            *message.pointer_mut(pointer).unwrap() = value;
            assert!(!read(&message), "{message}");
        }
        let mut followed = call();
        followed["params"]["_meta"]["progressToken"] = json!("p");
        assert!(!read(&followed));
        let mut more = call();
        more["more"] = json!(1);
        assert!(!read(&more));
    }
}
