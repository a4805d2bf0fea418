//! From an HTTP request to an answer: the log, the slash, the caller, the route, the headers.

use std::sync::Arc;

use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use super::answer::{Body, Reply, page};
use super::request::Call;
use super::route::{self, Found};
use super::session::Session;
use super::tokens::{Caller, Means, admitted, presented};
use super::{Inner, Seen, token_pages};
use crate::pairs::pairs;

/// The default of the real one's framework for bodies without files.
const BODY_LIMIT: usize = 2_621_440;

pub(crate) async fn respond(State(crm): State<Arc<Inner>>, request: Request) -> Response<HttpBody> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT * 4).await.unwrap_or_default();
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), text)
        })
        .collect();
    let query = parts.uri.query().unwrap_or_default();
    crm.remember(Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: query.to_owned(),
        headers: headers.clone(),
        body: body.clone(),
    });
    let Some(path) = parts.uri.path().strip_prefix(crm.options.base.as_str()) else {
        return finished(Reply::page(404), None, false);
    };
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let call = Call {
        method: parts.method.to_string(),
        path: decoded.into_owned(),
        query: pairs(query),
        headers,
        body,
    };
    if !call.path.ends_with('/') && route::find(&format!("{}/", call.path)).is_some() {
        return redirect(&format!("{}{path}/", crm.options.base), query);
    }
    let found = route::find(&call.path);
    let allowed = found.as_ref().map(|found| found.route.allowed());
    let is_head = call.method == "HEAD";
    match answer(&crm, &call, found) {
        Ok(reply) => finished(reply, allowed, is_head),
        Err(refusal) => finished(refusal, None, is_head),
    }
}

/// The route's answer, or the refusal of what stands before all routes.
fn answer(crm: &Inner, call: &Call, found: Option<Found>) -> Result<Reply, Reply> {
    let mut inside = crm.inside();
    let inside = &mut *inside;
    let now = crm.options.clock.now();
    let rest = call.path.strip_prefix("/api/");
    let resource = rest.and_then(|rest| rest.split('/').next());
    let caller = admitted(&inside.tokens, call, now).and_then(|token| {
        let profile = inside
            .store
            .get(&token.org, "profiles", &token.profile)
            .filter(|profile| profile.is("is_active"))?;
        let is_admin = profile.text("role") == "ADMIN";
        Some(Caller::new(token, profile.text("user_id"), is_admin))
    });
    let signed_in = caller
        .as_ref()
        .is_some_and(|caller| caller.means == Means::Session);
    if call.path.starts_with("/api/auth/") && !signed_in {
        return Ok(not_signed_in(call));
    }
    let who = caller.ok_or_else(Reply::no_organisation)?;
    who.reaches(&call.method, resource)?;
    if token_pages::are_at(&call.path) && !signed_in {
        return Err(token_pages::refusal());
    }
    let found = found.ok_or_else(|| Reply::page(404))?;
    let Some(handler) = found.route.handler(&call.method) else {
        let text = format!("Method \"{}\" not allowed.", call.method);
        return Ok(Reply::detail(405, text));
    };
    let mut session = Session {
        options: &crm.options,
        store: &mut inside.store,
        tokens: &mut inside.tokens,
        who,
        call,
        ids: found.ids,
        kind: resource.unwrap_or_default().to_owned(),
        now,
    };
    Ok(handler(&mut session).unwrap_or_else(|refusal| refusal))
}

/// What the pages of a signed-in person say to any token.
fn not_signed_in(call: &Call) -> Reply {
    if presented(call).is_none() {
        let text = "Authentication credentials were not provided.";
        return Reply::detail(401, text);
    }
    let message = json!({"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid"});
    Reply::json(
        401,
        json!({
            "detail": "Given token not valid for any token type",
            "code": "token_not_valid",
            "messages": [message],
        }),
    )
}

fn redirect(path: &str, query: &str) -> Response<HttpBody> {
    let to = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    let mut response = built(301, "text/html; charset=utf-8", Bytes::new());
    put(&mut response, "location", &to);
    response
}

fn finished(reply: Reply, allowed: Option<String>, is_head: bool) -> Response<HttpBody> {
    let is_page = matches!(reply.body, Body::Page);
    let mut disposition = None;
    let (kind, bytes) = match reply.body {
        Body::Json(value) => ("application/json", value.to_string().into()),
        Body::Page => ("text/html; charset=utf-8", page(reply.status).into()),
        Body::Nothing => ("", Bytes::new()),
        Body::Text { kind, text } => (kind, text.into()),
        Body::File { kind, name, bytes } => {
            disposition = Some(format!("attachment; filename=\"{name}\""));
            (kind, bytes.into())
        }
    };
    let bytes = if is_head { Bytes::new() } else { bytes };
    let mut response = built(reply.status, kind, bytes);
    let allowed = allowed.filter(|_| !is_page);
    if reply.status == 401 {
        put(&mut response, "www-authenticate", "Bearer realm=\"api\"");
    }
    put(
        &mut response,
        "vary",
        if allowed.is_some() {
            "Accept, origin"
        } else {
            "origin"
        },
    );
    put(&mut response, "x-frame-options", "DENY");
    if let Some(allowed) = allowed {
        put(&mut response, "allow", &allowed);
    }
    if let Some(disposition) = disposition {
        put(&mut response, "content-disposition", &disposition);
    }
    response
}

fn built(status: u16, kind: &str, bytes: Bytes) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::from(bytes));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !kind.is_empty() {
        put(&mut response, "content-type", kind);
    }
    response
}

fn put(response: &mut Response<HttpBody>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
}
