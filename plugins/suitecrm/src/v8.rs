//! The V8 JSON API: one request, its answer judged, and whether it may be used at all.
//!
//! V8 is used only when it acts as the same user as v4_1; both are asked once and the answer is
//! kept.

use std::time::Duration;

use portcullis_sdk::{Ask, Call, Failure, Kind, Outcome, Response, code, path};
use serde_json::{Value, json};

use crate::{
    errors,
    routes::{V4, V8},
    rows,
    rpc::{self, About},
};

const MEDIA: &str = "application/vnd.api+json";
const KEY: &str = "v8";
/// How long the comparison of the two users holds.
const TTL: Duration = Duration::from_secs(3600);
/// How long V8 is left alone after it could not be reached or refused its client.
const PAUSE: Duration = Duration::from_secs(60);

/// Whether V8 may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// No V8 client is configured.
    Off,
    /// Both transports act as this user.
    Ready { user: String },
    /// V8 is not used, and why.
    Refused(String),
}

/// Whether V8 may be used, from the cache or by asking both transports who they are.
pub(crate) fn state(call: &Call<'_>) -> Result<State, Failure> {
    if !has_slot(call, V8) || !has_slot(call, V4) {
        return Ok(State::Off);
    }
    if let Some(kept) = call.cache().value(KEY) {
        return Ok(match (kept["user"].as_str(), kept["why"].as_str()) {
            (Some(user), _) => State::Ready {
                user: user.to_owned(),
            },
            (None, why) => State::Refused(why.unwrap_or_default().to_owned()),
        });
    }
    compare(call)
}

/// Asks both transports who they are and keeps the result.
pub(crate) fn compare(call: &Call<'_>) -> Result<State, Failure> {
    let about = About::read("get_user_id", "");
    let asks = vec![
        rpc::ask(call, about, Vec::new()),
        get(call, path!["Api", "V8", "current-user"]),
    ];
    let mut answers = call.http().send_all(asks).into_iter();
    let mut next = || {
        answers
            .next()
            .unwrap_or_else(|| Err(Failure::internal("an answer is missing")))
    };
    let (first, second) = (next(), next());
    let ours = rpc::accept(&first?, about)?;
    let ours = ours
        .as_str()
        .ok_or_else(|| rpc::unexpected("get_user_id"))?;
    let (state, ttl) = match second.and_then(|response| accept(&response, "Users")) {
        Ok(user) => judge(ours, &user),
        Err(failure) => (
            State::Refused(format!(
                "V8 is not used for now: {}",
                failure.message.trim_end_matches('.')
            )),
            PAUSE,
        ),
    };
    let kept = match &state {
        State::Ready { user } => json!({"user": user}),
        State::Refused(why) => json!({"why": why}),
        State::Off => Value::Null,
    };
    call.cache().put(KEY, &kept, ttl);
    Ok(state)
}

fn judge(ours: &str, user: &Value) -> (State, Duration) {
    let theirs = user["data"]["id"].as_str().unwrap_or_default();
    if theirs == ours && !ours.is_empty() {
        let user = ours.to_owned();
        return (State::Ready { user }, TTL);
    }
    let name = user["data"]["attributes"]["user_name"]
        .as_str()
        .unwrap_or("?");
    let why = format!(
        "V8 is not used: v4_1 acts as the user with id {ours}, V8 as {name} (id {theirs}); both have to be the same user"
    );
    (State::Refused(why), TTL)
}

/// Leaves V8 alone for a while after a fault that the next call would meet too.
pub(crate) fn pause(call: &Call<'_>, failure: &Failure) -> String {
    let why = format!("V8 failed, so v4_1 served this: {}", failure.message);
    if matches!(failure.kind, Kind::AuthNeeded | Kind::Unavailable) {
        call.cache().put(KEY, &json!({"why": why}), PAUSE);
    }
    why
}

pub(crate) fn get<'c>(call: &'c Call<'c>, path: Vec<String>) -> Ask<'c> {
    call.http().with_slot(V8).get(path).media_type(MEDIA)
}

pub(crate) fn delete<'c>(call: &'c Call<'c>, path: Vec<String>) -> Ask<'c> {
    call.http().with_slot(V8).delete(path).media_type(MEDIA)
}

/// A POST or a PATCH of a resource.
pub(crate) fn with_body<'c>(ask: Ask<'c>, data: &Value) -> Ask<'c> {
    ask.json(&json!({"data": data})).media_type(MEDIA)
}

pub(crate) fn post<'c>(call: &'c Call<'c>, path: Vec<String>, data: &Value) -> Ask<'c> {
    with_body(call.http().with_slot(V8).post(path), data)
}

pub(crate) fn patch<'c>(call: &'c Call<'c>, path: Vec<String>, data: &Value) -> Ask<'c> {
    with_body(call.http().with_slot(V8).patch(path), data)
}

/// Judges an answer.
pub(crate) fn accept(response: &Response, module: &str) -> Result<Value, Failure> {
    if response.is_success() {
        return response.decode();
    }
    let body = response.value().unwrap_or_default();
    match body["errors"]["detail"].as_str() {
        Some(detail) if response.status < 500 => {
            Err(refused(detail, module).outcome(Outcome::NotDone))
        }
        _ if response.status == 404 => Err(Failure::new(
            Kind::Unavailable,
            code::UPSTREAM_ERROR,
            "there is no V8 API at that address (status 404)",
        )
        .outcome(Outcome::NotDone)),
        _ if response.status >= 500 => Err(response.failure().outcome(Outcome::MayHaveHappened)),
        _ => Err(response.failure().outcome(Outcome::NotDone)),
    }
}

/// What a refusal of V8 means; it comes with status 400 and a sentence, whatever the reason.
fn refused(detail: &str, module: &str) -> Failure {
    let has = |words: &str| detail.contains(words);
    if has("is not found") && has(" with id ") {
        Failure::not_found(
            code::RECORD_NOT_FOUND,
            format!("{module} has no such record"),
        )
        .suggest(errors::HINT_NOT_FOUND)
    } else if has("AccessDenied") || has("Not Allowed") {
        Failure::forbidden(
            code::PERMISSION_DENIED,
            format!("the CRM refused access to {module}: the user's role does not allow it"),
        )
    } else if has("does not exist") && has("Module ") {
        Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("the CRM has no module `{module}` for its API"),
        )
    } else if has("Cannot load relationship") {
        Failure::bad_input(code::INVALID_LINK, format!("{module} has no such link"))
    } else if has("is already exist") {
        Failure::new(
            Kind::Conflict,
            code::DUPLICATE_DETECTED,
            "a record of that id exists",
        )
    } else {
        let mut text = detail.to_owned();
        portcullis_sdk::text::cut(&mut text, 200);
        Failure::bad_input(code::INVALID_ARGUMENT, format!("V8 refused: {text}"))
    }
}

/// The record of an answer that holds one.
pub(crate) fn one(
    body: &Value,
    module: Option<&crate::metadata::Module>,
) -> Result<rows::Record, Failure> {
    if body["data"]["id"].is_string() {
        Ok(rows::resource(&body["data"], module))
    } else {
        Err(Failure::upstream("V8's answer holds no record"))
    }
}

fn has_slot(call: &Call<'_>, slot: &str) -> bool {
    call.connection()
        .credentials
        .iter()
        .any(|known| known == slot)
}
