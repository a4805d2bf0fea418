//! What became of the rows of a bulk write, as far as reading them tells.
//!
//! Judges and sends nothing.

use portcullis_sdk::datetime;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    applied::{self, Otherwise},
    metadata::Module,
    payload::Data,
    rows::{self, Record},
};

/// What became of a row.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    /// The record's id, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Fields that the CRM stored otherwise than sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stored_otherwise: Vec<Otherwise>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Created,
    Updated,
    /// An earlier call with the same key made it.
    Existed,
    /// The CRM found a contact like it and answered with that one; no field was written.
    Merged,
    /// There is no record of that id; nothing was sent.
    NotFound,
    /// The CRM wrote nothing for this row: the role does not allow it.
    Denied,
    /// The CRM said yes, and the record is not there or has its old values.
    NotApplied,
    /// What became of it could not be read.
    Unknown,
    /// A dry run would create it.
    WouldCreate,
    /// A dry run would update it.
    WouldUpdate,
}

/// A checked row.
pub(crate) struct Row {
    pub(crate) id: Option<String>,
    pub(crate) data: Data,
    pub(crate) outcome: Option<Outcome>,
}

/// Which id belongs to which row. A full list stands in the rows' order; a shorter one lacks the
/// denied rows, so ids go to the row that names them, or to the first that looks like the record.
pub(crate) fn assign(
    module: &Module,
    rows: &[Row],
    open: &[usize],
    ids: &[String],
    stored: Option<&[Record]>,
) -> Vec<Option<String>> {
    if ids.len() == open.len() {
        return ids.iter().cloned().map(Some).collect();
    }
    let mut left: Vec<&String> = ids.iter().collect();
    open.iter()
        .map(|index| {
            let row = &rows[*index];
            let place = left.iter().position(|id| match &row.id {
                Some(own) => own == *id,
                None => stored
                    .and_then(|stored| find(stored, id))
                    .is_some_and(|record| applied::otherwise(module, &row.data, record).is_empty()),
            });
            place.map(|place| left.remove(place).clone())
        })
        .collect()
}

pub(crate) fn status(
    row: &Row,
    id: Option<&str>,
    stored: Option<&[Record]>,
    began: Option<&str>,
    seen: &[String],
) -> Status {
    let Some(id) = id else {
        return Status::Denied;
    };
    let Some(stored) = stored else {
        return Status::Unknown;
    };
    let Some(record) = find(stored, id) else {
        return Status::NotApplied;
    };
    if row.id.is_some() {
        return Status::Updated;
    }
    let entered = datetime::to_utc(rows::text(record, "date_entered"));
    let is_older = began
        .zip(entered.as_deref())
        .is_some_and(|(began, entered)| entered < began);
    if is_older || seen.iter().any(|known| known == id) {
        Status::Merged
    } else {
        Status::Created
    }
}

pub(crate) fn judged(
    module: &Module,
    row: &Row,
    status: Status,
    id: Option<String>,
    stored: Option<&[Record]>,
) -> Outcome {
    let record = id
        .as_deref()
        .and_then(|id| find(stored.unwrap_or_default(), id));
    let stored_otherwise = match (status, record) {
        (Status::Created | Status::Updated, Some(record)) => {
            applied::otherwise(module, &row.data, record)
        }
        _ => Vec::new(),
    };
    let all_kept = status == Status::Updated && stored_otherwise.len() == row.data.len();
    let message = match status {
        Status::Merged => Some(
            "a contact of that last name and address exists; its fields were not changed, use update with this id",
        ),
        Status::Denied => Some(
            "the CRM wrote nothing for this row, without saying why; the role may not allow it",
        ),
        Status::NotApplied => Some("the CRM answered with an id, and there is no such record"),
        Status::Unknown => Some("the row was sent, and could not be read afterwards"),
        _ if all_kept => Some("the CRM kept the old values"),
        _ => None,
    };
    Outcome {
        stored_otherwise,
        message: message.map(str::to_owned),
        ..outcome(if all_kept { Status::NotApplied } else { status }, id)
    }
}

pub(crate) fn find<'r>(stored: &'r [Record], id: &str) -> Option<&'r Record> {
    stored.iter().find(|record| rows::text(record, "id") == id)
}

pub(crate) fn outcome(status: Status, id: Option<String>) -> Outcome {
    Outcome {
        status,
        id,
        stored_otherwise: Vec::new(),
        message: None,
    }
}
