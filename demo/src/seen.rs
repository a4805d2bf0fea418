//! What a test may look back at: requests as they arrived.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::request::Parts;
use bytes::Bytes;
use serde_json::Value;

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

/// The last requests, oldest first.
#[derive(Debug)]
pub(crate) struct Log {
    limit: usize,
    seen: Mutex<VecDeque<Seen>>,
}

impl Log {
    /// Keeps so many.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            seen: Mutex::default(),
        }
    }

    pub(crate) fn record(&self, parts: &Parts, body: &Bytes) {
        if self.limit == 0 {
            return;
        }
        let headers = parts.headers.iter().map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), text)
        });
        let seen = Seen {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body: body.clone(),
        };
        let mut list = self.list();
        if list.len() >= self.limit {
            list.pop_front();
        }
        list.push_back(seen);
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.list().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.list().clear();
    }

    fn list(&self) -> MutexGuard<'_, VecDeque<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
