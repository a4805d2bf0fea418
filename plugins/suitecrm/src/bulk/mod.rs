//! The tool `bulk_upsert`: many records of a module in one request, with a result per row.
//!
//! The CRM's bulk call says nothing per row: a denied row makes its list of ids shorter, a contact
//! like an existing one is merged into that one without a word, and ids are not checked. So updates
//! are looked for before, and every row is read afterwards: `send` does both, `rows` judges.

mod rows;
mod send;

use portcullis_sdk::{Call, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    applied,
    chosen::Key,
    fetch,
    metadata::{self, Module},
    names, payload,
    via::Via,
};
use rows::{Outcome, Row, Status, find, outcome};

/// Rows that are written one by one under ids of our choice; each is a request.
const MOST_WITH_KEY: usize = 50;

/// Creates and updates up to 100 records of a module. A record with `id` is an update. All rows are
/// checked before anything is sent; the answer has one result per row. With idempotency_key (at most
/// 50 rows) a repeated call finds its records instead of making new ones.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkArgs {
    /// Module, e.g. `Leads`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// Records: fields and values, with `id` for an update.
    #[schemars(length(min = 1, max = 100))]
    records: Vec<Map<String, Value>>,
    /// A text of your choice that stays the same when you repeat this call.
    #[serde(default)]
    idempotency_key: Option<Key>,
    /// Checks everything and says what would happen to each row and be sent, without sending it.
    #[serde(default)]
    dry_run: bool,
}

/// What became of the rows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Upserted {
    module: String,
    /// One per record, in their order.
    results: Vec<Outcome>,
    /// Ids of the rows that were written, in their order.
    ids: Vec<String>,
    /// How many rows were written.
    count: usize,
    /// Whether every row was written as sent, or was there already.
    complete: bool,
    /// What a dry run would send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_send: Vec<Value>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn bulk_upsert(call: &Call<'_>, args: &BulkArgs) -> Result<Upserted, Failure> {
    names::check_writable(call, &args.module)?;
    let module = metadata::module(call, &args.module)?;
    let mut rows = checked(&module, &args.records)?;
    let key = args.idempotency_key.as_ref();
    if let Some(key) = key {
        key.check()?;
        if rows.len() > MOST_WITH_KEY {
            return Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                format!("with idempotency_key at most {MOST_WITH_KEY} rows"),
            )
            .at("/records")
            .suggest("split the rows, each part under a key of its own"));
        }
    }
    look_before(call, &module, &mut rows, args)?;
    if args.dry_run {
        let would_send = send::planned(&module, &rows, key);
        for row in rows.iter_mut().filter(|row| row.outcome.is_none()) {
            row.outcome = Some(row.planned());
        }
        let note = Some("dry run: nothing was written".to_owned());
        return Ok(Upserted {
            would_send,
            ..answer(args, rows, note)
        });
    }
    let note = send::send(call, &module, &mut rows, key)?;
    Ok(answer(args, rows, note))
}

fn checked(module: &Module, records: &[Map<String, Value>]) -> Result<Vec<Row>, Failure> {
    let mut rows: Vec<Row> = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let base = format!("/records/{index}");
        let mut fields = record.clone();
        let id = match fields.remove("id") {
            None => None,
            Some(Value::String(id)) => {
                names::check_id(&id, &format!("{base}/id"))?;
                Some(id)
            }
            Some(_) => {
                return Err(
                    Failure::bad_input(code::INVALID_ARGUMENT, "an id is a text")
                        .at(format!("{base}/id")),
                );
            }
        };
        if fields.is_empty() {
            return Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                "a record holds no field to write",
            )
            .at(base));
        }
        if id.is_some() && rows.iter().any(|row| row.id == id) {
            return Err(
                Failure::bad_input(code::INVALID_ARGUMENT, "two rows have the same id")
                    .at(format!("{base}/id")),
            );
        }
        let data = if id.is_some() {
            payload::for_update(module, &fields, &base)?
        } else {
            payload::for_create(module, &fields, &base)?
        };
        rows.push(Row {
            id,
            data,
            changes: Vec::new(),
            outcome: None,
        });
    }
    Ok(rows)
}

/// Marks updates of what is not there, and rows that an earlier call with the same key made. A dry
/// run reads what the others would change.
fn look_before(
    call: &Call<'_>,
    module: &Module,
    rows: &mut [Row],
    args: &BulkArgs,
) -> Result<(), Failure> {
    let key = args.idempotency_key.as_ref();
    let chosen = |index: usize| key.map(|key| key.id(&module.name, Some(index)));
    let ids: Vec<String> = rows
        .iter()
        .enumerate()
        .filter_map(|(index, row)| row.id.clone().or_else(|| chosen(index)))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut fields = vec!["id".to_owned()];
    if args.dry_run {
        fields.extend(rows::sent_fields(
            rows.iter().filter(|row| row.id.is_some()),
        ));
    }
    let (found, missing) = fetch::several(call, module, &ids, &fields)?;
    for (index, row) in rows.iter_mut().enumerate() {
        match (&row.id, chosen(index)) {
            (Some(id), _) if missing.contains(id) => {
                let message = format!("{} has no record {id}", module.name);
                row.outcome = Some(Outcome {
                    message: Some(message),
                    ..outcome(Status::NotFound, Some(id.clone()))
                });
            }
            (Some(id), _) => {
                let before = find(&found, id);
                row.changes = before.map_or_else(Vec::new, |before| {
                    applied::changes(module, &row.data, before)
                });
            }
            (None, Some(id)) if !missing.contains(&id) => {
                row.outcome = Some(outcome(Status::Existed, Some(id)));
            }
            _ => {}
        }
    }
    Ok(())
}

fn answer(args: &BulkArgs, rows: Vec<Row>, note: Option<String>) -> Upserted {
    let results: Vec<Outcome> = rows.into_iter().filter_map(|row| row.outcome).collect();
    let written = |outcome: &&Outcome| matches!(outcome.status, Status::Created | Status::Updated);
    let ids: Vec<String> = results
        .iter()
        .filter(written)
        .filter_map(|outcome| outcome.id.clone())
        .collect();
    Upserted {
        module: args.module.clone(),
        count: ids.len(),
        ids,
        complete: results.iter().all(|outcome| {
            matches!(
                outcome.status,
                Status::Created | Status::Updated | Status::Existed
            ) && outcome.stored_otherwise.is_empty()
        }),
        results,
        would_send: Vec::new(),
        note,
        via: Via::v4_1(),
    }
}
