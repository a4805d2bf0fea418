//! What a handler answers with, in every shape that the real one uses.
//!
//! Owns statuses, bodies and their wording in general; what is said about which thing is the
//! handlers' business.

use serde_json::{Map, Value, json};

/// What is in an answer.
#[derive(Debug)]
pub(crate) enum Body {
    Json(Value),
    /// The web page of the status.
    Page,
    Nothing,
    File {
        kind: &'static str,
        name: String,
        bytes: Vec<u8>,
    },
    Text {
        kind: &'static str,
        text: String,
    },
}

/// An answer; the same type for successes and refusals, so that `?` serves both.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Body,
}

pub(crate) type Answer = Result<Reply, Reply>;

/// Messages by field.
#[derive(Debug, Default)]
pub(crate) struct Faulty(Map<String, Value>);

impl Faulty {
    pub(crate) fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.insert(field.to_owned(), json!([message.into()]));
    }

    pub(crate) fn put(&mut self, field: &str, value: Value) {
        self.0.insert(field.to_owned(), value);
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Nothing, or the 400 with `{"error": true, "errors": {field: [text]}}`.
    pub(crate) fn refuse(self) -> Result<(), Reply> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Reply::json(400, json!({"error": true, "errors": self.0})))
    }

    /// Nothing, or the 400 with `{field: [text]}` alone.
    pub(crate) fn refuse_bare(self) -> Result<(), Reply> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Reply::json(400, Value::Object(self.0)))
    }
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Body::Json(body),
        }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// `{"error": false, "message": text}`.
    pub(crate) fn done(message: &str) -> Self {
        Self::ok(json!({"error": false, "message": message}))
    }

    /// 204 without a body.
    pub(crate) fn nothing() -> Self {
        Self {
            status: 204,
            body: Body::Nothing,
        }
    }

    /// The web page of a status.
    pub(crate) fn page(status: u16) -> Self {
        Self {
            status,
            body: Body::Page,
        }
    }

    /// `{"error": true, "errors": text}`.
    pub(crate) fn errors(status: u16, text: impl Into<String>) -> Self {
        Self::json(status, json!({"error": true, "errors": text.into()}))
    }

    /// `{"error": true, "message": text}`.
    pub(crate) fn message(status: u16, text: impl Into<String>) -> Self {
        Self::json(status, json!({"error": true, "message": text.into()}))
    }

    /// `{"error": text}`.
    pub(crate) fn plain(status: u16, text: impl Into<String>) -> Self {
        Self::json(status, json!({"error": text.into()}))
    }

    /// `{"detail": text}`.
    pub(crate) fn detail(status: u16, text: impl Into<String>) -> Self {
        Self::json(status, json!({"detail": text.into()}))
    }

    /// `{"error": true, "errors": {field: [text]}}`.
    pub(crate) fn field(field: &str, text: impl Into<String>) -> Self {
        Self::json(
            400,
            json!({"error": true, "errors": {field: [text.into()]}}),
        )
    }

    /// `{field: [text]}`.
    pub(crate) fn bare(field: &str, text: impl Into<String>) -> Self {
        Self::json(400, json!({field: [text.into()]}))
    }

    /// What every credential that is none gets.
    pub(crate) fn no_organisation() -> Self {
        Self::detail(403, "Organization context is required. Please login again.")
    }
}

/// The page that stands for a status, as the real one's framework prints it.
pub(crate) fn page(status: u16) -> String {
    let (title, text) = match status {
        404 => (
            "Not Found",
            "The requested resource was not found on this server.",
        ),
        _ => ("Server Error (500)", ""),
    };
    format!(
        "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>{title}</title>\n</head>\n<body>\n  \
         <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
    )
}
