//! The tool `update`: changes fields of one record.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, datetime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    applied::{self, Change, Otherwise},
    create, fetch,
    metadata::{self, Module},
    names, payload, planned,
    rows::{self, Record},
    save,
    via::Via,
};

/// Changes fields of a record; send only what changes, null empties. With if_unmodified_since the
/// change is refused when somebody changed the record after that time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateArgs {
    /// Module, e.g. `Opportunities`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// Fields and their new values.
    fields: Map<String, Value>,
    /// The `date_modified` that was read with the record.
    #[serde(default)]
    #[schemars(length(max = 40))]
    if_unmodified_since: Option<String>,
    /// Checks everything and says what would change, without changing it.
    #[serde(default)]
    dry_run: bool,
}

/// The changed record.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Updated {
    module: String,
    id: String,
    /// Whether something was written.
    updated: bool,
    /// The record's page in the CRM.
    url: String,
    /// What changed, or would in a dry run.
    changes: Vec<Change>,
    /// The fields that were sent, as they are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Record>,
    /// Fields that the CRM stored otherwise than sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stored_otherwise: Vec<Otherwise>,
    /// What a dry run would send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_send: Vec<Value>,
    /// What to know about the write.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn update(call: &Call<'_>, args: &UpdateArgs) -> Result<Updated, Failure> {
    names::check_writable(call, &args.module)?;
    names::check_id(&args.id, "/id")?;
    if args.fields.is_empty() {
        return Err(
            Failure::bad_input(code::INVALID_ARGUMENT, "fields holds no field to change")
                .at("/fields"),
        );
    }
    let module = metadata::module(call, &args.module)?;
    let data = payload::for_update(&module, &args.fields, "/fields")?;
    let before = fetch::one(call, &module, &args.id, &save::read_back(&data))?;
    check_unmodified(&before, args.if_unmodified_since.as_deref())?;
    let changes = applied::changes(&module, &data, &before);
    let mut answer = Updated {
        url: rows::url(call, &args.module, &args.id),
        module: args.module.clone(),
        id: args.id.clone(),
        updated: false,
        record: None,
        stored_otherwise: Vec::new(),
        would_send: Vec::new(),
        note: None,
        via: create::transport(call, &module, &data)?,
        changes,
    };
    if answer.changes.is_empty() {
        answer.note = Some("the record has these values already; nothing was written".to_owned());
        answer.record = Some(before);
        answer.via = Via::v4_1();
        return Ok(answer);
    }
    if args.dry_run {
        answer.note = Some("dry run: nothing was written".to_owned());
        answer.would_send = vec![request(&module, &args.id, &data, &answer.via)];
        return Ok(answer);
    }
    let saved = save::update(call, &module, &args.id, &data, &before, &mut answer.via)?;
    refuse_unapplied(&args.id, &answer.changes, &saved.otherwise)?;
    answer.updated = true;
    answer.record = Some(saved.record);
    answer.stored_otherwise = saved.otherwise;
    answer.note = saved.note;
    Ok(answer)
}

/// A change of which nothing is stored was not made.
fn refuse_unapplied(id: &str, changes: &[Change], otherwise: &[Otherwise]) -> Result<(), Failure> {
    let kept = changes.iter().all(|change| {
        otherwise
            .iter()
            .any(|other| other.field == change.field && other.stored == change.from)
    });
    if !kept {
        return Ok(());
    }
    let names: Vec<_> = otherwise.iter().map(|other| other.field.as_str()).collect();
    Err(Failure::new(
        Kind::Unsupported,
        code::NOT_APPLIED,
        format!(
            "the CRM answered without an error and kept the old value of {}",
            names.join(", ")
        ),
    )
    .suggest("the role, a workflow or a hook of the CRM keeps it")
    .details(json!({"id": id, "stored_otherwise": otherwise}))
    .outcome(Outcome::NotDone))
}

fn request(module: &Module, id: &str, data: &payload::Data, via: &Via) -> Value {
    if via.is_v8() {
        let resource = save::resource(module, Some(id), data);
        planned::v8("PATCH", &save::path(), Some(&resource))
    } else {
        planned::v4("set_entry", &save::arguments(module, Some(id), None, data))
    }
}

/// Refuses when the record was changed after the time that the caller knows. A time to the minute,
/// as V8 tells it, is compared to the minute.
pub(crate) fn check_unmodified(before: &Record, since: Option<&str>) -> Result<(), Failure> {
    let Some(since) = since else { return Ok(()) };
    let stored = rows::text(before, "date_modified");
    let minute = since
        .strip_suffix('Z')
        .filter(|text| text.len() == 16)
        .map(|text| format!("{text}:00Z"));
    let known = datetime::to_utc(minute.as_deref().unwrap_or(since)).ok_or_else(|| {
        Failure::bad_input(
            code::INVALID_ARGUMENT,
            "if_unmodified_since is a date-time like 2026-12-31T09:30:00Z",
        )
        .at("/if_unmodified_since")
    })?;
    let now = datetime::to_utc(stored).ok_or_else(|| {
        Failure::new(
            Kind::Unsupported,
            code::UPSTREAM_ERROR,
            "the record does not tell when it was changed",
        )
        .outcome(Outcome::NotDone)
    })?;
    let digits = if minute.is_some() { 16 } else { 19 };
    if now.get(..digits) <= known.get(..digits) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Conflict,
        code::VERSION_CONFLICT,
        "somebody changed the record since it was read",
    )
    .at("/if_unmodified_since")
    .suggest("read the record again and decide anew")
    .details(json!({"date_modified": stored}))
    .outcome(Outcome::NotDone))
}
