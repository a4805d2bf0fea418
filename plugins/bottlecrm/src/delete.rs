//! The tool `crm_delete`: shows what would go, and deletes when the host has had it confirmed.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    access,
    crm::{self, Record},
    entity::{self, Entity},
    errors::{self, About},
    ids, lists, shape,
};

/// What stands beside a record and loses it.
const DEPENDENTS: &[&str] = &[
    "opportunity_list",
    "opportunities",
    "contacts",
    "cases",
    "tasks",
    "invoices",
    "solutions",
    "comments",
    "attachments",
    "line_items",
    "linked_cases",
    "payments",
];

/// Deletes a record. The first call only shows the record and what depends on it; repeat it with
/// the confirmation_token of that answer once a human agreed. A tag is archived, a case is hidden.
/// An invoice cannot be deleted, only cancelled with crm_action.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteArgs {
    /// leads, contacts, accounts, opportunities, tasks, cases, solutions, estimates, products,
    /// tags, goals, documents or time_entries.
    #[schemars(extend("enum" = entity::NAMES))]
    entity: String,
    /// The record's id, a UUID.
    #[schemars(length(min = 1, max = 64))]
    id: String,
}

/// What was deleted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deleted {
    entity: &'static str,
    /// The id of the deleted record.
    deleted: String,
}

/// What a deletion would do.
#[derive(Serialize)]
pub(crate) struct Preview {
    summary: String,
    entity: &'static str,
    id: String,
    record: Record,
    /// A change of what the row does not show is a change, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Value>,
    /// How many of each kind lose the record.
    dependents: Map<String, Value>,
}

pub(crate) fn preview(call: &Call<'_>, args: &DeleteArgs) -> Result<Preview, Failure> {
    let entity = check(call, args)?;
    let (record, dependents) = if entity.get.is_ok() {
        let detail = crm::detail(call, entity, &args.id)?;
        let mut dependents = count(&detail);
        let record = crm::nested(entity, detail)?;
        dependents.extend(count(&record));
        (record, dependents)
    } else {
        (row(call, entity, &args.id)?, Map::new())
    };
    let title = entity.title_of(&record);
    let invoices = dependents.get("invoices").is_some();
    let more = match entity.name {
        "accounts" if invoices => " The CRM refuses to delete an account that has invoices.",
        "cases" => " Lists no longer show it; an administrator can still find it.",
        "tags" => " It is archived: records keep it, and it can be restored.",
        _ => " This cannot be undone.",
    };
    let shown = shape::row(&record, entity.row, false);
    Ok(Preview {
        summary: format!("The {} `{title}` would be deleted.{more}", entity.one),
        entity: entity.name,
        id: args.id.clone(),
        updated_at: record.get("updated_at").cloned(),
        record: shown,
        dependents,
    })
}

pub(crate) fn delete(call: &Call<'_>, args: &DeleteArgs) -> Result<Deleted, Failure> {
    let entity = check(call, args)?;
    let about = About::changing(entity.one, "delete").id(&args.id);
    let response = match call.http().delete(entity.record(&args.id)).send() {
        Ok(response) => response,
        Err(lost) if lost.outcome == Some(Outcome::MayHaveHappened) => {
            return after_fault(call, entity, args, lost);
        }
        Err(failure) => return Err(failure),
    };
    if response.status >= 500 {
        return after_fault(call, entity, args, errors::refused(&response, &about));
    }
    crm::accept(response, &about)?;
    confirmed(call, entity, args)
}

/// What the CRM says it deleted is looked for once more.
fn confirmed(
    call: &Call<'_>,
    entity: &'static Entity,
    args: &DeleteArgs,
) -> Result<Deleted, Failure> {
    match left(call, entity, &args.id) {
        Ok(None) => Ok(done(entity, args)),
        Ok(Some(stays)) => Err(Failure::new(
            Kind::UpstreamFault,
            code::NOT_APPLIED,
            format!("the CRM answered that it deleted the {}, but {stays}", entity.one),
        )
        .outcome(Outcome::NotDone)
        .details(json!({"id": args.id}))
        .suggest("look at it with crm_get; an administrator may have to delete it in the CRM")),
        Err(failure) => Err(Failure::new(
            Kind::UpstreamFault,
            code::PARTIAL,
            format!(
                "the CRM answered that it deleted the {}; whether it is gone could not be looked at: {}",
                entity.one, failure.message
            ),
        )
        .outcome(Outcome::MayHaveHappened)
        .details(json!({"id": args.id}))
        .suggest("look for it with crm_get before anything else")),
    }
}

