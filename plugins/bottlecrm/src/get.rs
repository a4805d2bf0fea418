//! The tool `crm_get`: one record with what belongs to it, without the catalogues around it.

use portcullis_sdk::{Call, Failure, code, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    access,
    crm::{self, Record},
    directory,
    entity::{self, Entity},
    ids,
    settings::Settings,
    shape::{self, Depth},
};

/// What stands beside a record and is worth keeping.
const COMPANIONS: &[&str] = &[
    "comments",
    "internal_notes",
    "attachments",
    "opportunity_list",
    "opportunities",
    "contacts",
    "colleagues",
    "cases",
    "tasks",
    "invoices",
    "emails",
    "email_messages",
    "solutions",
    "activities",
    "merged_from_cases",
    "history",
];
/// How many entries of a companion are shown.
const SHOWN: usize = 10;

/// Reads one record by its id, with its comments and what is linked to it. A merged case tells
/// where it went. `public_token` and `public_url` of invoices and estimates are hidden unless
/// `fields` names them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetArgs {
    /// leads, contacts, accounts, opportunities, tasks, cases, invoices, solutions, estimates,
    /// products, tags, goals, documents, people or teams.
    #[schemars(extend("enum" = entity::NAMES))]
    entity: String,
    /// The record's id, a UUID.
    #[schemars(length(min = 1, max = 64))]
    id: String,
    /// Fields of the record to show instead of all; what is linked is then left out.
    #[serde(default)]
    #[schemars(length(max = 50))]
    fields: Option<Vec<String>>,
}

/// One record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    entity: &'static str,
    id: String,
    /// Fields and values; people and records by id and name.
    record: Record,
    /// Comments, tasks and so on, newest first; only those that there are.
    #[serde(skip_serializing_if = "Map::is_empty")]
    linked: Record,
    /// What was cut, and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

pub(crate) fn get(call: &Call<'_>, args: &GetArgs) -> Result<Found, Failure> {
    let entity = entity::find(&args.entity)?;
    access::check(call, entity)?;
    ids::check(&args.id, "/id")?;
    let fields: Vec<&str> = args.fields.iter().flatten().map(String::as_str).collect();
    if matches!(entity.name, "people" | "teams") {
        return listed(call, entity, &args.id);
    }
    entity.get.map_err(|instead| {
        Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("{} cannot be read one by one", entity.name),
        )
        .at("/entity")
        .suggest(instead)
    })?;
    let mut detail = crm::detail(call, entity, &args.id)?;
    let (record, mut linked) = match entity.nest {
        Some(key) if detail.contains_key(key) => {
            let companions = companions(&mut detail);
            (crm::nested(entity, detail)?, companions)
        }
        _ => (detail, Record::new()),
    };
    let mut record = shape::record(&record, &fields);
    if !fields.is_empty() {
        pick(&mut record, &fields, entity)?;
        linked = Record::new();
    }
    let mut found = Found {
        entity: entity.name,
        id: args.id.clone(),
        record,
        linked,
        truncated: None,
    };
    found.fit(Settings::of(call)?.answer_bytes as usize);
    Ok(found)
}

/// People and teams are in a directory, not behind an address of their own.
fn listed(call: &Call<'_>, entity: &'static Entity, id: &str) -> Result<Found, Failure> {
    let link = if entity.name == "people" {
        crate::fields::Link::Person
    } else {
        crate::fields::Link::Team
    };
    let all = directory::entries(call, link, directory::Age::Fresh)?;
    let Some(entry) = all
        .into_iter()
        .find(|entry| entry.id.eq_ignore_ascii_case(id))
    else {
        return Err(crate::errors::missing(
            &crate::errors::About::reading(entity.one).id(id),
        ));
    };
    let record = serde_json::to_value(entry).ok();
    Ok(Found {
        entity: entity.name,
        id: id.to_owned(),
        record: record
            .and_then(|value| value.as_object().cloned())
            .unwrap_or_default(),
        linked: Record::new(),
        truncated: None,
    })
}

fn companions(detail: &mut Record) -> Record {
    COMPANIONS
        .iter()
        .filter_map(|&key| {
            let value = detail.remove(key)?;
            (!shape::is_empty(&value))
                .then(|| (key.to_owned(), shape::reduce(&value, Depth::Record, 0)))
        })
        .collect()
}

fn pick(record: &mut Record, fields: &[&str], entity: &Entity) -> Result<(), Failure> {
    for (at, name) in fields.iter().enumerate() {
        if !record.contains_key(*name) {
            return Err(Failure::bad_input(
                code::INVALID_FIELD,
                format!("this {} has no field {name}", entity.one),
            )
            .at(format!("/fields/{at}"))
            .suggest_some(text::did_you_mean(name, record.keys().map(String::as_str))));
        }
    }
    record.retain(|key, _| key == "id" || fields.contains(&key.as_str()));
    Ok(())
}

impl Found {
    /// Shows so many entries of what is linked, and fewer until all fits.
    fn fit(&mut self, budget: usize) {
        let mut cut: Vec<String> = Vec::new();
        let mut most = SHOWN;
        loop {
            for (key, value) in &mut self.linked {
                if let Value::Array(items) = value
                    && items.len() > most
                {
                    let all = items.len();
                    items.truncate(most);
                    cut.retain(|line| !line.starts_with(&format!("{key}: ")));
                    cut.push(format!("{key}: {most} of {all}"));
                }
            }
            let size = text::json_len(&self.linked) + text::json_len(&self.record);
            if size <= budget || most <= 1 {
                break;
            }
            most /= 2;
        }
        if text::json_len(&self.record) > budget {
            cut.extend(shorten(&mut self.record));
        }
        if !cut.is_empty() {
            let what = cut.join("; ");
            self.truncated = Some(format!(
                "cut: {what}. `fields` shows single fields whole; crm_search lists linked records."
            ));
        }
    }
}

fn shorten(record: &mut Record) -> Vec<String> {
    let mut cut = Vec::new();
    for (key, value) in record.iter_mut() {
        if let Value::String(text) = value
            && text::cut(text, 2000)
        {
            cut.push(format!("{key}: 2000 characters"));
        }
    }
    cut
}
