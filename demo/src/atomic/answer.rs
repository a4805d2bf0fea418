//! What a handler answers with, and the refusals in PostgREST's, the sign-in's and the gateway's shape.
//!
//! Owns statuses and bodies; when which of them is due is the handlers' business.
//!
//! Source: answers of PostgREST 12.0.2 on PostgreSQL 15 to 18, November 2026; for the sign-in,
//! the source of Supabase Auth of August 2026.

use serde_json::{Value, json};

/// What is in an answer.
#[derive(Debug)]
pub(crate) enum Body {
    Json(Value),
    /// One object, in PostgREST's media type for it.
    Object(Value),
    Csv(String),
    Nothing,
}

/// An answer; the same type for successes and refusals, so that `?` serves both.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

pub(crate) type Answer = Result<Reply, Reply>;

impl Reply {
    pub(crate) fn new(status: u16, body: Body) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self::new(status, Body::Json(body))
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A refusal of the database or of PostgREST, with the status that belongs to its code.
    pub(crate) fn refused(code: &str, message: impl Into<String>) -> Self {
        let body = json!({"code": code, "details": null, "hint": null, "message": message.into()});
        Self::json(status_of(code), body)
    }

    /// The same with details.
    pub(crate) fn details(self, details: impl Into<String>) -> Self {
        self.with("details", details.into())
    }

    /// The same with a hint.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.with("hint", hint.into())
    }

    fn with(mut self, key: &str, text: String) -> Self {
        if let Body::Json(body) = &mut self.body {
            body[key] = text.into();
        }
        self
    }

    /// A query string that PostgREST cannot read.
    pub(crate) fn unreadable(what: &str, text: &str, column: usize, details: &str) -> Self {
        let message = format!("\"failed to parse {what} ({text})\" (line 1, column {column})");
        Self::refused("PGRST100", message).details(details)
    }

    /// A column that a relation does not have.
    pub(crate) fn no_column(relation: &str, name: &str) -> Self {
        Self::refused("42703", format!("column {relation}.{name} does not exist"))
    }

    /// A token that PostgREST does not take.
    pub(crate) fn bad_token(message: &str) -> Self {
        let quoted = message.replace('"', "\\\"");
        let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{quoted}\"");
        Self::refused("PGRST301", message).header("www-authenticate", challenge)
    }

    /// A refusal of the sign-in.
    pub(crate) fn sign_in(status: u16, code: &str, message: &str) -> Self {
        let body = json!({"code": status, "error_code": code, "msg": message});
        Self::json(status, body).header("x-sb-error-code", code)
    }

    /// A refusal of the gateway in front of everything.
    pub(crate) fn gateway(status: u16, message: &str, hint: &str) -> Self {
        Self::json(status, json!({"message": message, "hint": hint}))
    }

    /// The code of a refusal, empty for anything else.
    #[cfg(test)]
    pub(crate) fn code(&self) -> &str {
        match &self.body {
            Body::Json(body) => body["code"].as_str().unwrap_or_default(),
            _ => "",
        }
    }
}

/// The status that PostgREST gives a code.
fn status_of(code: &str) -> u16 {
    match code {
        "PGRST103" => 416,
        "PGRST106" | "PGRST116" => 406,
        "PGRST107" => 415,
        "PGRST202" | "42883" | "42P01" => 404,
        "PGRST301" | "PGRST302" => 401,
        "42501" => 403,
        "25006" => 405,
        "23503" | "23505" => 409,
        "55000" => 500,
        _ => 400,
    }
}
