//! What SuiteCRM says: values, numbered errors that come with status 200, and the ways it breaks.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// The end of one v4_1 call that is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Number 10.
    InvalidLogin,
    /// Number 11.
    InvalidSession,
    /// Number 20.
    NoModule,
    /// Number 40; also what the query guard says.
    Denied,
    /// Number 51.
    NoRecords,
    /// The method is not there; its number is a text.
    NoMethod,
    /// An empty 500: the program broke.
    Crash,
    /// A 500 with a sentence: the database refused.
    Database,
    /// `null`: an empty session, or an id of a wrong form.
    Null,
}

impl Failure {
    fn named(self) -> Option<(&'static str, Value, &'static str)> {
        Some(match self {
            Self::InvalidLogin => (
                "Invalid Login",
                json!(10),
                "Login attempt failed please check the username and password",
            ),
            Self::InvalidSession => ("Invalid Session ID", json!(11), "The session ID is invalid"),
            Self::NoModule => (
                "Module Does Not Exist",
                json!(20),
                "This module is not available on this server",
            ),
            Self::Denied => ("Access Denied", json!(40), "You do not have access"),
            Self::NoRecords => ("No Records", json!(51), "No records were found."),
            Self::NoMethod => (
                "An Undefined Error - invalid_call occurred",
                json!("-1"),
                "There is no error definition for invalid_call",
            ),
            Self::Crash | Self::Database | Self::Null => return None,
        })
    }

    pub(crate) fn response(self) -> Response<Body> {
        match (self, self.named()) {
            (_, Some((name, number, description))) => success(&json!({
                "name": name, "number": number, "description": description,
            })),
            (Self::Null, None) => success(&Value::Null),
            (Self::Database, None) => html(
                500,
                "Database failure. Please refer to suitecrm.log for details.",
            ),
            (_, None) => html(500, ""),
        }
    }
}

/// A value of v4_1.
pub(crate) fn success(value: &Value) -> Response<Body> {
    build(200, "application/json; charset=UTF-8", value.to_string())
}

/// Text that is no JSON.
pub(crate) fn html(status: u16, text: &str) -> Response<Body> {
    build(status, "text/html; charset=UTF-8", text.to_owned())
}

/// Any answer.
pub(crate) fn build(status: u16, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
