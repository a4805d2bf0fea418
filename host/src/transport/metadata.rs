//! Protected resource metadata (RFC 9728): where a client gets a token for an endpoint; and the way to
//! the issuer for clients that look for its own metadata (RFC 8414) here.
//!
//! Owns the endpoints' names to the outside, which are the operator's `public_url` where there is one,
//! and the addresses of their documents. It must not know tokens.

use axum::Json;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use url::Url;

use crate::call::{Proof, Scope};
use crate::identity::Issuer;
use crate::mcp::Server;

/// Where the documents are, as RFC 9728, section 3, says.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Where an issuer describes itself, as RFC 8414 says. Clients of MCP 2025-03-26 and before look for it
/// at the server that they want to use.
const OF_ISSUER: &str = "/.well-known/oauth-authorization-server";

/// The endpoints, as clients name them.
pub struct Resources {
    public: Option<Url>,
    /// The path of the shared endpoint, without a slash at its end.
    path: String,
}

impl Resources {
    /// For a listener that is known as `public` to the outside, with its endpoint at `path`.
    pub fn new(public: Option<Url>, path: &str) -> Self {
        Self {
            public,
            path: path.trim_end_matches('/').to_owned(),
        }
    }

    /// The address of an endpoint's document, for a challenge.
    pub fn document(&self, head: &Parts, scope: &Scope) -> Option<String> {
        let (origin, prefix) = self.outside(head)?;
        let path = self.path_of(scope);
        Some(format!("{origin}{WELL_KNOWN}{prefix}{path}"))
    }

    /// Answers what is no endpoint: a document, or nothing.
    pub fn answer(&self, server: &Server, head: &Parts) -> Response {
        let path = head.uri.path();
        let known = [WELL_KNOWN, OF_ISSUER].into_iter();
        let mut known = known.filter_map(|known| Some((known, path.strip_prefix(known)?)));
        let Some((known, asked)) = known.next() else {
            return StatusCode::NOT_FOUND.into_response();
        };
        if !matches!(head.method, Method::GET | Method::HEAD) {
            let allowed = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
            return (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response();
        }
        let answer = self.signed(server, asked).and_then(|(scope, proof)| {
            let issuer = proof.issuer()?;
            if known == OF_ISSUER {
                return Some(lead(issuer));
            }
            self.describe(head, &scope, (issuer, proof.least_scope()))
        });
        answer.unwrap_or_else(|| NO_METADATA.into_response())
    }

    /// The endpoint that is asked for, and what its callers prove.
    fn signed(&self, server: &Server, asked: &str) -> Option<(Scope, Proof)> {
        let scope = match asked {
            "" | "/" => server.only_signed()?,
            path => self.scope(path)?,
        };
        let proof = server.proof(&scope)?;
        Some((scope, proof))
    }

    fn describe(
        &self,
        head: &Parts,
        scope: &Scope,
        (issuer, least): (&Issuer, Option<&str>),
    ) -> Option<Response> {
        let (origin, prefix) = self.outside(head)?;
        let mut document = json!({
            "resource": format!("{origin}{prefix}{}", self.path_of(scope)),
            "authorization_servers": [issuer.name()],
            "bearer_methods_supported": ["header"],
        });
        if let Some(least) = least {
            document["scopes_supported"] = json!([least]);
        }
        let kept = [(
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=60"),
        )];
        Some((kept, Json(document)).into_response())
    }

    /// The endpoint of a path behind the well-known one; a proxy may have left its own part there.
    fn scope(&self, path: &str) -> Option<Scope> {
        let prefix = self.public.as_ref().map_or("", prefix);
        let inside = path.strip_prefix(prefix).unwrap_or(path);
        let below = [inside, path]
            .into_iter()
            .find_map(|path| path.strip_prefix(&self.path))?;
        match below.strip_prefix('/') {
            None if below.is_empty() => Some(Scope::Shared),
            Some(name) if !name.is_empty() && !name.contains('/') => {
                Some(Scope::Connection(name.to_owned()))
            }
            _ => None,
        }
    }

    fn path_of(&self, scope: &Scope) -> String {
        match scope {
            Scope::Connection(name) => format!("{}/{name}", self.path),
            Scope::All | Scope::Shared => self.path.clone(),
        }
    }

    /// The origin and what stands before this listener's paths. Without `public_url` it is what the
    /// client called it, which was compared with what is allowed before.
    fn outside(&self, head: &Parts) -> Option<(String, &str)> {
        if let Some(public) = &self.public {
            return Some((public.origin().ascii_serialization(), prefix(public)));
        }
        let named = match head.headers.get(header::HOST) {
            Some(value) => value.to_str().ok()?.parse::<Authority>().ok()?,
            None => head.uri.authority()?.clone(),
        };
        let host = named.host();
        let origin = match named.port_u16() {
            Some(port) => format!("http://{host}:{port}"),
            None => format!("http://{host}"),
        };
        Some((origin, ""))
    }
}

/// To the issuer's own description. It stands below the issuer's path: that is where the CRMs serve it.
fn lead(issuer: &Issuer) -> Response {
    let issuer = issuer.name().trim_end_matches('/');
    Redirect::temporary(&format!("{issuer}{OF_ISSUER}")).into_response()
}

fn prefix(public: &Url) -> &str {
    public.path().trim_end_matches('/')
}

const NO_METADATA: (StatusCode, &str) = (
    StatusCode::NOT_FOUND,
    "no endpoint of this path takes tokens of an issuer that is known here\n",
);

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn resources(public: Option<&str>, path: &str) -> Resources {
        Resources::new(public.map(|url| Url::parse(url).unwrap()), path)
    }

