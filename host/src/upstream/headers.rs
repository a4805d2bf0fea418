//! Headers: which a guest may set, which it may see, and what a value may hold.
//!
//! Owns the lists and their checks. It must not know which recipe sets a header, only that the host
//! reserved it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use portcullis_manifest::Headers;

/// The most headers of one request; no CRM's API takes more than a handful.
pub(super) const MOST_HEADERS: usize = 16;

/// The longest value, in bytes; servers stop at 8 KiB for all headers together.
pub(super) const LONGEST_VALUE: usize = 2048;

/// What every guest may set.
const SENT: [&str; 2] = ["accept", "content-type"];

/// What every guest may see.
const SEEN: [&str; 4] = ["content-type", RETRY_AFTER, "etag", "content-range"];

/// Seconds, or a date.
const RETRY_AFTER: &str = "retry-after";

/// What no manifest can open: it would change where a request goes, how it is framed, who sends it
/// or which method the server takes it for; or have the answer come in pieces or in characters in
/// which no secret is recognised.
const NEVER_SENT: [&str; 31] = [
    "accept-charset",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "if-range",
    "keep-alive",
    "range",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-method",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
    "x-host",
];

const NEVER_SENT_BEGIN: [&str; 2] = ["proxy-", "x-forwarded-"];

/// What no manifest can show: session ids and what the host's own credentials provoke.
const NEVER_SEEN: [&str; 5] = [
    "set-cookie",
    "set-cookie2",
    "authorization",
    "proxy-authenticate",
    "proxy-authorization",
];

/// What not even a recipe may set: the client's own business.
const FRAMING: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-type",
];

/// Why a manifest's `headers` cannot be honoured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// Not a header's name in lower case.
    #[error("`headers`: `{0}` is no header name in lower case")]
    Name(String),
    /// One that no guest may set.
    #[error("`headers.send`: no plugin may set `{0}`")]
    Send(String),
    /// One that no guest may see.
    #[error("`headers.receive`: no plugin may see `{0}`")]
    Receive(String),
}

/// Why a guest's headers are refused. Names the header, not its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not a name.
    #[error("a header's name is empty, too long or holds characters that no name has")]
    Name,
    /// Not one that this plugin may set.
    #[error("the header `{0}` is not among `headers.send` of the manifest, or is the host's own")]
    NotAllowed(String),
    /// CR, LF, NUL, or anything but visible ASCII and blanks inside.
    #[error("the value of the header `{0}` holds other than visible ASCII characters")]
    Value(String),
    /// Twice.
    #[error("the header `{0}` stands twice")]
    Twice(String),
    /// Too many, or one too long.
    #[error("a request has at most {MOST_HEADERS} headers of {LONGEST_VALUE} bytes")]
    TooMuch,
}

/// The rules of one connection.
#[derive(Debug, Clone)]
pub(super) struct HeaderRules {
    send: BTreeSet<String>,
    receive: BTreeSet<String>,
}

impl HeaderRules {
    /// The manifest's rules, less the headers that the host sets itself.
    ///
    /// # Errors
    /// The manifest wants a header that no plugin may have.
    pub(super) fn new(
        headers: &Headers,
        reserved: &BTreeSet<String>,
    ) -> Result<Self, HeaderProblem> {
        let named = headers.send.iter().chain(&headers.receive);
        let named = named.chain(headers.constant.keys());
        if let Some(name) = named.into_iter().find(|name| !is_name(name)) {
            return Err(HeaderProblem::Name(name.clone()));
        }
        if let Some(name) = headers.send.iter().find(|name| never_sent(name)) {
            return Err(HeaderProblem::Send(name.clone()));
        }
        if let Some(name) = headers
            .receive
            .iter()
            .find(|n| NEVER_SEEN.contains(&n.as_str()))
        {
            return Err(HeaderProblem::Receive(name.clone()));
        }
        let send = SENT
            .map(str::to_owned)
            .into_iter()
            .chain(headers.send.iter().cloned());
        let receive = SEEN
            .map(str::to_owned)
            .into_iter()
            .chain(headers.receive.iter().cloned());
        Ok(Self {
            send: send.filter(|name| !reserved.contains(name)).collect(),
            receive: receive.collect(),
        })
    }

