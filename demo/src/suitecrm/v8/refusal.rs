//! Why V8 refuses, and how it says so.

use axum::body::Body;
use axum::http::Response;
use serde_json::json;

use super::JSON_API;
use crate::suitecrm::reply::{build, html};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The parameters are wrong; plain JSON.
    Parameters(String),
    /// What was asked for is not there or not allowed; V8's own media type.
    Content(String),
    /// The program broke.
    Crash,
}

impl Refusal {
    pub(crate) fn denied() -> Self {
        Self::Content("[SuiteCRM] [AccessDeniedException] ".to_owned())
    }

    pub(crate) fn not_found(module: &str, id: &str) -> Self {
        Self::Content(format!("{module} module with id {id} is not found"))
    }

    pub(crate) fn no_link(link: &str, object: &str) -> Self {
        Self::Parameters(format!(
            "Cannot load relationship {link} for {object} module"
        ))
    }

    /// A parameter that is not one, and those that are.
    pub(crate) fn option(name: &str, defined: &[&str]) -> Self {
        let defined: Vec<String> = defined.iter().map(|name| format!("\"{name}\"")).collect();
        Self::Parameters(format!(
            "The option \"{name}\" does not exist. Defined options are: {}.",
            defined.join(", ")
        ))
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let (kind, detail) = match self {
            Self::Parameters(detail) => ("application/json", detail),
            Self::Content(detail) => (JSON_API, detail),
            Self::Crash => return html(500, ""),
        };
        let body = json!({"errors": {"status": 400, "title": null, "detail": detail}});
        build(400, kind, body.to_string())
    }
}
