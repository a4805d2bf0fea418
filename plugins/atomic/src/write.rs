//! Writing one row, truthfully: no row in the answer means that nothing was changed.
//!
//! Also what follows from a write as the CRM's pages have it; a follow-up that fails becomes a
//! warning, because the record itself is written.

use portcullis_sdk::{Ask, Call, Failure};
use serde_json::{Value, json};

use crate::{
    entity::{self, Entity},
    errors::{self, About},
    rest::{self, Record},
};

/// When the call began.
pub(crate) fn now(call: &Call<'_>) -> String {
    call.connection().now.clone()
}

/// Inserts a row; the stored one.
pub(crate) fn insert(call: &Call<'_>, entity: &Entity, row: &Record) -> Result<Record, Failure> {
    let ask = rest::insert(call, entity.name, row);
    let stored = rest::rows(ask, &About::of(entity, "create"))?;
    stored.into_iter().next().ok_or_else(|| {
        Failure::upstream(format!(
            "the project accepted the new {} and showed no row of it",
            entity.one
        ))
    })
}

/// Changes a row; the stored one.
pub(crate) fn change(
    call: &Call<'_>,
    entity: &Entity,
    id: u64,
    row: &Record,
) -> Result<Record, Failure> {
    let ask = rest::change(call, entity.name, id, row);
    let stored = rest::rows(ask, &About::of(entity, "update"))?;
    match stored.into_iter().next() {
        Some(stored) => Ok(stored),
        None => Err(untouched(call, entity, id)),
    }
}

/// Why a change touched no row: it is not there, or a policy lets the user see it only.
pub(crate) fn untouched(call: &Call<'_>, entity: &Entity, id: u64) -> Failure {
    let ask = rest::table(call, entity.name)
        .query("select", "id")
        .query("id", format!("eq.{id}"));
    match rest::rows(ask, &About::of(entity, "read")) {
        Ok(rows) if !rows.is_empty() => errors::not_applied(entity, id),
        Ok(_) => errors::absent(entity, id, "/id"),
        Err(failure) => failure,
    }
}

/// Values that the database stored otherwise than they were sent, e.g. by a trigger.
pub(crate) fn stored_otherwise(sent: &Record, stored: &Record) -> Vec<String> {
    let differs = |(name, value): (&String, &Value)| {
        let now = stored.get(name).unwrap_or(&Value::Null);
        (!same(value, now)).then(|| format!("{name} was stored otherwise than sent"))
    };
    sent.iter().filter_map(differs).collect()
}

/// Times are compared as moments: the database writes them in its own way.
fn same(sent: &Value, stored: &Value) -> bool {
    if sent == stored {
        return true;
    }
    let moment = |value: &Value| portcullis_sdk::datetime::seconds(value.as_str()?);
    match (moment(sent), moment(stored)) {
        (Some(sent), Some(stored)) => sent == stored,
        _ => false,
    }
}

/// Sends what follows from a write. Those that fail are told, none stops the others.
pub(crate) fn follow_up(call: &Call<'_>, asks: Vec<(String, Ask<'_>)>) -> Vec<String> {
    let (names, asks): (Vec<_>, Vec<_>) = asks.into_iter().unzip();
    let about = About::reading("follow-up");
    names
        .into_iter()
        .zip(call.http().send_all(asks))
        .filter_map(|(name, answer)| {
            let rows: Result<Vec<Record>, Failure> = answer
                .and_then(|response| rest::accept(response, &about))
                .and_then(|response| response.json());
            match rows {
                Ok(rows) if !rows.is_empty() => None,
                Ok(_) => Some(format!(
                    "{name} was not changed: no such row, or not allowed"
                )),
                Err(failure) => Some(format!("{name} was not changed: {}", failure.message)),
            }
        })
        .collect()
}

/// Says on the contact that something happened now; with a status where there is one.
pub(crate) fn touch_contact<'c>(
    call: &'c Call<'_>,
    contact: u64,
    status: Option<&Value>,
) -> Result<(String, Ask<'c>), Failure> {
    let mut body = Record::new();
    body.insert("last_seen".to_owned(), json!(now(call)));
    if let Some(status) = status.filter(|status| !status.is_null()) {
        body.insert("status".to_owned(), status.clone());
    }
    let contacts = entity::find("contacts")?;
    let words = if body.contains_key("status") {
        "status and last_seen"
    } else {
        "last_seen"
    };
    Ok((
        format!("{words} of contact {contact}"),
        rest::change(call, contacts.name, contact, &body),
    ))
}