    fn named(name: &str) -> Option<Scope> {
        Some(Scope::Connection(name.to_owned()))
    }

    #[test]
    fn paths_of_documents() {
        let public = Some("https://mcp.example.com/crm/");
        for (public, path, asked, scope) in [
            (None, "/mcp", "/mcp", Some(Scope::Shared)),
            (None, "/mcp", "/mcp/atomic", named("atomic")),
            (None, "/mcp", "/mcp/", None),
            (None, "/mcp", "/mcp/a/b", None),
            (None, "/mcp", "/mcpx", None),
            (None, "/mcp", "/other", None),
            (None, "/", "/atomic", named("atomic")),
            (public, "/mcp", "/mcp/atomic", named("atomic")),
            (public, "/mcp", "/crm/mcp/atomic", named("atomic")),
            (public, "/mcp", "/crm/mcp", Some(Scope::Shared)),
            (public, "/mcp", "/other/mcp", None),
        ] {
            assert_eq!(resources(public, path).scope(asked), scope, "{asked}");
        }
    }

    #[test]
    fn addresses_of_documents() {
        let public = Some("https://mcp.example.com/crm/");
        let one = named("atomic").unwrap();
        for (public, path, host, scope, expected) in [
            (
                None,
                "/mcp",
                "127.0.0.1:8787",
                &one,
                "http://127.0.0.1:8787/.well-known/oauth-protected-resource/mcp/atomic",
            ),
            (
                None,
                "/",
                "someone@localhost",
                &Scope::Shared,
                "http://localhost/.well-known/oauth-protected-resource",
            ),
            (
                None,
                "/mcp",
                "[::1]:1",
                &Scope::Shared,
                "http://[::1]:1/.well-known/oauth-protected-resource/mcp",
            ),
            (
                public,
                "/mcp",
                "127.0.0.1:8787",
                &one,
                "https://mcp.example.com/.well-known/oauth-protected-resource/crm/mcp/atomic",
            ),
        ] {
            let request = Request::builder().header("host", host).body(()).unwrap();
            let (head, ()) = request.into_parts();
            let found = resources(public, path).document(&head, scope);
            assert_eq!(found.as_deref(), Some(expected));
        }
    }
}
