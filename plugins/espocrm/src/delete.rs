//! The tool `delete`: shows what would go, and deletes when the host has had it confirmed.

use portcullis_sdk::{Call, Failure, Kind, Outcome, Response, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    crm::{self, Record},
    entity,
    errors::About,
    metadata::{self, Defs},
    selection,
};

/// How many links a preview counts.
const MAX_COUNTED: usize = 12;
/// Links to what a record does not own.
const UNCOUNTED: &[&str] = &[
    "teams",
    "users",
    "assignedUsers",
    "collaborators",
    "createdBy",
    "modifiedBy",
    "targetLists",
    "campaignLogRecords",
];

/// Deletes a record. The first call only shows the record and how many records are linked to it;
/// repeat it with the confirmation_token of that answer once a human agreed.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeleteArgs {
    /// Entity type, e.g. `Task`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
}

/// What was deleted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deleted {
    entity_type: String,
    /// The id of the deleted record.
    deleted: String,
}

/// What a deletion would do.
#[derive(Serialize)]
pub(crate) struct Preview {
    summary: String,
    entity_type: String,
    id: String,
    url: String,
    record: Record,
    modified_at: Option<Value>,
    version_number: Option<Value>,
    /// Link → how many records lose it.
    dependents: Map<String, Value>,
    not_counted: Vec<String>,
}

pub(crate) fn preview(call: &Call<'_>, args: &DeleteArgs) -> Result<Preview, Failure> {
    let (entity, id) = (args.entity_type.as_str(), args.id.as_str());
    check(call, args)?;
    let mut record = crm::read(call, entity, id)?;
    let defs = metadata::defs(call, entity)?;
    let (dependents, not_counted) = count(call, entity, id, &defs);
    let (modified_at, version_number) = (record.get("modifiedAt"), record.get("versionNumber"));
    let shown = selection::default(&defs, None);
    selection::reduce(&mut record, &shown);
    let links: u64 = dependents.values().filter_map(Value::as_u64).sum();
    let name = record.text("name").unwrap_or_else(|| id.to_owned());
    Ok(Preview {
        summary: format!(
            "{entity} `{name}` would be deleted; {links} linked records would lose their link to it. Only an administrator can restore it."
        ),
        url: crm::url(call, entity, id),
        entity_type: entity.to_owned(),
        id: id.to_owned(),
        record,
        modified_at,
        version_number,
        dependents,
        not_counted,
    })
}

pub(crate) fn delete(call: &Call<'_>, args: &DeleteArgs) -> Result<Deleted, Failure> {
    check(call, args)?;
    let about = About::changing(&args.entity_type, "delete").id(&args.id);
    let response = call
        .http()
        .delete(path![args.entity_type, args.id])
        .send()?;
    if response.status >= 500 && is_gone(call, args) {
        return Ok(done(args));
    }
    match crm::accept(call, response, &about)?.value() {
        Some(Value::Bool(false)) => Err(Failure::new(
            Kind::UpstreamFault,
            code::NOT_APPLIED,
            "the CRM answered that it did not delete the record",
        )
        .outcome(Outcome::NotDone)),
        _ => Ok(done(args)),
    }
}

fn check(call: &Call<'_>, args: &DeleteArgs) -> Result<(), Failure> {
    entity::check_writable(call, &args.entity_type)?;
    entity::check_id(&args.id, "/id")
}

fn done(args: &DeleteArgs) -> Deleted {
    Deleted {
        entity_type: args.entity_type.clone(),
        deleted: args.id.clone(),
    }
}

/// After a 5xx: whether the record is deleted nevertheless.
fn is_gone(call: &Call<'_>, args: &DeleteArgs) -> bool {
    crm::read(call, &args.entity_type, &args.id)
        .is_err_and(|failure| failure.code == code::RECORD_NOT_FOUND)
}

/// Counts the records behind each link that holds several; what cannot be counted is named.
fn count(
    call: &Call<'_>,
    entity: &str,
    id: &str,
    defs: &Defs,
) -> (Map<String, Value>, Vec<String>) {
    let many = defs.links.iter().filter(|(name, link)| {
        link.is_many() && link.entity.is_some() && !UNCOUNTED.contains(name)
    });
    let mut names: Vec<String> = many.map(|(name, _)| name.to_owned()).collect();
    let mut not_counted = names.split_off(names.len().min(MAX_COUNTED));
    let asks = names.iter().map(|link| {
        call.http()
            .get(path![entity, id, link])
            .query("maxSize", 0)
            .query("select", "id")
    });
    let mut counts = Map::new();
    for (link, answer) in names.iter().zip(call.http().send_all(asks.collect())) {
        let total = answer
            .ok()
            .filter(Response::is_success)
            .and_then(|response| response.value()?.get("total")?.as_u64());
        match total {
            Some(0) => {}
            Some(total) => drop(counts.insert(link.clone(), json!(total))),
            None => not_counted.push(link.clone()),
        }
    }
    (counts, not_counted)
}
