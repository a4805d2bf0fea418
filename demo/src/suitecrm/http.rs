//! HTTP in: which of the two interfaces is asked, and from where.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Response;
use axum::http::request::Parts;
use bytes::Bytes;
use http_body_util::BodyExt;

use super::Inner;
use super::reply::html;
use super::{v4, v8};
use crate::pairs::pairs;

/// One request below the installation's base.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// Fields of a form, of the body or else of the query.
    pub(crate) form: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) bearer: Option<String>,
    pub(crate) address: String,
}

impl Call {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let (_, value) = self.form.iter().find(|(key, _)| key == name)?;
        Some(value)
    }
}

/// Answers any request.
pub(crate) async fn respond(State(crm): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    crm.log.record(&parts, &body);
    let call = parts
        .uri
        .path()
        .strip_prefix(crm.base.as_str())
        .map(|path| call(&parts, path.trim_start_matches('/'), body));
    match call {
        Some(call) if call.path == "service/v4_1/rest.php" => v4::answer(&crm, &call).await,
        Some(call) if call.path.starts_with("Api/") => v8::answer(&crm, &call),
        _ => html(404, "<!doctype html><title>404 Not Found</title>"),
    }
}

fn call(parts: &Parts, path: &str, body: Bytes) -> Call {
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let query = pairs(parts.uri.query().unwrap_or_default());
    let is_form = header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let mut form = query.clone();
    if is_form {
        form.splice(0..0, pairs(&String::from_utf8_lossy(&body)));
    }
    Call {
        method: parts.method.as_str().to_owned(),
        path: path.to_owned(),
        query,
        form,
        bearer: header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::to_owned),
        address: address(parts, header("x-forwarded-for")),
        body,
    }
}

/// Where a request comes from: what a proxy says counts more than the connection.
fn address(parts: &Parts, forwarded: Option<&str>) -> String {
    let first = forwarded
        .and_then(|list| list.split(',').next())
        .map(str::trim);
    first.filter(|address| !address.is_empty()).map_or_else(
        || {
            parts
                .extensions
                .get::<ConnectInfo<SocketAddr>>()
                .map_or_else(|| "127.0.0.1".to_owned(), |info| info.0.ip().to_string())
        },
        str::to_owned,
    )
}
