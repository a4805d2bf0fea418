//! The address of a resource: as its manifest writes it, as MCP lists it, as a client asks for it.
//!
//! Every address names its connection, so that two connections of one plugin never share one. It must
//! not know what a resource holds.

use percent_encoding::percent_decode_str;
use portcullis_manifest::CONNECTION;
use serde_json::{Map, Value};

use crate::policy::{Pattern, PatternError, segment};

/// Schemes whose addresses a client would look up without asking the server, or that run something.
const FOREIGN: [&str; 8] = [
    "http",
    "https",
    "ws",
    "wss",
    "file",
    "data",
    "blob",
    "javascript",
];

/// The longest scheme, in characters.
const LONGEST_SCHEME: usize = 20;

/// An address with the connection's name left open, e.g. `notes://{connection}/notes/{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    scheme: String,
    path: Pattern,
    /// Whether its addresses name no connection: those of the conformance suite's fixture.
    bare: bool,
}

/// Why a text is no address of a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It is written in another way.
    #[error("is not of the form `<scheme>://{CONNECTION}/<segments>`")]
    Form,
    /// Its scheme belongs to others.
    #[error("has the scheme `{0}`, whose addresses a client would look up elsewhere")]
    Foreign(String),
    /// Its segments.
    #[error("{0}")]
    Path(#[from] PatternError),
    /// The name that stands for the connection.
    #[error("names a segment `{CONNECTION}` as well")]
    Connection,
}

impl Uri {
    /// Reads what a manifest says.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let (scheme, rest) = text.split_once("://").ok_or(UriError::Form)?;
        let path = rest.strip_prefix(CONNECTION).ok_or(UriError::Form)?;
        let path = path.strip_prefix('/').ok_or(UriError::Form)?;
        if !is_scheme(scheme) || path.is_empty() || path.ends_with('/') {
            return Err(UriError::Form);
        }
        if FOREIGN.contains(&scheme) {
            return Err(UriError::Foreign(scheme.to_owned()));
        }
        let path = Pattern::parse(path)?;
        if path
            .placeholders()
            .any(|name| format!("{{{name}}}") == CONNECTION)
        {
            return Err(UriError::Connection);
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            path,
            bare: false,
        })
    }

    /// The same without the connection's name, as the conformance suite reads it.
    #[must_use]
    pub fn bare(self) -> Self {
        Self { bare: true, ..self }
    }

    /// What its placeholders are called; without any it is one address, else a template.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.path.placeholders()
    }

    /// The address, or the template of addresses, on a connection (RFC 6570, level 1).
    #[must_use]
    pub fn on(&self, connection: &str) -> String {
        let (scheme, path) = (&self.scheme, self.path.as_str());
        if self.bare {
            return format!("{scheme}://{path}");
        }
        format!("{scheme}://{connection}/{path}")
    }

    /// What the placeholders catch of a client's address; nothing where it is another one.
    #[must_use]
    pub fn catch(&self, connection: &str, uri: &str) -> Option<Map<String, Value>> {
        let (scheme, rest) = uri.split_once("://")?;
        let (host, path) = match self.bare {
            true => (connection, rest),
            false => rest.split_once('/')?,
        };
        if !scheme.eq_ignore_ascii_case(&self.scheme) || host != connection {
            return None;
        }
        let path = decode(path)?;
        let caught = self.path.matches(&path)?;
        let names = self.path.placeholders();
        let values = names.map(|name| (name.to_owned(), caught.get(name).into()));
        Some(values.collect())
    }
}

/// Segments as they are meant; nothing for a query, a fragment, or what no request could carry.
fn decode(path: &str) -> Option<Vec<String>> {
    if path.contains(['?', '#']) || path.len() > segment::LONGEST_PATH {
        return None;
    }
    let decode = |piece: &str| {
        let text = percent_decode_str(piece).decode_utf8().ok()?.into_owned();
        segment::check(&text).ok().map(|()| text)
    };
    path.split('/').map(decode).collect()
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= LONGEST_SCHEME
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+.-".contains(c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_manifest_may_say() {
        for (text, fault) in [
            ("ui://{connection}/task-list", None),
            ("crm://{connection}/schema/{entity}", None),
            ("ui://sales/page", Some("form")),
            ("ui://{connection}", Some("form")),
            ("ui://{connection}/", Some("form")),
            ("ui://{connection}/a/", Some("form")),
            ("ui:{connection}/a", Some("form")),
            ("UI://{connection}/a", Some("form")),
            ("://{connection}/a", Some("form")),
            ("https://{connection}/a", Some("elsewhere")),
            ("file://{connection}/a", Some("elsewhere")),
            ("ui://{connection}/../a", Some("dot segment")),
            ("ui://{connection}/a//b", Some("empty")),
            ("ui://{connection}/a{b}", Some("placeholder")),
            ("ui://{connection}/{a}/{a}", Some("twice")),
            ("ui://{connection}/{connection}", Some("as well")),
        ] {
            let found = Uri::parse(text).err().map(|error| error.to_string());
            match (found, fault) {
                (None, None) => {}
                (Some(found), Some(fault)) => assert!(found.contains(fault), "{text}: {found}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn an_address_belongs_to_one_connection() {
        let page = Uri::parse("ui://{connection}/page").unwrap();
        assert_eq!(page.on("sales"), "ui://sales/page");
        assert_eq!(page.catch("sales", "ui://sales/page"), Some(Map::new()));
        for other in [
            "ui://other/page",
            "ui://sales/page/",
            "ui://sales/page?x=1",
            "ui://sales/page#x",
            "ui://sales/other",
            "ui://sales",
            "ui://x@sales/page",
            "notes://sales/page",
            "page",
            "",
        ] {
            assert_eq!(page.catch("sales", other), None, "{other}");
        }
    }

    #[test]
    fn a_segment_is_caught_decoded_and_never_changes_the_path() {
        let note = Uri::parse("notes://{connection}/{kind}/{id}").unwrap();
        assert_eq!(note.on("a"), "notes://a/{kind}/{id}");
        let caught = |uri: &str| note.catch("a", uri).map(Value::Object);
        assert_eq!(
            caught("notes://a/one/caf%C3%A9%20x"),
            Some(json!({"kind": "one", "id": "café x"}))
        );
        for bad in [
            "notes://a/one/%2e%2e",
            "notes://a/one/..",
            "notes://a/one/a%2Fb",
            "notes://a/one/a%5cb",
            "notes://a/one/a%00",
            "notes://a/one/%ff",
            "notes://a/one/%252e",
            "notes://a/one/",
            "notes://a/one",
            "notes://a/one/two/three",
        ] {
            assert_eq!(caught(bad), None, "{bad}");
        }
    }
}
