//! Streamable HTTP: `/mcp` for the connections that share an endpoint, `/mcp/<connection>` for one.
//!
//! The listener and the stop signal are arguments. The order is the same for every request: Host and
//! Origin, then who the caller is, then whose session it names, and only then MCP.

mod old_sse;

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::serve::ListenerExt;
use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use url::Url;

use super::auth::authenticate;
use super::cors::pages;
use super::direct::Direct;
use super::edge::Neighbours;
use super::intake::take;
use super::metadata::Resources;
use super::sessions::Openers;
use crate::call::{Proof, Scope};
use crate::caller::Caller;
use crate::mcp::Server;
use crate::policy::Principal;
use old_sse::Streams;

/// How long a session of a handshake revision lives without a request.
const SESSION_IDLE: Duration = Duration::from_secs(300);

/// What the listener may accept.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// `Host` values beyond loopback names.
    pub hosts: Vec<String>,
    /// `Origin` values beyond loopback ones.
    pub origins: Vec<String>,
    /// The most bytes of a request.
    pub request_bytes: usize,
    /// Sessions of handshake revisions at a time.
    pub sessions: usize,
    /// How long calls in flight have after `stop`.
    pub drain: Duration,
    /// The path of the endpoint, e.g. `/mcp`; those of single connections are below it.
    pub path: String,
    /// How clients reach this listener, where that is not its own address.
    pub public_url: Option<Url>,
    /// Whether endpoints without authentication may be served here: nobody but this machine reaches
    /// them, or the operator said that it is meant.
    pub open: bool,
    /// Whether the transport of 2024-11-05 is served beside, at `/sse` and `/<connection>/sse`.
    pub old_sse: bool,
}

struct Endpoint {
    neighbours: Arc<Neighbours>,
    resources: Resources,
    open: bool,
    openers: Openers,
    direct: Direct,
    service: StreamableHttpService<Server, LocalSessionManager>,
    server: Server,
    sessions: Arc<LocalSessionManager>,
    streams: Streams,
    /// What a proxy has before the paths of this listener.
    prefix: String,
    most_sessions: usize,
    request_bytes: usize,
    closing: CancellationToken,
}

/// Serves until `stop`.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    server: Server,
    listener: TcpListener,
    options: &HttpOptions,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let closing = CancellationToken::new();
    let endpoint = Arc::new(endpoint(server.clone(), options, closing.clone()));
    let old = if options.old_sse {
        old_sse::routes()
    } else {
        Router::new()
    };
    let router = old
        .route(&options.path, any(shared))
        .route(&below(&options.path), any(one))
        .fallback(other)
        .layer(pages(Arc::clone(&endpoint.neighbours)))
        .with_state(endpoint);
    let stopped = stop.clone();
    // Events of a stream are small, and each has to leave at once.
    let listener = listener.tap_io(|client| {
        client.set_nodelay(true).ok();
    });
    let serving = axum::serve(listener, router)
        .with_graceful_shutdown(async move { stopped.cancelled().await })
        .into_future();
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        result = &mut serving => return result,
        () = stop.cancelled() => {}
    }
    tracing::info!(
        "stopping; calls in flight have {} ms",
        options.drain.as_millis()
    );
    server.close();
    let idle = async {
        server.drained(options.drain).await;
        // A call that ended has not been answered yet; closing now would take its answer.
        tokio::time::sleep(LAST_WORDS).await;
        // Streams of open sessions never end by themselves.
        closing.cancel();
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        result = serving => result,
        () = idle => Ok(()),
    }
}

/// How long answers and streams have to be written out after the last call ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

fn endpoint(server: Server, options: &HttpOptions, closing: CancellationToken) -> Endpoint {
    let direct = Direct::new(server.clone(), options.request_bytes, closing.clone());
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(true)
        .with_json_response(true)
        // Both are checked in `edge`, before the caller is looked at.
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(options.request_bytes)
        .with_cancellation_token(closing.clone());
    let mut sessions = LocalSessionManager::default();
    sessions.session_config = session_config();
    let sessions = Arc::new(sessions);
    let handler = server.clone();
    Endpoint {
        neighbours: Arc::new(Neighbours::new(&options.hosts, &options.origins)),
        resources: Resources::new(options.public_url.clone(), &options.path),
        open: options.open,
        openers: Openers::default(),
        direct,
        service: StreamableHttpService::new(
            move || Ok(handler.clone()),
            Arc::clone(&sessions),
            config,
        ),
        server,
        sessions,
        streams: Streams::default(),
        prefix: prefix(options.public_url.as_ref()),
        most_sessions: options.sessions,
        request_bytes: options.request_bytes,
        closing,
    }
}

fn session_config() -> SessionConfig {
    let mut config = SessionConfig::default();
    config.keep_alive = Some(SESSION_IDLE);
    config
}

fn prefix(public: Option<&Url>) -> String {
    let path = public.map(Url::path).unwrap_or_default();
    path.trim_end_matches('/').to_owned()
}

/// The paths of single connections.
fn below(path: &str) -> String {
    format!("{}/{{connection}}", path.trim_end_matches('/'))
}

async fn shared(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    endpoint.answer(request, Scope::Shared).await
}

async fn one(
    State(endpoint): State<Arc<Endpoint>>,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    endpoint
        .answer(request, Scope::Connection(connection))
        .await
}

/// What no endpoint serves: the documents that clients look for before they have a token.
async fn other(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match endpoint.neighbours.check(&head.uri, &head.headers) {
        Ok(()) => endpoint.resources.answer(&endpoint.server, &head),
        Err(refused) => refused.into_response(),
    }
}

