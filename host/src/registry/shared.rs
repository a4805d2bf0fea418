//! Which connections the endpoint without a name serves.
//!
//! Owns the rule that a caller's own token only goes where it was issued: `/mcp` serves connections of
//! one kind, and those that act with callers' tokens only where all of them are one CRM.

use std::collections::BTreeSet;

use crate::config::{Connection, Identity};

/// What `/mcp` serves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shared {
    /// The connections that act as the operator's accounts.
    #[default]
    Service,
    /// The connections that act with the caller's own token; there are no others.
    Forward,
    /// None: all act with callers' own tokens, and a token for one CRM must not reach another.
    Nobody,
}

impl Shared {
    /// By what the operator configured, so that a plugin that is late or broken changes nothing.
    #[must_use]
    pub fn of(connections: &[Connection]) -> Self {
        let service = |connection: &Connection| connection.identity == Identity::Service;
        if connections.is_empty() || connections.iter().any(service) {
            return Self::Service;
        }
        if one_issuer(connections) {
            Self::Forward
        } else {
            Self::Nobody
        }
    }

    /// Whether it serves a connection.
    #[must_use]
    pub fn covers(self, connection: &Connection) -> bool {
        match self {
            Self::Service => connection.identity == Identity::Service,
            Self::Forward => connection.identity == Identity::Forward,
            Self::Nobody => false,
        }
    }
}

/// Whether all of them are one CRM, so that a caller's token for one may reach each.
#[must_use]
pub fn one_issuer<'c>(connections: impl IntoIterator<Item = &'c Connection>) -> bool {
    let origins = connections
        .into_iter()
        .map(|connection| connection.url.origin());
    let issuers: BTreeSet<_> = origins.map(|origin| origin.ascii_serialization()).collect();
    issuers.len() == 1
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn shared(connections: &[(&str, &str)]) -> Shared {
        let text: String = connections
            .iter()
            .enumerate()
            .map(|(n, (identity, url))| {
                format!(
                    "[connections.c{n}]\nplugin = 'a'\nurl = '{url}'\nidentity = '{identity}'\n"
                )
            })
            .collect();
        let config = Config::from_text(&text, Path::new("t.toml"), &|_| None).unwrap();
        Shared::of(&config.connections)
    }

    #[test]
    fn one_kind_and_one_issuer() {
        let (a, b) = ("https://a.example.com/x", "https://b.example.com");
        for (connections, expected) in [
            (&[][..], Shared::Service),
            (&[("service", a)], Shared::Service),
            (&[("forward", a), ("service", b)], Shared::Service),
            (&[("forward", a)], Shared::Forward),
            (
                &[("forward", a), ("forward", "https://a.example.com:443/y")],
                Shared::Forward,
            ),
            (&[("forward", a), ("forward", b)], Shared::Nobody),
        ] {
            assert_eq!(shared(connections), expected, "{connections:?}");
        }
    }
}
