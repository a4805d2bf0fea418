//! What became of the rows of a bulk write, as far as reading them tells.
//!
//! Judges and sends nothing.

use portcullis_sdk::datetime;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    applied::{self, Change, Otherwise},
    metadata::Module,
    payload::Data,
    rows::{self, Record},
};

/// What became of a row.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Outcome {
    pub(super) status: Status,
    /// The record's id, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// Fields that the CRM stored otherwise than sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) stored_otherwise: Vec<Otherwise>,
    /// What a dry run would change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) changes: Vec<Change>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
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
    /// What became of it is not known; it may have been written.
    Unknown,
    /// A dry run would create it.
    WouldCreate,
    /// A dry run would update it.
    WouldUpdate,
}

/// A checked row.
pub(super) struct Row {
    pub(super) id: Option<String>,
    pub(super) data: Data,
    /// What an update changes, where that was read.
    pub(super) changes: Vec<Change>,
    pub(super) outcome: Option<Outcome>,
}

impl Row {
    /// What a dry run says of it.
    pub(super) fn planned(&self) -> Outcome {
        let status = if self.id.is_some() {
            Status::WouldUpdate
        } else {
            Status::WouldCreate
        };
        Outcome {
            changes: self.changes.clone(),
            ..outcome(status, self.id.clone())
        }
    }
}

/// The names of all fields that rows send, each once.
pub(super) fn sent_fields<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for name in rows.flat_map(|row| row.data.keys()) {
        if !fields.contains(name) {
            fields.push(name.clone());
        }
    }
    fields
}

/// Which id belongs to which row. A full list stands in the rows' order; a shorter one lacks the
/// denied rows, so ids go to the row that names them, or to the first that looks like the record.
pub(super) fn assign(
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

pub(super) fn status(
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

pub(super) fn judged(
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

/// What is known of a row whose answer was lost. An update can be read; of a new record there is no
/// id to read.
pub(super) fn lost(module: &Module, row: &Row, stored: Option<&[Record]>, why: &str) -> Outcome {
    let record = row.id.as_deref().zip(stored);
    let record = record.and_then(|(id, stored)| find(stored, id));
    let stored_otherwise = record.map(|record| applied::otherwise(module, &row.data, record));
    let (status, known) = match &stored_otherwise {
        Some(other) if other.is_empty() => (Status::Updated, "the record has the values"),
        Some(_) => (
            Status::Unknown,
            "the record has other values so far; the CRM may still be at work",
        ),
        None if row.id.is_some() => (Status::Unknown, "the record could not be read afterwards"),
        None => (
            Status::Unknown,
            "the record may be there; search for it before repeating",
        ),
    };
    Outcome {
        stored_otherwise: stored_otherwise.unwrap_or_default(),
        message: Some(format!("{why}; {known}")),
        ..outcome(status, row.id.clone())
    }
}

pub(super) fn find<'r>(stored: &'r [Record], id: &str) -> Option<&'r Record> {
    stored.iter().find(|record| rows::text(record, "id") == id)
}

pub(super) fn outcome(status: Status, id: Option<String>) -> Outcome {
    Outcome {
        status,
        id,
        stored_otherwise: Vec::new(),
        changes: Vec::new(),
        message: None,
    }
}
