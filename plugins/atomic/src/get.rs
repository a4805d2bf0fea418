//! The tool `get_record`: one record, whole, with the names behind its ids.

use portcullis_sdk::{Call, Cut, Failure, code, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    entity::{self, Entity},
    errors::About,
    rest::{self, Record},
    settings::Settings,
    tables, tags, values,
};

/// Reads one record by its id, with every column. A contact comes with the names of its tags, a
/// deal with those of its contacts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetArgs {
    /// Which kind of record.
    #[schemars(extend("enum" = tables::NAMES))]
    entity: String,
    /// The record's id.
    #[schemars(range(min = 1))]
    id: u64,
    /// Columns to show instead of all; texts that are named here are not shortened.
    #[serde(default)]
    #[schemars(length(max = 60))]
    fields: Vec<String>,
}

/// One record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    entity: &'static str,
    record: Record,
    /// Its page in the CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

pub(crate) fn get(call: &Call<'_>, args: &GetArgs) -> Result<Found, Failure> {
    let mut found = whole(call, &args.entity, args.id)?;
    if args.fields.is_empty() {
        let mut cut = Cut::after(Settings::of(call)?.record_text_limit);
        cut.record(&mut found.record);
        found.truncated = cut.told("name them in `fields` to get them whole");
    } else {
        reduce(&mut found.record, &args.fields)?;
    }
    call.link_record(found.entity, &args.id.to_string());
    Ok(found)
}

/// Leaves the id and the named columns.
fn reduce(record: &mut Record, fields: &[String]) -> Result<(), Failure> {
    for (at, name) in fields.iter().enumerate() {
        if !record.contains_key(name) {
            return Err(Failure::bad_input(
                code::INVALID_FIELD,
                format!("the record has no column {name}"),
            )
            .at(format!("/fields/{at}"))
            .suggest_some(text::did_you_mean(name, record.keys().map(String::as_str))));
        }
    }
    record.retain(|name, _| name == "id" || fields.contains(name));
    Ok(())
}

/// A record with every column, and its texts whole.
pub(crate) fn whole(call: &Call<'_>, entity: &str, id: u64) -> Result<Found, Failure> {
    let entity = entity::find(entity)?;
    let mut record = rest::one(call, entity, id)?;
    match entity.name {
        "contacts" => tag_names(call, &mut record)?,
        "deals" => contact_names(call, &mut record)?,
        _ => {}
    }
    Ok(Found {
        entity: entity.name,
        record,
        url: link(call, entity, id)?,
        truncated: None,
    })
}

/// The address of a record's page.
pub(crate) fn link(call: &Call<'_>, entity: &Entity, id: u64) -> Result<Option<String>, Failure> {
    let crm = Settings::of(call)?.crm_url;
    let crm = crm.trim_end_matches('/');
    Ok(entity
        .page
        .filter(|_| !crm.is_empty())
        .map(|page| format!("{crm}/#/{page}/{id}/show")))
}

fn tag_names(call: &Call<'_>, contact: &mut Record) -> Result<(), Failure> {
    let ids = listed(contact, "tags");
    if !ids.is_empty() {
        let known = tags::all(call)?;
        let names: Vec<Value> = ids
            .iter()
            .filter_map(|id| known.iter().find(|tag| rest::id_of(tag) == Some(*id)))
            .filter_map(|tag| tag.get("name").cloned())
            .collect();
        contact.insert("tag_names".to_owned(), names.into());
    }
    Ok(())
}

/// PostgREST cannot embed them: the ids stand in a list.
fn contact_names(call: &Call<'_>, deal: &mut Record) -> Result<(), Failure> {
    let ids = listed(deal, "contact_ids");
    if !ids.is_empty() {
        let ask = rest::table(call, "contacts")
            .query("select", "id,first_name,last_name")
            .query("id", rest::among(&ids))
            .query("order", "id.asc");
        let contacts = rest::rows(ask, &About::reading("contacts"))?;
        deal.insert("contacts".to_owned(), json!(contacts));
    }
    Ok(())
}

fn listed(record: &Record, key: &str) -> Vec<u64> {
    record
        .get(key)
        .and_then(|value| values::ids(value, "").ok())
        .unwrap_or_default()
}
