//! Streamable HTTP: `/mcp` for all connections, `/mcp/<connection>` for one.
//!
//! The listener and the stop signal are arguments. Host and Origin are checked before anything is
//! read, so that no web page can reach a server on this machine.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::serve::ListenerExt;
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::direct::Direct;
use crate::call::Scope;
use crate::mcp::Server;

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
}

struct Endpoint {
    direct: Direct,
    service: StreamableHttpService<Server, LocalSessionManager>,
    server: Server,
    sessions: Arc<LocalSessionManager>,
    most_sessions: usize,
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
    let router = Router::new()
        .route("/mcp", any(all))
        .route("/mcp/{connection}", any(one))
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
        tokio::time::timeout(options.drain, server.idle())
            .await
            .ok();
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
    let mut hosts = ["localhost", "127.0.0.1", "[::1]", "::1"]
        .map(str::to_owned)
        .to_vec();
    hosts.extend(options.hosts.iter().cloned());
    let mut origins = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]
        .map(str::to_owned)
        .to_vec();
    origins.extend(options.origins.iter().cloned());
    let direct = Direct::new(
        server.clone(),
        hosts.clone(),
        options.request_bytes,
        closing.clone(),
    );
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(true)
        .with_json_response(true)
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins)
        .with_max_request_body_bytes(options.request_bytes)
        .with_cancellation_token(closing);
    let mut sessions = LocalSessionManager::default();
    sessions.session_config = session_config();
    let sessions = Arc::new(sessions);
    let handler = server.clone();
    Endpoint {
        direct,
        service: StreamableHttpService::new(
            move || Ok(handler.clone()),
            Arc::clone(&sessions),
            config,
        ),
        server,
        sessions,
        most_sessions: options.sessions,
    }
}

fn session_config() -> SessionConfig {
    let mut config = SessionConfig::default();
    config.keep_alive = Some(SESSION_IDLE);
    config
}

async fn all(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    endpoint.answer(request, Scope::All).await
}

async fn one(
    State(endpoint): State<Arc<Endpoint>>,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    if !endpoint.server.has_connection(&connection) {
        return (StatusCode::NOT_FOUND, "no such connection\n").into_response();
    }
    endpoint
        .answer(request, Scope::Connection(connection))
        .await
}

impl Endpoint {
    async fn answer(&self, mut request: Request, scope: Scope) -> Response {
        if may_open_session(&request)
            && self.sessions.sessions.read().await.len() >= self.most_sessions
        {
            tracing::warn!("server.limits.sessions is reached; a session was refused");
            let wait = [(header::RETRY_AFTER, "30")];
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                wait,
                "too many sessions; try again later\n",
            )
                .into_response();
        }
        request.extensions_mut().insert(scope);
        let request = match self.direct.answer(request).await {
            Ok(response) => return response,
            Err(request) => request,
        };
        match self.service.clone().oneshot(request).await {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        }
    }
}

/// A POST of a handshake revision outside a session can only begin one; requests of 2026-07-28 name
/// their revision and have no session.
fn may_open_session(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::POST
        && !headers.contains_key("mcp-session-id")
        && headers
            .get("mcp-protocol-version")
            .is_none_or(|revision| revision.as_bytes() < b"2026-07-28".as_slice())
}