    /// Checks what a guest wants to send; names come back in lower case. Each stands once.
    ///
    /// # Errors
    /// The first header that is not allowed.
    pub(super) fn check(
        &self,
        headers: Vec<(String, String)>,
    ) -> Result<Vec<(String, String)>, HeaderError> {
        if headers.len() > MOST_HEADERS || headers.iter().any(|(_, v)| v.len() > LONGEST_VALUE) {
            return Err(HeaderError::TooMuch);
        }
        let mut checked: Vec<(String, String)> = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            if !is_name(&name) {
                return Err(HeaderError::Name);
            }
            if !self.send.contains(&name) {
                return Err(HeaderError::NotAllowed(name));
            }
            if !is_value(&value) {
                return Err(HeaderError::Value(name));
            }
            if checked.iter().any(|(other, _)| *other == name) {
                return Err(HeaderError::Twice(name));
            }
            checked.push((name, value));
        }
        Ok(checked)
    }

    /// Whether a guest sees a header of an answer; the name is in lower case.
    #[must_use]
    pub(super) fn shows(&self, name: &str) -> bool {
        self.receive.contains(name)
    }
}

/// An answer's headers with a `retry-after` that is a date turned into seconds from now: a guest has no
/// clock. One that is neither stays as it is.
pub(super) fn timed(mut headers: Vec<(String, String)>, now: Timestamp) -> Vec<(String, String)> {
    for (_, value) in headers.iter_mut().filter(|(name, _)| name == RETRY_AFTER) {
        if let Ok(until) = DateTimeParser::new().parse_timestamp(value.trim()) {
            let left = until.as_millisecond() - now.as_millisecond();
            *value = left.max(0).unsigned_abs().div_ceil(1000).to_string();
        }
    }
    headers
}

/// Whether the host may set a header for a recipe or a constant.
pub(super) fn may_host_set(name: &str) -> bool {
    is_name(name) && !FRAMING.contains(&name)
}

/// Visible ASCII, with blanks inside; so no line can be broken.
pub(super) fn is_value(value: &str) -> bool {
    let blank = |c: char| matches!(c, ' ' | '\t');
    value
        .bytes()
        .all(|b| matches!(b, b' ' | b'\t' | 0x21..=0x7e))
        && !value.starts_with(blank)
        && !value.ends_with(blank)
}

fn never_sent(name: &str) -> bool {
    NEVER_SENT.contains(&name) || NEVER_SENT_BEGIN.iter().any(|begin| name.starts_with(begin))
}

