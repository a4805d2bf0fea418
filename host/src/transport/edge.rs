//! Host and Origin: whether a request may be answered at all, before anything else of it is looked
//! at.
//!
//! Owns the comparison with what is allowed, so that no web page, not even one whose name points to
//! this machine, can reach the server. It must not know endpoints or callers.

use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

/// Names of this machine, under which it is always answered.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What is answered.
#[derive(Debug)]
pub struct Neighbours {
    hosts: Vec<Place>,
    origins: Vec<Origin>,
}

/// A host, with a port where only that one is meant.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: Option<u16>,
}

#[derive(Debug)]
struct Origin {
    scheme: String,
    place: Place,
}

/// Why a request is not answered.
pub type Refused = (StatusCode, &'static str);

impl Neighbours {
    /// The names of this machine, and more `Host` and `Origin` values, whose spelling was checked
    /// where the configuration was read.
    #[must_use]
    pub fn new(hosts: &[String], origins: &[String]) -> Self {
        let more = hosts.iter().map(String::as_str);
        let loopback_pages = LOOPBACK.map(|host| Origin {
            scheme: "http".to_owned(),
            place: Place::any_port(host),
        });
        Self {
            hosts: LOOPBACK
                .into_iter()
                .chain(more)
                .filter_map(Place::parse)
                .collect(),
            origins: loopback_pages
                .into_iter()
                .chain(origins.iter().filter_map(|text| Origin::parse(text)))
                .collect(),
        }
    }

    /// Lets a request pass.
    ///
    /// # Errors
    /// Its Host or its Origin is not allowed.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
        let host = match headers.get(header::HOST) {
            Some(value) => value.to_str().ok().and_then(Place::parse),
            None => uri.authority().map(Place::of),
        };
        let host = host.ok_or((
            StatusCode::BAD_REQUEST,
            "the Host header is missing or wrong\n",
        ))?;
        if !self.hosts.iter().any(|allowed| allowed.covers(&host)) {
            tracing::warn!(
                "a request for another Host was refused; server.allowed_hosts allows more"
            );
            return Err((StatusCode::FORBIDDEN, "this Host is not served here\n"));
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        if origins.all(|origin| self.allows(origin)) {
            return Ok(());
        }
        tracing::warn!(
            "a request of another Origin was refused; server.allowed_origins allows more"
        );
        Err((StatusCode::FORBIDDEN, "this Origin is not allowed\n"))
    }

    /// Whether pages of an origin may ask.
    #[must_use]
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        let origin = origin.to_str().ok().and_then(Origin::parse);
        origin.is_some_and(|origin| self.origins.iter().any(|allowed| allowed.covers(&origin)))
    }
}

impl Place {
    fn any_port(host: &str) -> Self {
        Self {
            host: bare(host),
            port: None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse::<Authority>().ok().as_ref().map(Self::of)
    }

    fn of(authority: &Authority) -> Self {
        Self {
            host: bare(authority.host()),
            port: authority.port_u16(),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        self.host == other.host && (self.port.is_none() || self.port == other.port)
    }
}

impl Origin {
    /// With the port of its scheme, which browsers leave out.
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let mut place = Place::of(uri.authority()?);
        place.port = place.port.or(match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        });
        Some(Self { scheme, place })
    }

    fn covers(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.place.covers(&other.place)
    }
}

fn bare(host: &str) -> String {
    host.trim_matches(['[', ']']).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(headers: &[(&'static str, &str)]) -> u16 {
        let neighbours = Neighbours::new(
            &[
                "mcp.example.com".to_owned(),
                "other.example:8443".to_owned(),
            ],
            &[
                "https://app.example.com".to_owned(),
                "https://dev.example.com:8443".to_owned(),
            ],
        );
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        match neighbours.check(&Uri::from_static("/mcp"), &map) {
            Ok(()) => 200,
            Err((status, _)) => status.as_u16(),
        }
    }

    #[test]
    fn hosts() {
        for (host, expected) in [
            ("localhost", 200),
            ("LOCALHOST:8787", 200),
            ("127.0.0.1:1", 200),
            ("[::1]:8787", 200),
            ("mcp.example.com", 200),
            ("mcp.example.com:8787", 200),
            ("other.example:8443", 200),
            ("other.example", 403),
            ("evil.example", 403),
            ("127.0.0.1.evil.example", 403),
            ("localhost.evil.example", 403),
            ("a b", 400),
        ] {
            assert_eq!(status(&[("host", host)]), expected, "{host}");
        }
        assert_eq!(status(&[]), 400);
    }

    #[test]
    fn origins() {
        for (origin, expected) in [
            ("http://localhost:3000", 200),
            ("http://[::1]", 200),
            ("https://app.example.com", 200),
            ("https://app.example.com:443", 200),
            ("https://app.example.com:444", 403),
            ("http://app.example.com", 403),
            ("https://dev.example.com:8443", 200),
            ("https://dev.example.com", 403),
            ("https://localhost", 403),
            ("https://evil.example", 403),
            ("null", 403),
            ("", 403),
        ] {
            let headers = [("host", "localhost"), ("origin", origin)];
            assert_eq!(status(&headers), expected, "{origin}");
        }
        let two = [
            ("host", "localhost"),
            ("origin", "http://localhost:1"),
            ("origin", "https://evil.example"),
        ];
        assert_eq!(status(&two), 403);
    }
}
