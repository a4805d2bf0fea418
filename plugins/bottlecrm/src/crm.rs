//! Sending a request and judging its answer; reading one record.

use portcullis_sdk::{Ask, Call, Failure, Response};
use serde_json::{Map, Value};

use crate::{
    entity::Entity,
    errors::{self, About},
};

pub(crate) type Record = Map<String, Value>;

/// Sends a request; anything but 2xx becomes a failure that names what was asked.
pub(crate) fn send(ask: Ask<'_>, about: &About<'_>) -> Result<Response, Failure> {
    accept(ask.send()?, about)
}

/// Judges an answer. A page with a good status is no answer of the API.
pub(crate) fn accept(response: Response, about: &About<'_>) -> Result<Response, Failure> {
    if !response.is_success() {
        return Err(errors::refused(&response, about));
    }
    if response.is_page() {
        return Err(Failure::upstream("a page answers instead of the CRM's API")
            .suggest("the operator checks that url is the CRM's root"));
    }
    Ok(response)
}

/// A whole detail answer.
pub(crate) fn detail(call: &Call<'_>, entity: &Entity, id: &str) -> Result<Record, Failure> {
    let about = About::reading(entity.one).id(id);
    object(&send(call.http().get(entity.record(id)), &about)?)
}

/// The record within a detail answer; a merged case has none.
pub(crate) fn record(call: &Call<'_>, entity: &Entity, id: &str) -> Result<Record, Failure> {
    nested(entity, detail(call, entity, id)?)
}

/// The record within an answer that nests it.
pub(crate) fn nested(entity: &Entity, mut answer: Record) -> Result<Record, Failure> {
    match entity.nest {
        Some(key) if answer.contains_key(key) => match answer.remove(key) {
            Some(Value::Object(record)) => Ok(record),
            _ => Err(Failure::upstream("the CRM's answer holds no record")),
        },
        _ => Ok(answer),
    }
}

/// An answer that has to be an object.
pub(crate) fn object(response: &Response) -> Result<Record, Failure> {
    match response.decode()? {
        Value::Object(map) => Ok(map),
        _ => Err(Failure::upstream("the CRM's answer is no object")),
    }
}

pub(crate) fn text<'r>(record: &'r Record, key: &str) -> &'r str {
    record.get(key).and_then(Value::as_str).unwrap_or_default()
}
