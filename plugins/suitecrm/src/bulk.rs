//! The tool `bulk_upsert`: many records of a module in one request, with a result per row.
//!
//! The CRM's bulk call says nothing per row: a denied row makes its list of ids shorter, a contact
//! like an existing one is merged into that one without a word, and ids are not checked. So updates
//! are looked for before, and every row is read afterwards.

use portcullis_sdk::{Call, Failure, code, datetime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    bulk_rows::{Outcome, Row, Status, assign, find, judged, outcome, status},
    chosen::Key,
    fetch,
    metadata::{self, Module},
    names, payload,
    rows::Record,
    rpc::{self, About},
    save,
    via::Via,
};

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
    /// Checks everything and says what would happen to each row, without sending it.
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
    look_before(call, &module, &mut rows, key)?;
    if args.dry_run {
        for row in rows.iter_mut().filter(|row| row.outcome.is_none()) {
            row.outcome = Some(outcome(
                if row.id.is_some() {
                    Status::WouldUpdate
                } else {
                    Status::WouldCreate
                },
                row.id.clone(),
            ));
        }
        return Ok(answer(
            args,
            rows,
            Some("dry run: nothing was written".to_owned()),
        ));
    }
    let note = match key {
        Some(key) => one_by_one(call, &module, &mut rows, key)?,
        None => at_once(call, &module, &mut rows)?,
    };
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
            outcome: None,
        });
    }
    Ok(rows)
}

/// Marks updates of what is not there, and rows that an earlier call with the same key made.
fn look_before(
    call: &Call<'_>,
    module: &Module,
    rows: &mut [Row],
    key: Option<&Key>,
) -> Result<(), Failure> {
    let chosen = |index: usize| key.map(|key| key.id(&module.name, Some(index)));
    let ids: Vec<String> = rows
        .iter()
        .enumerate()
        .filter_map(|(index, row)| row.id.clone().or_else(|| chosen(index)))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let (_, missing) = fetch::several(call, module, &ids, &["id".to_owned()])?;
    for (index, row) in rows.iter_mut().enumerate() {
        row.outcome = match (&row.id, chosen(index)) {
            (Some(id), _) if missing.contains(id) => {
                let message = format!("{} has no record {id}", module.name);
                Some(Outcome {
                    message: Some(message),
                    ..outcome(Status::NotFound, Some(id.clone()))
                })
            }
            (None, Some(id)) if !missing.contains(&id) => Some(outcome(Status::Existed, Some(id))),
            _ => None,
        };
    }
    Ok(())
}

/// Sends the rows that are left as single writes.
fn one_by_one(
    call: &Call<'_>,
    module: &Module,
    rows: &mut [Row],
    key: &Key,
) -> Result<Option<String>, Failure> {
    let mut sent: Vec<(usize, String)> = Vec::new();
    let mut lists = Vec::new();
    for (index, row) in rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.outcome.is_none())
    {
        // A row that names its record needs no id of ours; it goes with the others below.
        let id = row
            .id
            .clone()
            .unwrap_or_else(|| key.id(&module.name, Some(index)));
        if row.id.is_none() {
            lists.push(vec![
                json!(module.name),
                save::pairs(Some(&id), Some(key), &row.data),
                json!(false),
            ]);
            sent.push((index, id));
        }
    }
    let answers = rpc::all(call, About::change("set_entry", &module.name), lists);
    let failures: Vec<Option<Failure>> = answers.into_iter().map(Result::err).collect();
    let ids: Vec<String> = sent.iter().map(|(_, id)| id.clone()).collect();
    let stored = read_after(call, module, rows, &ids);
    for ((index, id), failure) in sent.into_iter().zip(failures) {
        let Some(row) = rows.get_mut(index) else {
            continue;
        };
        let status = match (&stored, &failure) {
            (None, _) => Status::Unknown,
            (Some(stored), _) if find(stored, &id).is_some() => Status::Created,
            (Some(_), Some(failure)) if !rpc::open(failure) => Status::Denied,
            (Some(_), _) => Status::NotApplied,
        };
        let message = failure.map(|failure| failure.message.clone());
        let said = judged(module, row, status, Some(id), stored.as_deref());
        row.outcome = Some(Outcome {
            message: message
                .filter(|_| status != Status::Created)
                .or(said.message.clone()),
            ..said
        });
    }
    at_once(call, module, rows)
}

/// Sends the rows that are left in one request.
fn at_once(call: &Call<'_>, module: &Module, rows: &mut [Row]) -> Result<Option<String>, Failure> {
    let open: Vec<usize> = (0..rows.len())
        .filter(|index| rows[*index].outcome.is_none())
        .collect();
    if open.is_empty() {
        return Ok(None);
    }
    let began = began(call, module, rows, &open)?;
    let lists: Vec<Value> = open
        .iter()
        .map(|index| save::pairs(rows[*index].id.as_deref(), None, &rows[*index].data))
        .collect();
    let arguments = vec![json!(module.name), Value::Array(lists)];
    let answer = match rpc::change(call, "set_entries", &module.name, arguments) {
        Ok(answer) => answer,
        Err(failure) if rows.iter().all(|row| row.outcome.is_none()) => return Err(failure),
        Err(failure) => {
            for index in open {
                rows[index].outcome = Some(Outcome {
                    message: Some(failure.message.clone()),
                    ..outcome(Status::Unknown, rows[index].id.clone())
                });
            }
            return Ok(Some(
                "the CRM broke off; look at the unknown rows before repeating them".to_owned(),
            ));
        }
    };
    let ids: Vec<String> = answer["ids"]
        .as_array()
        .ok_or_else(|| rpc::unexpected("set_entries"))?
        .iter()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
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
    for name in rows.iter().flat_map(|row| row.data.keys()) {
        if !fields.contains(name) {
            fields.push(name.clone());
        }
    }
    fetch::several(call, module, ids, &fields)
        .ok()
        .map(|(records, _)| records)
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
        note,
        via: Via::v4_1(),
    }
}
