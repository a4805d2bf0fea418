//! An expected request and its answer.

use portcullis_manifest::Method;
use serde_json::Value;

use super::routes;
use crate::http::{HttpError, Reason, Request, Response, Stage};

/// An expected request and its answer; used once unless [`Exchange::times`] says otherwise.
#[derive(Debug, Clone)]
pub struct Exchange {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    search: Vec<(String, Value)>,
    headers: Vec<(String, String)>,
    absent_headers: Vec<String>,
    body: Option<Value>,
    parts: Vec<(String, Value)>,
    form: Vec<(String, String)>,
    form_parts: Vec<(String, String, Value)>,
    no_body: bool,
    answer: Result<Response, HttpError>,
    pub(super) left: usize,
}

/// Expects a GET of a path below the base.
#[must_use]
pub fn get(path: &str) -> Exchange {
    Exchange::new(Method::Get, path)
}

/// Expects a POST.
#[must_use]
pub fn post(path: &str) -> Exchange {
    Exchange::new(Method::Post, path)
}

/// Expects a PUT.
#[must_use]
pub fn put(path: &str) -> Exchange {
    Exchange::new(Method::Put, path)
}

/// Expects a PATCH.
#[must_use]
pub fn patch(path: &str) -> Exchange {
    Exchange::new(Method::Patch, path)
}

/// Expects a DELETE.
#[must_use]
pub fn delete(path: &str) -> Exchange {
    Exchange::new(Method::Delete, path)
}

impl Exchange {
    /// Expects a request; it is answered with 200 and an empty body until told otherwise.
    #[must_use]
    pub fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            query: Vec::new(),
            search: Vec::new(),
            headers: Vec::new(),
            absent_headers: Vec::new(),
            body: None,
            parts: Vec::new(),
            form: Vec::new(),
            form_parts: Vec::new(),
            no_body: false,
            answer: Ok(Response {
                status: 200,
                headers: Vec::new(),
                body: Vec::new(),
            }),
            left: 1,
        }
    }

    /// The request carries this query pair.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a value reads better at the call site"
    )]
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// The JSON in the query pair `name` holds `value` at the pointer.
    #[must_use]
    pub fn query_json(mut self, name_and_pointer: (&str, &str), value: Value) -> Self {
        self.search.push((
            format!("{}{}", name_and_pointer.0, name_and_pointer.1),
            value,
        ));
        self
    }

    /// The request carries this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The request does not carry this header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.absent_headers.push(name.to_owned());
        self
    }

    /// The body is exactly this JSON.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The JSON body holds this value at a pointer.
    #[must_use]
    pub fn body_at(mut self, pointer: &str, value: Value) -> Self {
        self.parts.push((pointer.to_owned(), value));
        self
    }

    /// The form body holds this field.
    #[must_use]
    pub fn form(mut self, field: &str, value: &str) -> Self {
        self.form.push((field.to_owned(), value.to_owned()));
        self
    }

    /// The JSON in a field of the form body holds this value at a pointer.
    #[must_use]
    pub fn form_at(mut self, field: &str, pointer: &str, value: Value) -> Self {
        self.form_parts
            .push((field.to_owned(), pointer.to_owned(), value));
        self
    }

    /// There is no body.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.no_body = true;
        self
    }

    /// Answers with JSON.
    #[must_use]
    pub fn reply(self, status: u16, body: impl Into<Value>) -> Self {
        self.reply_bytes(status, "application/json", body.into().to_string())
    }

    /// Answers with a body of any kind; an empty type sends no `content-type`.
    #[must_use]
    pub fn reply_bytes(
        mut self,
        status: u16,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        let mut headers = Vec::new();
        if !content_type.is_empty() {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
        }
        self.answer = Ok(Response {
            status,
            headers,
            body: body.into(),
        });
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let Ok(response) = &mut self.answer {
            response.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Gives no answer.
    #[must_use]
    pub fn fail(mut self, reason: Reason, stage: Stage) -> Self {
        self.answer = Err(HttpError {
            reason,
            stage,
            detail: String::new(),
            retry_after_ms: None,
        });
        self
    }

    /// Expects it so many times.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.left = count;
        self
    }

    /// What it answers, for use in a closure.
    ///
    /// # Errors
    /// What [`Exchange::fail`] set.
    pub fn response(&self) -> Result<Response, HttpError> {
        self.answer.clone()
    }

    pub(super) fn line(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path)
    }

    pub(super) fn matches(&self, request: &Request) -> bool {
        self.method == request.method
            && self.path == request.path.join("/")
            && self.query.iter().all(|pair| request.query.contains(pair))
            && self
                .search
                .iter()
                .all(|(place, value)| query_json(request, place).as_ref() == Some(value))
            && self
                .headers
                .iter()
                .all(|pair| request.headers.contains(pair))
            && !self
                .absent_headers
                .iter()
                .any(|name| request.headers.iter().any(|(key, _)| key == name))
            && self
                .body
                .as_ref()
                .is_none_or(|body| request.json().as_ref() == Some(body))
            && self.parts.iter().all(|(pointer, value)| {
                request
                    .json()
                    .is_some_and(|body| body.pointer(pointer) == Some(value))
            })
            && self.form_matches(request)
            && !(self.no_body && request.body.is_some())
    }

    fn form_matches(&self, request: &Request) -> bool {
        if self.form.is_empty() && self.form_parts.is_empty() {
            return true;
        }
        let pairs = routes::form_pairs(request);
        let json = |field: &str| {
            let (_, text) = pairs.iter().find(|(key, _)| key == field)?;
            serde_json::from_str::<Value>(text).ok()
        };
        self.form.iter().all(|pair| pairs.contains(pair))
            && self.form_parts.iter().all(|(field, pointer, value)| {
                json(field).is_some_and(|inner| inner.pointer(pointer) == Some(value))
            })
    }
}

fn query_json(request: &Request, place: &str) -> Option<Value> {
    let (name, pointer) = place.split_at(place.find('/').unwrap_or(place.len()));
    let (_, text) = request.query.iter().find(|(key, _)| key == name)?;
    serde_json::from_str::<Value>(text)
        .ok()?
        .pointer(pointer)
        .cloned()
}
