//! One request as the handlers see it, and what a test may look back at.

use axum::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::errors::Refusal;

/// A request that arrived, as the client sent it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The verb, in capitals.
    pub method: String,
    /// The whole path as sent, without the query.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// Names in lower case and values, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Bytes,
}

impl Seen {
    /// The value of a header by its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body read as JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether a text, for example a secret, occurs anywhere in the request.
    #[must_use]
    pub fn mentions(&self, text: &str) -> bool {
        let in_headers = self.headers.iter().any(|(_, value)| value.contains(text));
        self.path.contains(text)
            || self.query.contains(text)
            || in_headers
            || String::from_utf8_lossy(&self.body).contains(text)
    }
}

/// A request below the API's root.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// After `/api/v1/`, as sent: this is what a signature covers.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) ip: String,
}

impl Call {
    /// A call nobody made, for what the CRM does by itself.
    pub(crate) fn internal() -> Self {
        let text = String::new;
        Self {
            method: text(),
            path: text(),
            query: text(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            ip: text(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn header_is_true(&self, name: &str) -> bool {
        self.header(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The path decoded and cut at its slashes.
    pub(crate) fn segments(&self) -> Vec<String> {
        let decoded = percent_encoding::percent_decode_str(&self.path).decode_utf8_lossy();
        decoded.split('/').map(str::to_owned).collect()
    }

    /// A parameter of the query by its plain name.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        pairs(&self.query)
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The body as an object. Only JSON and forms are read; malformed JSON breaks the server, any
    /// other body, and JSON that is no object, counts as empty.
    pub(crate) fn payload(&self) -> Result<Map<String, Value>, Refusal> {
        let kind = self.header("content-type").unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            let text = String::from_utf8_lossy(&self.body);
            return Ok(pairs(&text)
                .into_iter()
                .map(|(key, value)| (key, Value::String(value)))
                .collect());
        }
        if !kind.starts_with("application/json") || self.body.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Ok(Map::new()),
            Err(_) => Err(Refusal::bare(500)),
        }
    }
}

/// Decoded pairs of a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}
