//! HTTP+SSE, the transport of 2024-11-05 that Streamable HTTP replaced: for clients that know no other,
//! where the operator wants it (`server.legacy_sse`).
//!
//! A client opens a stream, is told where to send its messages, and reads every answer from the stream.
//! What is checked before MCP is the same as everywhere: Host and Origin, who the caller is, whose
//! session it is, how many there are, and what a message looks like. A session lives as long as its
//! stream. It speaks the revisions that begin with a handshake, and no other.
//!
//! Source: MCP 2024-11-05, transports, "HTTP with SSE" (2026-11-20).

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::stream::{self, Stream};
use http_body_util::BodyExt;
use rmcp::model::JsonRpcMessage;
use rmcp::service::{RoleServer, RxJsonRpcMessage, ServiceExt, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::super::envelope;
use super::super::gate::{NO_SESSION, full};
use super::super::intake::take;
use super::super::lasting::until_over;
use super::Endpoint;
use crate::call::Scope;
use crate::mcp::Server;
use crate::policy::Principal;

/// Messages that may wait in either direction before their sender has to.
const WAITING: usize = 32;

/// How often a quiet stream says that it is alive; proxies give up after a minute.
const ALIVE: Duration = Duration::from_secs(15);

/// Asks a proxy not to hold events back.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The streams that are open.
#[derive(Default)]
pub(in crate::transport) struct Streams {
    open: Mutex<HashMap<String, Session>>,
    serving: Mutex<JoinSet<()>>,
}

/// One stream's other end. When it is dropped, the session ends.
struct Session {
    opener: Principal,
    scope: Scope,
    messages: mpsc::Sender<RxJsonRpcMessage<RoleServer>>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "sessionId")]
    session: String,
}

/// The four paths of the transport.
pub(super) fn routes() -> Router<Arc<Endpoint>> {
    Router::new()
        .route("/sse", get(shared_stream))
        .route("/messages", post(shared_message))
        .route("/{connection}/sse", get(one_stream))
        .route("/{connection}/messages", post(one_message))
}

async fn shared_stream(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    endpoint.stream(request, Scope::Shared, "/messages").await
}

async fn one_stream(
    State(endpoint): State<Arc<Endpoint>>,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    let messages = format!("/{connection}/messages");
    let scope = Scope::Connection(connection);
    endpoint.stream(request, scope, &messages).await
}

