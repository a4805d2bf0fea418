//! The V8 JSON:API: tokens, then routes. It is honest where v4_1 is not, and refuses with status
//! 400 and a sentence.

mod filter;
mod listing;
mod metadata;
mod record;
mod refusal;
mod relating;
mod token;
mod writing;

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

use super::Inner;
use super::http::Call;
use super::reply::{build, html};
use super::sessions::BadToken;
use super::users::User;
use super::work::Work;
use refusal::Refusal;

/// Media type of V8's own answers.
const JSON_API: &str = "application/vnd.api+json";

/// A successful answer and its status.
type Answer = Result<(u16, Value), Refusal>;

/// Answers one call.
pub(crate) fn answer(crm: &Inner, call: &Call) -> Response<Body> {
    let mode = crm.state().v8;
    match mode {
        super::V8::On => {}
        super::V8::Unauthorized => return token::denied("Access token has been revoked"),
        super::V8::Broken => return html(500, ""),
        super::V8::Unreachable => return gone(),
    }
    let path = call
        .path
        .trim_start_matches("Api/")
        .trim_start_matches("index.php/");
    if path == "access_token" {
        return token::issue(crm, call);
    }
    let Some(route) = path.strip_prefix("V8/") else {
        return outside();
    };
    let user = match holder(crm, call) {
        Ok(user) => user,
        Err(hint) => return token::denied(hint),
    };
    if route == "logout" && call.method == "POST" {
        crm.state()
            .sessions
            .revoke(call.bearer.as_deref().unwrap_or_default());
        return build(
            200,
            JSON_API,
            message("You have been successfully logged out").to_string(),
        );
    }
    let decoded = percent_encoding::percent_decode_str(route).decode_utf8_lossy();
    let segments: Vec<&str> = decoded.split('/').collect();
    match crm.work(user, |work| work.route(call, &segments)) {
        Some(Ok((status, value))) => build(status, JSON_API, value.to_string()),
        Some(Err(refusal)) => refusal.response(),
        None => outside(),
    }
}

fn holder(crm: &Inner, call: &Call) -> Result<&'static User, &'static str> {
    let token = call
        .bearer
        .as_deref()
        .ok_or("Missing \"Authorization\" header")?;
    crm.state()
        .sessions
        .holder(token, crm.now(), false)
        .map_err(|bad| match bad {
            BadToken::Unknown => "Error while decoding from JSON",
            BadToken::Expired => "Access token is invalid",
            BadToken::Revoked => "Access token has been revoked",
        })
}

impl Work<'_> {
    /// Finds what a path means; nothing for a path or a verb that V8 does not have.
    fn route(&mut self, call: &Call, segments: &[&str]) -> Option<Answer> {
        Some(match (call.method.as_str(), segments) {
            ("GET", ["current-user"]) => Ok((200, self.current_user())),
            ("GET", ["meta", "modules"]) => Ok((200, self.meta_modules())),
            ("GET", ["meta", "fields", module]) => self.meta_fields(module),
            ("GET", ["module", module]) => self.list_v8(call, module),
            ("GET", ["module", module, id]) => self.read_v8(call, module, id),
            ("POST", ["module"]) => self.create_v8(&body(call)),
            ("PATCH", ["module"]) => self.update_v8(&body(call)),
            ("DELETE", ["module", module, id]) => self.delete_v8(module, id),
            ("GET", ["module", module, id, "relationships", link]) => {
                self.related_v8(call, module, id, link)
            }
            ("POST", ["module", module, id, "relationships"]) => {
                self.relate_by_type(module, id, &body(call))
            }
            ("POST", ["module", module, id, "relationships", link]) => {
                self.relate_by_link(module, id, link, &body(call))
            }
            ("DELETE", ["module", module, id, "relationships", link, other]) => {
                self.unrelate_v8(module, id, link, other)
            }
            ("GET", ["listview", "columns", _]) => Err(Refusal::Crash),
            _ => return None,
        })
    }
}

fn body(call: &Call) -> Value {
    serde_json::from_slice(&call.body).unwrap_or_default()
}

/// An answer that is only a sentence.
fn message(text: &str) -> Value {
    json!({"meta": {"message": text}, "data": []})
}

fn outside() -> Response<Body> {
    html(404, "<!doctype html><title>404 Not Found</title>")
}

/// A connection that breaks before the answer.
fn gone() -> Response<Body> {
    let reset = std::io::Error::new(
        std::io::ErrorKind::ConnectionReset,
        "unreachable on purpose",
    );
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(reset)])))
}