/// What is left of a record; none when it is gone. A tag stays, but archived. A time entry cannot
/// be read, so it is deleted once more: what is gone is unknown to the CRM then.
fn left(
    call: &Call<'_>,
    entity: &'static Entity,
    id: &str,
) -> Result<Option<&'static str>, Failure> {
    let looked = match entity.get {
        Ok(()) => crm::record(call, entity, id),
        Err(_) => {
            let about = About::changing(entity.one, "delete").id(id);
            crm::send(call.http().delete(entity.record(id)), &about).map(|_| Record::new())
        }
    };
    match looked {
        Err(gone) if gone.code == code::RECORD_NOT_FOUND => Ok(None),
        Err(failure) => Err(failure),
        Ok(tag) if entity.name == "tags" && tag.get("is_active") == Some(&Value::Bool(false)) => {
            Ok(None)
        }
        Ok(_) if entity.name == "tags" => Ok(Some("it is not archived")),
        Ok(_) => Ok(Some("it is still there")),
    }
}

fn check(call: &Call<'_>, args: &DeleteArgs) -> Result<&'static Entity, Failure> {
    let entity = entity::find(&args.entity)?;
    access::check(call, entity)?;
    ids::check(&args.id, "/id")?;
    entity.delete.map_err(|instead| {
        Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("{} cannot be deleted here", entity.name),
        )
        .at("/entity")
        .suggest(instead)
    })?;
    Ok(entity)
}

fn done(entity: &'static Entity, args: &DeleteArgs) -> Deleted {
    Deleted {
        entity: entity.name,
        deleted: args.id.clone(),
    }
}

/// The CRM answers 500 for an account that invoices refer to, among others.
fn after_fault(
    call: &Call<'_>,
    entity: &'static Entity,
    args: &DeleteArgs,
    failure: Failure,
) -> Result<Deleted, Failure> {
    if entity.get.is_err() {
        return Err(failure);
    }
    match left(call, entity, &args.id) {
        Ok(None) => Ok(done(entity, args)),
        Err(_) => Err(failure),
        // Without an answer the CRM may still be at work.
        Ok(_) if failure.kind != Kind::UpstreamFault => Err(failure.suggest(
            "the record is still there for now; look again with crm_get before another try",
        )),
        Ok(_) => Err(failure.outcome(Outcome::NotDone).suggest(match entity.name {
            "accounts" => "the account is still there; the CRM cannot delete one that invoices or estimates refer to",
            _ => "the record is still there; something may refer to it",
        })),
    }
}

fn count(record: &Record) -> Map<String, Value> {
    DEPENDENTS
        .iter()
        .filter_map(|&key| {
            let many = record.get(key)?.as_array()?.len();
            (many > 0).then(|| (key.to_owned(), json!(many)))
        })
        .collect()
}

/// A record that can only be found in its list.
fn row(call: &Call<'_>, entity: &'static Entity, id: &str) -> Result<Record, Failure> {
    let wanted = lists::Wanted {
        entity,
        params: Vec::new(),
        fields: entity.row.to_vec(),
        limit: 50,
        offset: 0,
    };
    let found = lists::fetch_list(call, &wanted)?;
    let is_it = |row: &Record| crm::text(row, "id").eq_ignore_ascii_case(id);
    Ok(found.rows.into_iter().find(is_it).unwrap_or_else(|| {
        let unseen = "it is not among those that can be listed, so nothing more is known of it";
        [
            ("id".to_owned(), id.into()),
            ("note".to_owned(), unseen.into()),
        ]
        .into_iter()
        .collect()
    }))
}