/// A token of RFC 9110, section 5.6.2, in lower case; underscores are left out, since some servers
/// take `x_y` for `x-y`.
fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn manifest(send: &[&str], receive: &[&str]) -> Headers {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        Headers {
            send: own(send),
            receive: own(receive),
            constant: std::collections::BTreeMap::new(),
        }
    }

    fn rules() -> HeaderRules {
        let reserved = BTreeSet::from(["x-api-key".to_owned()]);
        HeaderRules::new(
            &manifest(&["prefer", "x-api-key"], &["x-status-reason"]),
            &reserved,
        )
        .unwrap()
    }

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn sent() {
        let long = "x".repeat(LONGEST_VALUE + 1);
        let no = |name: &str| Some(HeaderError::NotAllowed(name.to_owned()));
        let value = |name: &str| Some(HeaderError::Value(name.to_owned()));
        for (name, text, error) in [
            ("Accept", "text/csv", None),
            ("content-type", "application/json; charset=utf-8", None),
            ("Prefer", "", None),
            ("x-api-key", "k", no("x-api-key")),
            ("X-Other", "k", no("x-other")),
            ("Host", "evil", no("host")),
            ("authorization", "Bearer x", no("authorization")),
            (
                "X-HTTP-Method-Override",
                "DELETE",
                no("x-http-method-override"),
            ),
            ("x-forwarded-for", "1.1.1.1", no("x-forwarded-for")),
            ("proxy-authorization", "x", no("proxy-authorization")),
            ("prefer", "a\r\nhost: evil", value("prefer")),
            ("prefer", "a\nb", value("prefer")),
            ("prefer", "a\0", value("prefer")),
            ("prefer", " a", value("prefer")),
            ("prefer", "ä", value("prefer")),
            ("pre fer", "a", Some(HeaderError::Name)),
            ("content_type", "a", Some(HeaderError::Name)),
            ("prefer:", "a", Some(HeaderError::Name)),
            ("prefer\r\nhost", "a", Some(HeaderError::Name)),
            ("", "a", Some(HeaderError::Name)),
            ("prefer", long.as_str(), Some(HeaderError::TooMuch)),
        ] {
            assert_eq!(
                rules().check(one(name, text)).err(),
                error,
                "{name}: {text:?}"
            );
        }
        let twice = [one("content-type", "a/b"), one("Content-Type", "a/b")].concat();
        assert_eq!(
            rules().check(twice),
            Err(HeaderError::Twice("content-type".to_owned()))
        );
        let many = vec![one("prefer", "a").remove(0); MOST_HEADERS + 1];
        assert_eq!(rules().check(many), Err(HeaderError::TooMuch));
    }

    #[test]
    fn a_date_to_wait_for_becomes_seconds_from_its_arrival() {
        let now: Timestamp = "2026-11-20T10:00:00.250Z".parse().unwrap();
        for (value, seconds) in [
            ("Fri, 20 Nov 2026 10:00:07 GMT", "7"),
            (" Fri, 20 Nov 2026 11:00:00 GMT ", "3600"),
            ("Fri, 20 Nov 2026 10:00:00 GMT", "0"),
            ("Thu, 19 Nov 2026 10:00:00 GMT", "0"),
            ("7", "7"),
            ("soon", "soon"),
            (
                "Fri, 31 Nov 2026 10:00:07 GMT",
                "Fri, 31 Nov 2026 10:00:07 GMT",
            ),
        ] {
            let headers = [one("etag", value), one("retry-after", value)].concat();
            let expected = [one("etag", value), one("retry-after", seconds)].concat();
            assert_eq!(timed(headers, now), expected, "{value}");
        }
    }

    #[test]
    fn seen() {
        for (name, shown) in [
            ("content-type", true),
            ("etag", true),
            ("x-status-reason", true),
            ("set-cookie", false),
            ("server", false),
            ("location", false),
        ] {
            assert_eq!(rules().shows(name), shown, "{name}");
        }
    }

    #[test]
    fn manifests_that_ask_too_much() {
        let none = BTreeSet::new();
        for name in NEVER_SENT
            .iter()
            .chain(&["proxy-connection", "x-forwarded-host"])
        {
            let problem = HeaderRules::new(&manifest(&[name], &[]), &none).err();
            assert_eq!(problem, Some(HeaderProblem::Send((*name).to_owned())));
        }
        for name in NEVER_SEEN {
            let problem = HeaderRules::new(&manifest(&[], &[name]), &none).err();
            assert_eq!(problem, Some(HeaderProblem::Receive(name.to_owned())));
        }
        for name in ["Prefer", "a b", "a_b", ""] {
            let problem = HeaderRules::new(&manifest(&[name], &[]), &none).err();
            assert_eq!(problem, Some(HeaderProblem::Name(name.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_one_header_as_it_was_given(
            name in "[Pp]refer|accept|[a-z-]{1,8}|\\PC{1,4}",
            value in "[ -~\\t]{0,12}|\\PC{0,6}|[\\x00-\\x7f]{0,6}",
        ) {
            if let Ok(sent) = rules().check(one(&name, &value)) {
                prop_assert_eq!(&sent, &one(&name.to_ascii_lowercase(), &value));
                prop_assert!(sent[0].0.parse::<HeaderName>().is_ok());
                let taken: HeaderValue = value.parse().unwrap();
                prop_assert_eq!(taken.to_str().unwrap(), value);
            }
        }
    }
}
