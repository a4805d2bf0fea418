//! Reading records over v4_1: one, several, a list, the records behind a link.

use portcullis_sdk::{Call, Failure, Outcome, code};
use serde_json::{Value, json};

use crate::{
    errors,
    metadata::{self, Module},
    rows::{self, Record, Row},
    rpc,
};

/// A list that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) clause: String,
    pub(crate) order_by: String,
    pub(crate) offset: u32,
    pub(crate) fields: Vec<String>,
    pub(crate) max_results: u32,
}

/// Rows, and how many there are in all.
pub(crate) struct Listed {
    pub(crate) records: Vec<Record>,
    pub(crate) total: Option<u64>,
}

/// One record; a deleted or unknown one is a failure.
pub(crate) fn one(
    call: &Call<'_>,
    module: &Module,
    id: &str,
    fields: &[String],
) -> Result<Record, Failure> {
    let answer = rpc::read(
        call,
        "get_entry",
        &module.name,
        one_args(module, id, fields),
    )
    .map_err(|failure| metadata::with_names(call, failure, &module.name))?;
    found(&answer, module, id)
}

pub(crate) fn one_args(module: &Module, id: &str, fields: &[String]) -> Vec<Value> {
    vec![
        json!(module.name),
        json!(id),
        json!(fields),
        json!([]),
        json!(false),
    ]
}

/// The record of a `get_entry` answer.
pub(crate) fn found(answer: &Value, module: &Module, id: &str) -> Result<Record, Failure> {
    let raw = answer["entry_list"]
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_entry"))?;
    match raw.first().map(|raw| rows::row(raw, Some(module))) {
        Some(Row::Found(record)) => Ok(record),
        _ => Err(errors::missing(&module.name, id)),
    }
}

/// Several records by id: those that exist, and the ids of those that do not.
pub(crate) fn several(
    call: &Call<'_>,
    module: &Module,
    ids: &[String],
    fields: &[String],
) -> Result<(Vec<Record>, Vec<String>), Failure> {
    let arguments = vec![
        json!(module.name),
        json!(ids),
        json!(fields),
        json!([]),
        json!(false),
    ];
    let answer = rpc::read(call, "get_entries", &module.name, arguments)?;
    let raw = answer["entry_list"]
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_entries"))?;
    let mut records = Vec::new();
    for raw in raw {
        if let Row::Found(mut record) = rows::row(raw, Some(module)) {
            record.entry("id").or_insert_with(|| raw["id"].clone());
            records.push(record);
        }
    }
    let known = |id: &&String| records.iter().any(|record| rows::text(record, "id") == *id);
    let missing = ids.iter().filter(|id| !known(id)).cloned().collect();
    Ok((records, missing))
}

/// Refuses ids without a record; the CRM would report a link to them as made.
pub(crate) fn require_all(
    call: &Call<'_>,
    module: &Module,
    ids: &[String],
    pointer: &str,
) -> Result<(), Failure> {
    let (_, missing) = several(call, module, ids, &["id".to_owned()])?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::not_found(
        code::RECORD_NOT_FOUND,
        format!(
            "{} has no record {}; nothing was written",
            module.name,
            missing.join(", ")
        ),
    )
    .at(pointer)
    .suggest(errors::HINT_NOT_FOUND)
    .details(json!({"missing": missing}))
    .outcome(Outcome::NotDone))
}

/// A list.
pub(crate) fn list(call: &Call<'_>, module: &Module, query: &Query) -> Result<Listed, Failure> {
    let arguments = vec![
        json!(module.name),
        json!(query.clause),
        json!(query.order_by),
        json!(query.offset),
        json!(query.fields),
        json!([]),
        json!(query.max_results),
        json!(0),
        json!(false),
    ];
    let answer = rpc::read(call, "get_entry_list", &module.name, arguments)
        .map_err(|failure| of_clause(failure, query))?;
    let raw = answer["entry_list"]
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_entry_list"))?;
    let records = raw
        .iter()
        .filter_map(|raw| match rows::row(raw, Some(module)) {
            Row::Found(record) => Some(record),
            Row::Missing => None,
        })
        .collect();
    Ok(Listed {
        records,
        total: total(&answer["total_count"]),
    })
}

/// A total is a text, an empty list's is the number 0, and -1 says that nobody counted.
pub(crate) fn total(raw: &Value) -> Option<u64> {
    raw.as_u64().or_else(|| raw.as_str()?.trim().parse().ok())
}

/// What a refusal means when a clause was sent.
pub(crate) fn of_clause(failure: Failure, query: &Query) -> Failure {
    if query.clause.is_empty() && query.order_by.is_empty() {
        return failure;
    }
    if failure.code == code::UPSTREAM_ERROR && failure.message.contains("database") {
        return failure.suggest(
            "a field of the search may not be stored in the module's own table, or a value has the wrong type; leave out one condition after the other to find it",
        );
    }
    errors::of_query(failure)
}

/// What is asked of a link.
#[derive(Debug)]
pub(crate) struct Linked<'a> {
    pub(crate) id: &'a str,
    pub(crate) link: &'a str,
    pub(crate) clause: String,
    pub(crate) fields: Vec<String>,
    pub(crate) offset: u32,
    pub(crate) limit: u32,
}

pub(crate) fn linked_args(module: &str, linked: &Linked<'_>) -> Vec<Value> {
    vec![
        json!(module),
        json!(linked.id),
        json!(linked.link),
        json!(linked.clause),
        json!(linked.fields),
        json!([]),
        json!(0),
        json!(""),
        json!(linked.offset),
        json!(linked.limit),
    ]
}

/// The rows of a `get_relationships` answer, with the module that each is of.
pub(crate) fn linked_rows(
    answer: &Value,
    module: Option<&Module>,
) -> Result<Vec<(Record, String)>, Failure> {
    let raw = answer["entry_list"]
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_relationships"))?;
    Ok(raw
        .iter()
        .filter_map(|raw| match rows::row(raw, module) {
            Row::Found(record) => Some((
                record,
                raw["module_name"].as_str().unwrap_or_default().to_owned(),
            )),
            Row::Missing => None,
        })
        .collect())
}

/// An unknown parent makes the CRM break off without a word, so the parent is looked for then.
pub(crate) fn explain_parent(
    call: &Call<'_>,
    module: &Module,
    id: &str,
    failure: Failure,
) -> Failure {
    if failure.code != code::UPSTREAM_ERROR {
        return failure;
    }
    match one(call, module, id, &["id".to_owned()]) {
        Err(missing) if missing.code == code::RECORD_NOT_FOUND => missing.at("/id"),
        _ => failure,
    }
}
