//! HTTP in and out: one request becomes a call, its outcome a response with EspoCRM's headers.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::Inner;
use super::app_user::public_settings;
use super::auth::authenticate;
use super::errors::Refusal;
use super::metadata::labels;
use super::request::Call;
use super::router::{Reply, Session, allowed};
use super::users::User;

const API: &str = "/api/v1";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=UTF-8");

/// Answers any request.
pub(crate) async fn respond(State(crm): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let method = parts.method.as_str().to_owned();
    let ip = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(|| "127.0.0.1".to_owned(), |info| info.0.ip().to_string());
    crm.log.record(&parts, &body);
    let Some(below) = below_api(&crm.base, &path) else {
        return outside();
    };
    let call = Call {
        method,
        path: below.to_owned(),
        query,
        headers: parts.headers,
        body,
        ip,
    };
    match crm.answer(&call) {
        Ok(reply) => crm.success(reply),
        Err(refusal) => crm.refused(&refusal),
    }
}

/// The path below `/api/v1/`.
fn below_api<'a>(base: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(base)?.strip_prefix(API)?;
    if rest.is_empty() {
        Some("")
    } else {
        rest.strip_prefix('/')
    }
}

/// What the web server in front says about paths that are not the API's.
fn outside() -> Response<Body> {
    build(
        StatusCode::NOT_FOUND,
        HTML,
        Body::from("<!doctype html><title>404 Not Found</title>"),
    )
}

impl Inner {
    fn answer(&self, call: &Call) -> Result<Reply, Refusal> {
        let decoded = call.segments();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let is_root = call.path.is_empty();
        if !is_root {
            check_route(&segments, &call.method)?;
        }
        if self.is_locked(&call.ip) {
            return Err(Refusal::locked_out());
        }
        if let Some(open) = self.open_to_all(call, &segments) {
            return Ok(Reply::Json(open));
        }
        let user = self.login(call)?;
        if is_root {
            return Ok(Reply::Json(json!("EspoCRM REST API")));
        }
        Session {
            crm: self,
            user,
            call,
        }
        .run(&segments)
    }

    fn is_locked(&self, ip: &str) -> bool {
        let Some(lockout) = &self.lockout else {
            return false;
        };
        lockout
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_closed(ip, self.now())
    }

    fn login(&self, call: &Call) -> Result<&User, Refusal> {
        authenticate(&self.users, call).inspect_err(|refusal| {
            let tried = [
                "x-api-key",
                "x-hmac-authorization",
                "authorization",
                "espo-authorization",
            ];
            let with_credentials = tried.iter().any(|name| call.header(name).is_some());
            if let (Some(lockout), true, 401) = (&self.lockout, with_credentials, refusal.status) {
                lockout
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .fail(&call.ip, self.now());
            }
        })
    }

    /// Labels, and settings for those who show no credentials.
    fn open_to_all(&self, call: &Call, segments: &[&str]) -> Option<Value> {
        let anonymous = [
            "x-api-key",
            "x-hmac-authorization",
            "authorization",
            "espo-authorization",
        ]
        .iter()
        .all(|name| call.header(name).is_none());
        match segments {
            ["I18n"] => Some(labels(&self.schema)),
            ["Settings"] if anonymous => Some(public_settings()),
            _ => None,
        }
    }

    fn success(&self, reply: Reply) -> Response<Body> {
        let (body, relinked) = match reply {
            Reply::Json(value) => (value.to_string(), false),
            Reply::LinksChanged(value) => (value.to_string(), true),
            Reply::Nothing => (String::new(), false),
        };
        let mut response = build(StatusCode::OK, JSON, Body::from(body));
        response
            .headers_mut()
            .insert("x-app-timestamp", HeaderValue::from(self.app_timestamp()));
        if relinked {
            response
                .headers_mut()
                .insert("x-record-link-updated", HeaderValue::from_static("true"));
        }
        response
    }

    fn refused(&self, refusal: &Refusal) -> Response<Body> {
        let status =
            StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = refusal
            .body
            .as_ref()
            .map(Value::to_string)
            .unwrap_or_default();
        let mut response = build(
            status,
            if refusal.html { HTML } else { JSON },
            Body::from(body),
        );
        let headers = response.headers_mut();
        if let Some(reason) = self.reason(refusal) {
            headers.insert("x-status-reason", reason);
        }
        if let Some(allow) = refusal.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if refusal.challenge {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"\""),
            );
        }
        response
    }

    fn reason(&self, refusal: &Refusal) -> Option<HeaderValue> {
        let reason = refusal.reason.as_ref()?;
        let twice = refusal.twice_on_9 && !self.version.is_10();
        let text = if twice {
            format!("{reason} {reason}")
        } else {
            reason.clone()
        };
        HeaderValue::from_bytes(text.replace(['\r', '\n'], " ").as_bytes()).ok()
    }
}

/// Routes are known before callers are. `HEAD` passes as `GET` and fails later; `OPTIONS` is
/// answered like a wrong verb, but with 200.
fn check_route(segments: &[&str], method: &str) -> Result<(), Refusal> {
    let allow = allowed(segments).ok_or_else(Refusal::no_route)?;
    let as_routed = if method == "HEAD" { "GET" } else { method };
    if allow.split(", ").any(|verb| verb == as_routed) {
        return Ok(());
    }
    let refusal = Refusal::no_method(allow);
    Err(if method == "OPTIONS" {
        Refusal {
            status: 200,
            ..refusal
        }
    } else {
        refusal
    })
}

fn build(status: StatusCode, kind: HeaderValue, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