/// What a caller without a session of that id is told; as rmcp says it.
const NO_SESSION: (StatusCode, &str) = (StatusCode::NOT_FOUND, "Not Found: Session not found");

const SESSION: &str = "mcp-session-id";

impl Endpoint {
    async fn answer(&self, request: Request, scope: Scope) -> Response {
        let (mut head, body) = request.into_parts();
        let caller = match self.let_in(&head, &scope).await {
            Ok(caller) => caller,
            Err(refused) => return *refused,
        };
        let opener = caller.principal().clone();
        // Whoever comes after this knows the caller, and has no use for the header.
        head.headers.remove(header::AUTHORIZATION);
        if is_stateless(&head) {
            head.headers.remove(SESSION);
        }
        let outside = !head.headers.contains_key(SESSION);
        head.extensions.insert(scope);
        head.extensions.insert(caller);
        let request = match self.direct.answer(Request::from_parts(head, body)).await {
            Ok(response) => return response,
            Err(request) => request,
        };
        let request = match take(request, self.request_bytes).await {
            Ok(request) => request,
            Err(refused) => return *refused,
        };
        let ends = request.method() == Method::DELETE;
        let mut response = match self.service.clone().oneshot(request).await {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        };
        // rmcp ends a session in the background and says 202, which a client reads as a failure.
        if ends && response.status() == StatusCode::ACCEPTED {
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
        let opened = response.headers().get(SESSION).filter(|_| outside);
        if let Some(id) = opened.and_then(|id| id.to_str().ok().map(str::to_owned))
            && let Err(full) = self.remember(&id, &opener).await
        {
            return full;
        }
        response
    }

    /// Everything that is checked before MCP, in the order that does least for strangers.
    async fn let_in(&self, head: &Parts, scope: &Scope) -> Result<Caller, Box<Response>> {
        let caller = self.know(head, scope).await?;
        self.check_session(head, &caller).await?;
        Ok(caller)
    }

    /// Who the caller is, where a stranger is answered at all.
    async fn know(&self, head: &Parts, scope: &Scope) -> Result<Caller, Box<Response>> {
        let refused = |refused: (StatusCode, &'static str)| Box::new(refused.into_response());
        let allowed = self.neighbours.check(&head.uri, &head.headers);
        allowed.map_err(refused)?;
        let proof = self.server.proof(scope);
        let proof = proof.ok_or_else(|| refused(nothing_here(scope)))?;
        if matches!(proof, Proof::Nothing) && !self.open {
            tracing::warn!(
                "a request to an endpoint without authentication was refused: other machines reach this listener"
            );
            return Err(refused(NOT_OPEN));
        }
        authenticate(&head.headers, &proof)
            .await
            .map_err(|refusal| {
                tracing::info!(reason = %refusal.reason(), "a request was not let in");
                let document = match proof {
                    Proof::Signed(_) => self.resources.document(head, scope),
                    Proof::Nothing | Proof::OwnToken => None,
                };
                Box::new(refusal.answer(document.as_deref()))
            })
    }

    /// Whether there may be no session more, of either transport.
    async fn is_full(&self) -> bool {
        self.sessions.sessions.read().await.len() + self.streams.count() >= self.most_sessions
    }

    /// A session belongs to whoever opened it, and there is an end to how many there are.
    async fn check_session(&self, head: &Parts, caller: &Caller) -> Result<(), Box<Response>> {
        if is_stateless(head) {
            return Ok(());
        }
        if let Some(id) = head.headers.get(SESSION) {
            let opened = |id| self.openers.opened(id, caller.principal());
            return if id.to_str().is_ok_and(opened) {
                Ok(())
            } else {
                Err(Box::new(NO_SESSION.into_response()))
            };
        }
        if head.method == Method::POST && self.is_full().await {
            return Err(Box::new(full()));
        }
        Ok(())
    }

    /// Remembers who opened a session, or ends it where there are too many: some are begun side by
    /// side, and a handshake may name a revision that has none.
    async fn remember(&self, id: &str, opener: &Principal) -> Result<(), Response> {
        let living = self.sessions.sessions.read().await;
        if living.len() > self.most_sessions {
            drop(living);
            if let Err(error) = self.sessions.close_session(&id.into()).await {
                tracing::warn!(%error, "a session could not be ended");
            }
            return Err(full());
        }
        let lives = |id: &str| living.contains_key(id);
        self.openers.remember(id, opener, living.len(), lives);
        Ok(())
    }
}

/// No session more.
fn full() -> Response {
    tracing::warn!("server.limits.sessions is reached; a session was refused");
    let wait = [(header::RETRY_AFTER, "30")];
    let told = "too many sessions; try again later\n";
    (StatusCode::SERVICE_UNAVAILABLE, wait, told).into_response()
}

const NOT_OPEN: (StatusCode, &str) = (
    StatusCode::FORBIDDEN,
    "this endpoint has no authentication, so it is served to this machine alone\n",
);

fn nothing_here(scope: &Scope) -> (StatusCode, &'static str) {
    let told = match scope {
        Scope::Connection(_) => "no such connection\n",
        Scope::All | Scope::Shared => {
            "every connection here has its own endpoint and wants its own token: append `/<connection>` to the path\n"
        }
    };
    (StatusCode::NOT_FOUND, told)
}

/// A POST of 2026-07-28 names its revision; it has no session, and a session's id on it means nothing.
/// A POST of an older revision outside a session can only begin one.
fn is_stateless(head: &Parts) -> bool {
    let revision = head.headers.get("mcp-protocol-version");
    head.method == Method::POST
        && revision.is_some_and(|revision| revision.as_bytes() >= b"2026-07-28".as_slice())
}
