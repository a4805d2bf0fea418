//! URLs and socket addresses of a configuration.
//!
//! Owns their spelling: what a base URL may hold, what an address looks like. It must not know which
//! networks may be dialled; that is checked where dialling happens. A refused URL is never quoted in
//! a message, it may hold a password.

use std::net::SocketAddr;

use url::{Host, Url};

/// Why a URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlError {
    #[error("is no URL ({0}); write e.g. `https://crm.example.com`")]
    Syntax(#[from] url::ParseError),
    #[error("has the scheme `{0}`; only `https` and `http` are served")]
    Scheme(String),
    #[error("has no host")]
    Host,
    #[error("holds a user name or a password; take them out and put them into `secrets`")]
    Credentials,
    #[error("has a query (`?…`); take it out, requests add their own")]
    Query,
    #[error("has a fragment (`#…`); take it out, it is never sent")]
    Fragment,
}

/// The base URL of a CRM.
pub(super) fn base(text: &str) -> Result<Url, UrlError> {
    let url = Url::parse(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlError::Scheme(url.scheme().to_owned()));
    }
    if url.host().is_none() {
        return Err(UrlError::Host);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credentials);
    }
    if url.query().is_some() {
        return Err(UrlError::Query);
    }
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    Ok(url)
}

/// Whether plain http to it stays on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        None => false,
    }
}

/// An address with a port.
pub(super) fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "must be an address with a port, e.g. `127.0.0.1:8787` or `[::1]:8787`".to_owned()
    })
}

/// The value of an `Origin` header, as browsers spell it.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let wrong = || "must be an origin without a path, e.g. `https://app.example.com`".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = url.host().is_some()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if !bare || !matches!(url.path(), "" | "/") || text.ends_with('/') {
        return Err(wrong());
    }
    if url.origin().is_tuple() {
        Ok(url.origin().ascii_serialization())
    } else {
        Ok(text.to_ascii_lowercase())
    }
}

/// The value of a `Host` header: a name or an address, with a port where it is not the usual one.
pub(super) fn host(text: &str) -> Result<String, String> {
    let wrong = || {
        "must be a host as it stands in a URL, e.g. `mcp.example.com` or `mcp.example.com:8443`"
            .to_owned()
    };
    if text.is_empty() || text.contains(['/', '@', '?', '#', '\\', ' ', '*']) {
        return Err(wrong());
    }
    Url::parse(&format!("http://{text}/")).map_err(|_| wrong())?;
    Ok(text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases() {
        for (text, expected) in [
            ("https://crm.example.com", None),
            ("https://crm.example.com/sub/", None),
            ("http://127.0.0.1:8080", None),
            ("crm.example.com", Some("is no URL")),
            ("https://", Some("is no URL")),
            ("https://u:hunter2@[bad", Some("is no URL")),
            ("ftp://crm.example.com", Some("has the scheme `ftp`")),
            (
                "https://u:hunter2@crm.example.com",
                Some("holds a user name"),
            ),
            ("https://hunter2@crm.example.com", Some("holds a user name")),
            ("https://crm.example.com?token=hunter2", Some("has a query")),
            ("https://crm.example.com#hunter2", Some("has a fragment")),
        ] {
            let message = base(text).err().map(|error| error.to_string());
            assert_eq!(message.is_some(), expected.is_some(), "{text}");
            let message = message.unwrap_or_default();
            assert!(
                message.starts_with(expected.unwrap_or_default()),
                "{text}: {message}"
            );
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn loopback() {
        for (text, expected) in [
            ("http://localhost:1", true),
            ("http://crm.localhost", true),
            ("http://127.9.9.9", true),
            ("http://[::1]", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&base(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn hosts_and_origins() {
        assert_eq!(
            host("MCP.example.com:8443").unwrap(),
            "mcp.example.com:8443"
        );
        for bad in ["", "*", "https://mcp.example.com", "a b", "a/b"] {
            assert!(host(bad).is_err(), "{bad}");
        }
        assert_eq!(
            origin("https://App.example.com:443").unwrap(),
            "https://app.example.com"
        );
        assert_eq!(
            origin("vscode-webview://abc").unwrap(),
            "vscode-webview://abc"
        );
        for bad in [
            "app.example.com",
            "https://app.example.com/x",
            "https://app.example.com/",
            "*",
            "null",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
