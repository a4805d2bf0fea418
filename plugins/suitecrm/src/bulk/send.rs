//! Sending the rows of a bulk write, and reading what became of them.
//!
//! Once something was sent, every row gets an outcome, whatever comes back.

use portcullis_sdk::{Call, Failure, Kind, Outcome as Left, datetime};
use serde_json::{Value, json};

use super::rows::{Outcome, Row, Status, assign, find, judged, lost, outcome, sent_fields, status};
use crate::{
    chosen::Key,
    fetch,
    metadata::Module,
    planned,
    rows::Record,
    rpc::{self, About},
    save,
};

/// Sends the rows that have no outcome yet; answers with what to know about all of them.
pub(super) fn send(
    call: &Call<'_>,
    module: &Module,
    rows: &mut [Row],
    key: Option<&Key>,
) -> Result<Option<String>, Failure> {
    if let Some(key) = key {
        one_by_one(call, module, rows, key);
    }
    at_once(call, module, rows)
}

/// What would be sent for the rows that have no outcome yet.
pub(super) fn planned(module: &Module, rows: &[Row], key: Option<&Key>) -> Vec<Value> {
    let singles = chosen(module, rows, key);
    let mut requests: Vec<Value> = singles
        .iter()
        .map(|(index, id)| {
            let arguments = save::arguments(module, Some(id), key, &rows[*index].data);
            planned::v4("set_entry", &arguments)
        })
        .collect();
    let mut rest = open(rows);
    rest.retain(|index| singles.iter().all(|(single, _)| single != index));
    if !rest.is_empty() {
        requests.push(planned::v4("set_entries", &arguments(module, rows, &rest)));
    }
    requests
}

/// The rows that have no outcome yet.
fn open(rows: &[Row]) -> Vec<usize> {
    let open = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.outcome.is_none());
    open.map(|(index, _)| index).collect()
}

/// New records under ids that the key decides. A row that names its record needs no id of ours.
fn chosen(module: &Module, rows: &[Row], key: Option<&Key>) -> Vec<(usize, String)> {
    let Some(key) = key else { return Vec::new() };
    open(rows)
        .into_iter()
        .filter(|index| rows[*index].id.is_none())
        .map(|index| (index, key.id(&module.name, Some(index))))
        .collect()
}

/// The arguments of `set_entries`.
fn arguments(module: &Module, rows: &[Row], which: &[usize]) -> Vec<Value> {
    let lists: Vec<Value> = which
        .iter()
        .map(|index| save::pairs(rows[*index].id.as_deref(), None, &rows[*index].data))
        .collect();
    vec![json!(module.name), Value::Array(lists)]
}

/// Sends new records as single writes under ids that the key decides.
fn one_by_one(call: &Call<'_>, module: &Module, rows: &mut [Row], key: &Key) {
    let sent = chosen(module, rows, Some(key));
    let lists = sent
        .iter()
        .map(|(index, id)| save::arguments(module, Some(id), Some(key), &rows[*index].data))
        .collect();
    let about = About::change("set_entry", &module.name);
    let given: Vec<Result<String, Failure>> = rpc::all(call, about, lists)
        .into_iter()
        .map(|answer| save::given_id(&answer?))
        .collect();
    let ids: Vec<String> = sent
        .iter()
        .zip(&given)
        .map(|((_, chosen), given)| given.as_ref().unwrap_or(chosen).clone())
        .collect();
    let stored = read_after(call, module, rows, &ids);
    for (((index, chosen), given), id) in sent.into_iter().zip(given).zip(ids) {
        let made = single(module, &rows[index], stored.as_deref(), given.err(), &id);
        let note = save::other_id(Some(&chosen), &id).filter(|_| made.status == Status::Created);
        rows[index].outcome = Some(Outcome {
            message: note.or(made.message),
            ..made
        });
    }
}

/// What became of one new record.
fn single(
    module: &Module,
    row: &Row,
    stored: Option<&[Record]>,
    failure: Option<Failure>,
    id: &str,
) -> Outcome {
    let status = match (stored, &failure) {
        (None, _) => Status::Unknown,
        (Some(stored), _) if find(stored, id).is_some() => Status::Created,
        (Some(_), Some(failure)) if !rpc::open(failure) => Status::Denied,
        // Without an answer the CRM may still be at work.
        (Some(_), Some(failure)) if failure.kind != Kind::UpstreamFault => Status::Unknown,
        (Some(_), _) => Status::NotApplied,
    };
    let said = judged(module, row, status, Some(id.to_owned()), stored);
    let why = failure.filter(|_| status != Status::Created);
    Outcome {
        message: why
            .map(|failure| failure.message.clone())
            .or(said.message.clone()),
        ..said
    }
}