async fn shared_message(
    State(endpoint): State<Arc<Endpoint>>,
    named: Result<Query<Named>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Response {
    let named = named.ok().map(|named| named.0);
    endpoint.message(request, Scope::Shared, named).await
}

async fn one_message(
    State(endpoint): State<Arc<Endpoint>>,
    Path(connection): Path<String>,
    named: Result<Query<Named>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Response {
    let scope = Scope::Connection(connection);
    let named = named.ok().map(|named| named.0);
    endpoint.message(request, scope, named).await
}

impl Endpoint {
    /// Opens a stream; its first event says where messages go.
    async fn stream(self: Arc<Self>, request: Request, scope: Scope, messages: &str) -> Response {
        let (head, _) = request.into_parts();
        let caller = match self.gate.know(&head, &scope).await {
            Ok(caller) => caller,
            Err(refused) => return *refused,
        };
        if self.gate.is_full().await {
            return full();
        }
        let place = match self.gate.place(&head, &caller) {
            Ok(place) => place,
            Err(refused) => return *refused,
        };
        let (to_server, from_client) = mpsc::channel(WAITING);
        let (to_client, from_server) = mpsc::channel(WAITING);
        let id = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>());
        let session = Session {
            opener: caller.principal().clone(),
            scope,
            messages: to_server,
        };
        self.gate.old.lock().insert(id.clone(), session);
        self.gate.old.serve(
            self.server.for_older_clients(),
            Pipe {
                to_client,
                from_client,
                begun: false,
            },
        );
        let open = Open {
            greeting: Some(format!("{}{messages}?sessionId={id}", self.prefix)),
            from_server,
            closing: self.closing.clone(),
            _end: End {
                endpoint: Arc::clone(&self),
                id,
            },
        };
        let events = Sse::new(open.events()).keep_alive(KeepAlive::new().interval(ALIVE));
        let mut response = events.into_response();
        let headers = response.headers_mut();
        headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        until_over(response, &caller, place)
    }

    /// Takes a message; its answer comes on the stream.
    async fn message(&self, request: Request, scope: Scope, named: Option<Named>) -> Response {
        let (mut head, body) = request.into_parts();
        let caller = match self.gate.know(&head, &scope).await {
            Ok(caller) => caller,
            Err(refused) => return *refused,
        };
        let session = named.and_then(|named| {
            self.gate
                .old
                .find(&named.session, &scope, caller.principal())
        });
        let Some(session) = session else {
            return NO_SESSION.into_response();
        };
        head.headers.remove(header::AUTHORIZATION);
        head.extensions.insert(scope);
        head.extensions.insert(caller.clone());
        let request = match take(Request::from_parts(head, body), self.request_bytes).await {
            Ok(request) => request,
            Err(refused) => return *refused,
        };
        let request = match self.gate.enough_for(request, &caller).await {
            Ok(request) => request,
            Err(refused) => return *refused,
        };
        match read(request).await {
            Ok(message) => match session.send(message).await {
                Ok(()) => (StatusCode::ACCEPTED, "Accepted\n").into_response(),
                Err(_) => NO_SESSION.into_response(),
            },
            Err(refused) => *refused,
        }
    }
}

/// The message, with the head of the request that it came with: it says who the caller is.
async fn read(request: Request) -> Result<RxJsonRpcMessage<RoleServer>, Box<Response>> {
    let refused = |told: &str| {
        let answer = axum::Json(envelope::refusal(told));
        Box::new((StatusCode::BAD_REQUEST, answer).into_response())
    };
    let (head, body): (Parts, _) = request.into_parts();
    let body = body.collect().await;
    let body = body.map_err(|_| refused("the message broke off"))?;
    let message = serde_json::from_slice(&body.to_bytes());
    let mut message: RxJsonRpcMessage<RoleServer> =
        message.map_err(|_| refused("the message is none of MCP"))?;
    message.insert_extension(head);
    Ok(message)
}

impl Streams {
    /// How many are open.
    pub(in crate::transport) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Where to put a message of a session, if it is this caller's, here.
    fn find(
        &self,
        id: &str,
        scope: &Scope,
        caller: &Principal,
    ) -> Option<mpsc::Sender<RxJsonRpcMessage<RoleServer>>> {
        let open = self.lock();
        let session = open.get(id)?;
        let theirs = session.opener == *caller && session.scope == *scope;
        theirs.then(|| session.messages.clone())
    }

    fn serve(&self, server: Server, pipe: Pipe) {
        let mut serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner);
        while serving.try_join_next().is_some() {}
        serving.spawn(async move {
            match server.serve(pipe).await {
                Ok(service) => {
                    service.waiting().await.ok();
                }
                Err(error) => tracing::debug!(%error, "a stream ended before its handshake"),
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream as it is sent.
struct Open {
    greeting: Option<String>,
    from_server: mpsc::Receiver<TxJsonRpcMessage<RoleServer>>,
    closing: CancellationToken,
    _end: End,
}

impl Open {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut open| async move {
            let event = open.next().await?;
            Some((Ok(event), open))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if let Some(messages) = self.greeting.take() {
            return Some(Event::default().event("endpoint").data(messages));
        }
        let message = tokio::select! {
            message = self.from_server.recv() => message?,
            () = self.closing.cancelled() => return None,
        };
        let text = serde_json::to_string(&message).ok()?;
        Some(Event::default().event("message").data(text))
    }
}

/// Ends the session when its stream is gone, whoever closed it.
struct End {
    endpoint: Arc<Endpoint>,
    id: String,
}

impl Drop for End {
    fn drop(&mut self) {
        self.endpoint.gate.old.lock().remove(&self.id);
    }
}

/// A session's messages, as rmcp takes them.
struct Pipe {
    to_client: mpsc::Sender<TxJsonRpcMessage<RoleServer>>,
    from_client: mpsc::Receiver<RxJsonRpcMessage<RoleServer>>,
    begun: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the stream is closed")]
struct Closed;

impl Transport<RoleServer> for Pipe {
    type Error = Closed;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Closed>> + Send + 'static {
        let to_client = self.to_client.clone();
        async move { to_client.send(item).await.map_err(|_| Closed) }
    }

    /// As over stdio, rmcp would end over a notification that comes before the first request.
    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let message = self.from_client.recv().await?;
            if self.begun || !matches!(message, JsonRpcMessage::Notification(_)) {
                self.begun = true;
                return Some(message);
            }
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Closed>> + Send {
        ready(Ok(()))
    }
}
