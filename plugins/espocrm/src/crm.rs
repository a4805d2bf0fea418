//! Sending a request and judging its answer: the one place through which every tool goes.

use std::time::Duration;

use portcullis_sdk::{Ask, Call, Failure, RawRecord, Response, code, path, text};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    entity,
    errors::{self, About},
    metadata,
};

pub(crate) type Record = RawRecord;

/// Under which the CRM's last seen `X-App-Timestamp` is kept; it moves when metadata may have.
const STAMP: &str = "stamp";
const STAMP_TTL: Duration = Duration::from_secs(24 * 3600);

/// Sends a request; anything but 2xx becomes a failure that names what was asked.
pub(crate) fn send(call: &Call<'_>, ask: Ask<'_>, about: &About<'_>) -> Result<Response, Failure> {
    accept(call, ask.send()?, about)
}

/// Judges an answer.
pub(crate) fn accept(
    call: &Call<'_>,
    response: Response,
    about: &About<'_>,
) -> Result<Response, Failure> {
    note_stamp(call, &response);
    if response.is_success() {
        return Ok(response);
    }
    let failure = errors::refused(&call.connection().url, &response, about);
    Err(if failure.code == code::INVALID_ENTITY_TYPE {
        with_names(call, failure, about.entity)
    } else {
        failure
    })
}

/// Reads one record.
pub(crate) fn read(call: &Call<'_>, entity: &str, id: &str) -> Result<Record, Failure> {
    let about = About::reading(entity).id(id);
    let record = record(&send(call, call.http().get(path![entity, id]), &about)?)?;
    if record.get("deleted") == Some(Value::Bool(true)) {
        return Err(errors::missing(&about));
    }
    Ok(record)
}

/// An answer that has to be a record.
pub(crate) fn record(response: &Response) -> Result<Record, Failure> {
    read_as(response, "the CRM's answer is no record")
}

/// An answer in a shape that is read straight from its text.
pub(crate) fn read_as<T: DeserializeOwned>(
    response: &Response,
    otherwise: &str,
) -> Result<T, Failure> {
    serde_json::from_slice(&response.body).or_else(|_| {
        response.decode()?;
        Err(Failure::upstream(otherwise))
    })
}

/// The address of a record's page.
pub(crate) fn url(call: &Call<'_>, entity: &str, id: &str) -> String {
    entity::page_url(&call.connection().url, entity, id)
}

/// The stamp that the CRM's last answer had.
pub(crate) fn stamp(call: &Call<'_>) -> Option<String> {
    call.cache().get(STAMP)
}

fn note_stamp(call: &Call<'_>, response: &Response) {
    let Some(stamp) = response.header("x-app-timestamp") else {
        return;
    };
    if self::stamp(call).as_deref() != Some(stamp) {
        call.cache().put(STAMP, &stamp, STAMP_TTL);
    }
}

fn with_names(call: &Call<'_>, failure: Failure, wanted: &str) -> Failure {
    match metadata::scopes(call) {
        Ok(scopes) => failure.suggest_some(text::did_you_mean(wanted, scopes.keys())),
        Err(_) => failure,
    }
    .suggest_if_none("list_entity_types shows the entity types that this user sees")
}

trait SuggestIfNone {
    fn suggest_if_none(self, text: &str) -> Self;
}

impl SuggestIfNone for Failure {
    fn suggest_if_none(self, text: &str) -> Self {
        if self.suggestion.is_some() {
            self
        } else {
            self.suggest(text)
        }
    }
}
