//! One request as the handlers see it.

use axum::http::HeaderMap;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::errors::Refusal;
use crate::pairs::pairs;

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
