//! Streamable HTTP: `/mcp` for the connections that share an endpoint, `/mcp/<connection>` for one.
//!
//! The listener and the stop signal are arguments. The order is the same for every request: Host and
//! Origin, then who the caller is, then whose session it names, and only then MCP.

use std::future::IntoFuture;
use std::net::SocketAddr;
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

use super::attempts::{Attempts, peer};
use super::auth::{Hint, Refusal, admit, authenticate, costly};
use super::cors::pages;
use super::direct::Direct;
use super::edge::Neighbours;
use super::intake::take;
use super::lasting::{lasts, until_over};
use super::metadata::Resources;
use super::scopes::{named_in_body, named_in_head};
use super::sessions::Openers;
use crate::admission::{Place, Places};
use crate::call::{Proof, Scope};
use crate::caller::Caller;
use crate::mcp::Server;
use crate::policy::{Bearer, Mandate, Principal};

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
    /// them, or the operator said that it is meant.
    pub open: bool,
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
    most_sessions: (usize, usize),
    streams: Places,
    attempts: Attempts,
    request_bytes: usize,
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
        .with_cancellation_token(closing);
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
        most_sessions: options.sessions,
        streams: Places::each(options.streams_of_each),
        attempts: Attempts::each(options.refusals_per_minute),
        request_bytes: options.request_bytes,
    }
}

fn session_config() -> SessionConfig {
    let mut config = SessionConfig::default();
    config.keep_alive = Some(SESSION_IDLE);
    config
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
        let known = caller.clone();
        let place = match self.place(&head, &known) {
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
        let request = match self.enough_for(request, &known).await {
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
            && let Err(full) = self.remember(&id, known.principal()).await
        {
            return full;
        }
        match place {
            Some(place) => until_over(response, &known, place),
            None => response,
        }
    }

    /// Everything that is checked before MCP, in the order that does least for strangers.
    async fn let_in(&self, head: &Parts, scope: &Scope) -> Result<Caller, Box<Response>> {
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
        let caller = self.proved(head, &proof, scope).await;
        let caller = caller.map_err(|refusal| self.turned_away(head, &proof, scope, &refusal))?;
        self.check_session(head, &caller).await?;
        Ok(caller)
    }

    /// Who the caller is, if they may come here and call what the head says.
    async fn proved(&self, head: &Parts, proof: &Proof, scope: &Scope) -> Result<Caller, Refusal> {
        let costly = costly(&head.headers, proof);
        if let Some(token) = &costly {
            let checked = self.attempts.check(peer(head), token);
            checked.map_err(|retry_after| Refusal::TooMany { retry_after })?;
        }
        let caller = authenticate(&head.headers, proof, scope).await?;
        if let Some(token) = costly {
            self.attempts.right(token);
        }
        admit(&caller, scope)?;
        match named_in_head(head).and_then(|tool| self.server.lacking(scope, &caller, tool)) {
            Some(needed) => Err(Refusal::Scopes(needed)),
            None => Ok(caller),
        }
    }

    /// Says so in the log and to the caller; where it happens too often, in the log no more.
    fn turned_away(
        &self,
        head: &Parts,
        proof: &Proof,
        scope: &Scope,
        refusal: &Refusal,
    ) -> Box<Response> {
        let often = refusal
            .is_attempt()
            .then(|| self.attempts.failed(peer(head)));
        if let Some(Err(retry_after)) = often {
            return Box::new(Refusal::TooMany { retry_after }.answer(&Hint::default()));
        }
        tracing::info!(reason = %refusal.reason(), "a request was not let in");
        let has_issuer = proof.issuer().is_some();
        let document = has_issuer.then(|| self.resources.document(head, scope));
        let hint = Hint {
            document: document.flatten(),
            scope: proof.least_scope(),
        };
        Box::new(refusal.answer(&hint))
    }

    /// The same for a caller of an older revision, whose requests say in their body what they call.
    async fn enough_for(
        &self,
        request: Request,
        caller: &Caller,
    ) -> Result<Request, Box<Response>> {
        let of_token = |mandate: &Arc<Mandate>| mandate.bearer == Bearer::Token;
        if request.method() != Method::POST || !caller.principal().mandate().is_some_and(of_token) {
            return Ok(request);
        }
        let (request, named) = named_in_body(request).await;
        let (head, body) = request.into_parts();
        if let Some(tool) = named
            && let Some(scope) = head.extensions.get::<Scope>()
            && let Some(needed) = self.server.lacking(scope, caller, &tool)
            && let Some(proof) = self.server.proof(scope)
        {
            return Err(self.turned_away(&head, &proof, scope, &Refusal::Scopes(needed)));
        }
        Ok(Request::from_parts(head, body))
    }

    /// For an answer that stays open: the place that a known caller has for it.
    fn place(&self, head: &Parts, caller: &Caller) -> Result<Option<Option<Place>>, Box<Response>> {
        if !lasts(head) {
            return Ok(None);
        }
        if !caller.principal().is_known() {
            return Ok(Some(None));
        }
        let place = self.streams.take(caller.principal().as_str());
        let told = "server.limits.streams_per_caller";
        place.map_or_else(
            || Err(Box::new(enough(told))),
            |place| Ok(Some(Some(place))),
        )
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
        if head.method == Method::POST {
            let living = self.sessions.sessions.read().await;
            let theirs = self.theirs(caller.principal(), |id| living.contains_key(id));
            self.room(living.len() + 1, theirs + 1).map_err(Box::new)?;
        }
        Ok(())
    }

    /// How many sessions a known caller has. One who is not known is everybody.
    fn theirs(&self, caller: &Principal, lives: impl Fn(&str) -> bool) -> usize {
        if caller.is_known() {
            self.openers.count(caller, lives)
        } else {
            0
        }
    }

    /// Whether there is room for so many sessions, of everybody and of one caller.
    fn room(&self, all: usize, theirs: usize) -> Result<(), Response> {
        let (most, most_of_each) = self.most_sessions;
        if all > most {
            Err(full())
        } else if theirs > most_of_each {
            Err(enough("server.limits.sessions_per_caller"))
        } else {
            Ok(())
        }
    }

    /// Remembers who opened a session, or ends it where there are too many: some are begun side by
    /// side, and a handshake may name a revision that has none.
    async fn remember(&self, id: &str, opener: &Principal) -> Result<(), Response> {
        let living = self.sessions.sessions.read().await;
        let lives = |id: &str| living.contains_key(id);
        self.openers.remember(id, opener, living.len(), lives);
        let room = self.room(living.len(), self.theirs(opener, lives));
        if room.is_err() {
            drop(living);
            if let Err(error) = self.sessions.close_session(&id.into()).await {
                tracing::warn!(%error, "a session could not be ended");
            }
        }
        room
    }
}

/// No session more.
fn full() -> Response {
    tracing::warn!("server.limits.sessions is reached; a session was refused");
    let wait = [(header::RETRY_AFTER, "30")];
    let told = "too many sessions; try again later\n";
    (StatusCode::SERVICE_UNAVAILABLE, wait, told).into_response()
}

/// No more for this caller, while others have room.
fn enough(limit: &str) -> Response {
    tracing::warn!("{limit} is reached; a caller was refused");
    let wait = [(header::RETRY_AFTER, "30")];
    let told = format!("{limit} is reached for your key or token; close what you do not need\n");
    (StatusCode::TOO_MANY_REQUESTS, wait, told).into_response()
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
