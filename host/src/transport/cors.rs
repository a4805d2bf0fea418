//! What a browser is told, so that a page of an allowed origin can be a client.
//!
//! Owns the headers of cross-origin requests. It decides nothing: whether an origin is allowed is
//! `edge`'s to say, and a request of another is refused there, whatever its browser makes of this.
//!
//! Source: the Fetch standard, CORS protocol; MCP 2026-07-28, Streamable HTTP (2026-11-20).

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::edge::Neighbours;

/// How long a browser may keep an answer about what is allowed.
const KEPT: Duration = Duration::from_secs(600);

/// What a page may read of an answer, beyond what every page may.
const READABLE: [HeaderName; 4] = [
    HeaderName::from_static("mcp-session-id"),
    HeaderName::from_static("mcp-protocol-version"),
    header::WWW_AUTHENTICATE,
    header::RETRY_AFTER,
];

/// Tells pages of allowed origins that they may ask, with any header: the names of `Mcp-Param-…` are
/// the tools' own.
pub fn pages(neighbours: Arc<Neighbours>) -> CorsLayer {
    let allowed = AllowOrigin::predicate(move |origin, _| neighbours.allows(origin));
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(READABLE)
        .max_age(KEPT)
}
