//! Who is let in: every check before MCP, in the order that does least for strangers.
//!
//! Host and Origin come first, then who the caller is and whether they may come here, then whose session
//! they name, and how much of what lasts they have already. It must not know MCP.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use super::attempts::{Attempts, peer};
use super::auth::{admit, authenticate, costly};
use super::edge::Neighbours;
use super::http::HttpOptions;
use super::http::old_sse::Streams;
use super::lasting::lasts;
use super::metadata::Resources;
use super::refusal::{Hint, Refusal};
use super::scopes::{named_in_body, named_in_head};
use super::sessions::Openers;
use crate::admission::{Place, Places};
use crate::call::{Proof, Scope};
use crate::caller::Caller;
use crate::mcp::Server;
use crate::policy::{Bearer, Principal};

/// The header that names a session.
pub(super) const SESSION: &str = "mcp-session-id";

/// What a caller without a session of that id is told; as rmcp says it.
pub(super) const NO_SESSION: (StatusCode, &str) =
    (StatusCode::NOT_FOUND, "Not Found: Session not found");

/// The checks of one listener.
pub(super) struct Gate {
    pub(super) neighbours: Arc<Neighbours>,
    resources: Resources,
    open: bool,
    openers: Openers,
    server: Server,
    sessions: Arc<LocalSessionManager>,
    most_sessions: (usize, usize),
    streams: Places,
    attempts: Attempts,
    /// Sessions of the transport of 2024-11-05.
    pub(super) old: Streams,
}

impl Gate {
    /// The gate of a listener whose sessions are these.
    pub(super) fn new(
        server: Server,
        options: &HttpOptions,
        sessions: Arc<LocalSessionManager>,
    ) -> Self {
        Self {
            neighbours: Arc::new(Neighbours::new(&options.hosts, &options.origins)),
            resources: Resources::new(options.public_url.clone(), &options.path),
            open: options.open,
            openers: Openers::default(),
            server,
            sessions,
            most_sessions: options.sessions,
            streams: Places::each(options.streams_of_each),
            attempts: Attempts::each(options.refusals_per_minute),
            old: Streams::default(),
        }
    }

    /// What no endpoint serves: the documents that clients look for before they have a token.
    pub(super) fn document(&self, head: &Parts) -> Response {
        match self.neighbours.check(&head.uri, &head.headers) {
            Ok(()) => self.resources.answer(&self.server, head),
            Err(refused) => refused.into_response(),
        }
    }

    /// Everything that is checked before MCP, in the order that does least for strangers.
    pub(super) async fn let_in(
        &self,
        head: &Parts,
        scope: &Scope,
    ) -> Result<Caller, Box<Response>> {
        let caller = self.know(head, scope).await?;
        self.check_session(head, &caller).await?;
        Ok(caller)
    }

    /// Who the caller is, where a stranger is answered at all.
    ///
    /// # Errors
    /// They are not let in.
    pub(super) async fn know(&self, head: &Parts, scope: &Scope) -> Result<Caller, Box<Response>> {
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
        caller.map_err(|refusal| self.turned_away(head, &proof, scope, &refusal))
    }

    /// Whether there may be no session more, of either transport.
    pub(super) async fn is_full(&self) -> bool {
        self.sessions.sessions.read().await.len() + self.old.count() >= self.most_sessions.0
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
        let named = named_in_head(head).filter(|_| has_scopes(&caller));
        match named.and_then(|tool| self.server.lacking(scope, &caller, tool)) {
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

    /// Whether a caller of an older revision has the scopes for what their request says in its body.
    ///
    /// # Errors
    /// They lack one.
    pub(super) async fn enough_for(
        &self,
        request: Request,
        caller: &Caller,
    ) -> Result<Request, Box<Response>> {
        if request.method() != Method::POST || !has_scopes(caller) {
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

    /// The place that a known caller has for an answer that stays open.
    ///
    /// # Errors
    /// They have none left.
    pub(super) fn place(
        &self,
        head: &Parts,
        caller: &Caller,
    ) -> Result<Option<Place>, Box<Response>> {
        if !lasts(head) || !caller.principal().is_known() {
            return Ok(None);
        }
        let place = self.streams.take(caller.principal().as_str());
        let none = || Box::new(enough("server.limits.streams_per_caller"));
        place.map(Some).ok_or_else(none)
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
            let all = living.len() + self.old.count();
            self.room(all + 1, theirs + 1).map_err(Box::new)?;
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
    pub(super) async fn remember(&self, id: &str, opener: &Principal) -> Result<(), Response> {
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

/// Whether what the caller may do stands in a token, which can be had with more scopes.
fn has_scopes(caller: &Caller) -> bool {
    let mandate = caller.principal().mandate();
    mandate.is_some_and(|mandate| mandate.bearer == Bearer::Token)
}

/// No session more.
pub(super) fn full() -> Response {
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
pub(super) fn is_stateless(head: &Parts) -> bool {
    let revision = head.headers.get("mcp-protocol-version");
    head.method == Method::POST
        && revision.is_some_and(|revision| revision.as_bytes() >= b"2026-07-28".as_slice())
}