/// Sends the rows that are left in one request.
fn at_once(call: &Call<'_>, module: &Module, rows: &mut [Row]) -> Result<Option<String>, Failure> {
    let open = open(rows);
    if open.is_empty() {
        return Ok(None);
    }
    let began = began(call, module, rows, &open)?;
    let arguments = arguments(module, rows, &open);
    let sent = rpc::change(call, "set_entries", &module.name, arguments);
    let ids = match sent.and_then(|answer| ids(&answer)) {
        Ok(ids) => ids,
        Err(failure) => return without_ids(call, module, rows, &open, failure),
    };
    let stored = read_after(call, module, rows, &ids);
    let assigned = assign(module, rows, &open, &ids, stored.as_deref());
    let mut seen: Vec<String> = Vec::new();
    for (index, id) in open.into_iter().zip(assigned) {
        let status = status(
            &rows[index],
            id.as_deref(),
            stored.as_deref(),
            began.as_deref(),
            &seen,
        );
        seen.extend(id.clone());
        rows[index].outcome = Some(judged(module, &rows[index], status, id, stored.as_deref()));
    }
    Ok(None)
}

/// The ids of a `set_entries` answer. An answer without them says nothing of what was written.
fn ids(answer: &Value) -> Result<Vec<String>, Failure> {
    let ids = answer["ids"]
        .as_array()
        .ok_or_else(|| rpc::unexpected("set_entries").outcome(Left::MayHaveHappened))?;
    Ok(ids
        .iter()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect())
}

/// Tells of each row what is known when no ids came back. A refusal of everything, and an answer after
/// which nothing is known of any row, stay failures.
fn without_ids(
    call: &Call<'_>,
    module: &Module,
    rows: &mut [Row],
    open: &[usize],
    failure: Failure,
) -> Result<Option<String>, Failure> {
    let refused = !rpc::open(&failure);
    if refused && open.len() == rows.len() {
        return Err(failure);
    }
    let own: Vec<String> = open.iter().filter_map(|i| rows[*i].id.clone()).collect();
    let stored = if refused {
        None
    } else {
        read_after(call, module, rows, &own)
    };
    for index in open {
        let row = &mut rows[*index];
        row.outcome = Some(if refused {
            Outcome {
                message: Some(failure.message.clone()),
                ..outcome(Status::Denied, row.id.clone())
            }
        } else {
            lost(module, row, stored.as_deref(), &failure.message)
        });
    }
    let outcomes: Vec<&Outcome> = rows.iter().filter_map(|row| row.outcome.as_ref()).collect();
    let is_known =
        |outcome: &&Outcome| !matches!(outcome.status, Status::Unknown | Status::NotFound);
    if !refused && !outcomes.iter().any(is_known) {
        let details = json!({"results": outcomes});
        return Err(failure.details(details));
    }
    Ok((!refused).then(|| {
        "the CRM's answer was lost; look at the unknown rows before repeating them".to_owned()
    }))
}

/// The CRM's own clock before contacts are created: a contact that is older was there before, and
/// the row was merged into it.
fn began(
    call: &Call<'_>,
    module: &Module,
    rows: &[Row],
    open: &[usize],
) -> Result<Option<String>, Failure> {
    if module.name != "Contacts" || open.iter().all(|index| rows[*index].id.is_some()) {
        return Ok(None);
    }
    let server = rpc::server_info(call)?;
    Ok(server["gmt_time"].as_str().and_then(datetime::to_utc))
}

/// The records of these ids with everything that was sent; none when they could not be read.
fn read_after(
    call: &Call<'_>,
    module: &Module,
    rows: &[Row],
    ids: &[String],
) -> Option<Vec<Record>> {
    if ids.is_empty() {
        return Some(Vec::new());
    }
    let mut fields = vec!["id".to_owned(), "date_entered".to_owned()];
    fields.extend(
        sent_fields(rows.iter())
            .into_iter()
            .filter(|name| name != "date_entered"),
    );
    fetch::several(call, module, ids, &fields)
        .ok()
        .map(|(records, _)| records)
}
