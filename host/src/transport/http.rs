//! Streamable HTTP: `/mcp` for all connections, `/mcp/<connection>` for one.
//!
//! The listener and the stop signal are arguments. Host and Origin are checked before anything is
//! read, so that no web page can reach a server on this machine.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

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
    /// How long calls in flight have after `stop`.
    pub drain: Duration,
}

type Service = StreamableHttpService<Server, LocalSessionManager>;

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
    let service = service(server, options, closing.clone());
    let router = Router::new()
        .route("/mcp", any(all))
        .route("/mcp/{connection}", any(one))
        .with_state(service);
    let stopped = stop.clone();
    let serving = axum::serve(listener, router)
        .with_graceful_shutdown(async move { stopped.cancelled().await })
        .into_future();
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        result = &mut serving => return result,
        () = stop.cancelled() => {}
    }
    tracing::info!("stopping; calls in flight have {} ms", options.drain.as_millis());
    drain(serving, &closing, options.drain).await
}

/// Streams that wait for a change never end by themselves, so sessions are closed when the drain
/// time is half over; whatever is left at its end is dropped.
async fn drain(
    mut serving: impl Future<Output = std::io::Result<()>> + Unpin,
    closing: &CancellationToken,
    time: Duration,
) -> std::io::Result<()> {
    for _ in 0..2 {
        if let Ok(result) = tokio::time::timeout(time / 2, &mut serving).await {
            return result;
        }
        closing.cancel();
    }
    Ok(())
}

fn service(server: Server, options: &HttpOptions, closing: CancellationToken) -> Arc<Service> {
    let mut hosts = ["localhost", "127.0.0.1", "[::1]", "::1"].map(str::to_owned).to_vec();
    hosts.extend(options.hosts.iter().cloned());
    let mut origins = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"].map(str::to_owned).to_vec();
    origins.extend(options.origins.iter().cloned());
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(true)
        .with_json_response(true)
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins)
        .with_max_request_body_bytes(options.request_bytes)
        .with_cancellation_token(closing);
    let mut sessions = LocalSessionManager::default();
    sessions.session_config = session_config();
    Arc::new(StreamableHttpService::new(move || Ok(server.clone()), Arc::new(sessions), config))
}

fn session_config() -> SessionConfig {
    let mut config = SessionConfig::default();
    config.keep_alive = Some(SESSION_IDLE);
    config
}

async fn all(State(service): State<Arc<Service>>, request: Request) -> Response {
    answer(&service, request, Scope::All).await
}

async fn one(
    State(service): State<Arc<Service>>,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    answer(&service, request, Scope::Connection(connection)).await
}

async fn answer(service: &Service, mut request: Request, scope: Scope) -> Response {
    request.extensions_mut().insert(scope);
    match service.clone().oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    }
}
