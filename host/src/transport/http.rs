//! Streamable HTTP: `/mcp` for the connections that share an endpoint, `/mcp/<connection>` for one.
//!
//! The listener and the stop signal are arguments. The order is the same for every request: Host and
//! Origin, then who the caller is, then whose session it names, and only then MCP.

pub(super) mod old_sse;

use std::future::IntoFuture;
use std::net::SocketAddr;
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
use url::Url;

use super::cors::pages;
use super::direct::Direct;
use super::gate::{Gate, SESSION, is_stateless};
use super::intake::take;
use super::lasting::{lasts, until_over};
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
    /// Sessions of handshake revisions at a time, of all callers and of each.
    pub sessions: (usize, usize),
    /// Open streams of each caller.
    pub streams_of_each: usize,
    /// Requests of one address that are not let in, in a minute.
    pub refusals_per_minute: u32,
    /// How long calls in flight have after `stop`.
    pub drain: Duration,
    /// The path of the endpoint, e.g. `/mcp`; those of single connections are below it.
    pub path: String,
    /// How clients reach this listener, where that is not its own address.
    pub public_url: Option<Url>,
    /// Whether endpoints without authentication may be served here: nobody but this machine reaches
    /// them.
    pub open: bool,
    /// Whether the transport of 2024-11-05 is served beside, at `/sse` and `/<connection>/sse`.
    pub old_sse: bool,
}

struct Endpoint {
    gate: Gate,
    direct: Direct,
    service: StreamableHttpService<Server, LocalSessionManager>,
    server: Server,
    /// What a proxy has before the paths of this listener.
    prefix: String,
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
        .layer(pages(Arc::clone(&endpoint.gate.neighbours)))
        .with_state(endpoint);
    let stopped = stop.clone();
    // Events of a stream are small, and each has to leave at once.
    let listener = listener.tap_io(|client| {
        client.set_nodelay(true).ok();
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service)
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
        gate: Gate::new(server.clone(), options, Arc::clone(&sessions)),
        direct,
        service: StreamableHttpService::new(move || Ok(handler.clone()), sessions, config),
        server,
        prefix: prefix(options.public_url.as_ref()),
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
    endpoint.gate.document(&request.into_parts().0)
}

impl Endpoint {
    async fn answer(&self, request: Request, scope: Scope) -> Response {
        let (mut head, body) = request.into_parts();
        let caller = match self.gate.let_in(&head, &scope).await {
            Ok(caller) => caller,
            Err(refused) => return *refused,
        };
        let (known, lasts) = (caller.clone(), lasts(&head));
        let place = match self.gate.place(&head, &known) {
            Ok(place) => place,
            Err(refused) => return *refused,
        };
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
        let request = match self.gate.enough_for(request, &known).await {
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
            && let Err(full) = self.gate.remember(&id, known.principal()).await
        {
            return full;
        }
        if lasts {
            response = until_over(response, &known, place);
        }
        response
    }
}
