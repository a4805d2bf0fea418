//! The tool `crm_get`: one record with what belongs to it, without the catalogues around it.

use portcullis_sdk::{Call, Cut, Failure, code, text};
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
/// Characters of a text where a record is longer than an answer may be.
const LONG_RECORD_TEXT: u32 = 1000;

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
    /// Its page in the CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
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
    let fields: Vec<&str> = args.fields.iter().flatten().map(String::as_str).collect();
    let mut found = read(call, &args.entity, &args.id, &fields)?;
    found.fit(&Settings::of(call)?, !fields.is_empty());
    call.link_record(found.entity, &found.id);
    Ok(found)
}

/// A record with everything that is linked to it, and its texts whole.
pub(crate) fn whole(call: &Call<'_>, entity: &str, id: &str) -> Result<Found, Failure> {
    read(call, entity, id, &[])
}

fn read(call: &Call<'_>, entity: &str, id: &str, fields: &[&str]) -> Result<Found, Failure> {
    let entity = entity::find(entity)?;
    access::check(call, entity)?;
    ids::check(id, "/id")?;
    if matches!(entity.name, "people" | "teams") {
        return listed(call, entity, id);
    }
    entity.get.map_err(|instead| {
        Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("{} cannot be read one by one", entity.name),
        )
        .at("/entity")
        .suggest(instead)
    })?;
    let mut detail = crm::detail(call, entity, id)?;
    let (record, mut linked) = match entity.nest {
        Some(key) if detail.contains_key(key) => {
            let companions = companions(&mut detail);
            (crm::nested(entity, detail)?, companions)
        }
        _ => (detail, Record::new()),
    };
    let mut record = shape::record(&record, fields);
    if !fields.is_empty() {
        pick(&mut record, fields, entity)?;
        linked = Record::new();
    }
    Ok(Found {
        entity: entity.name,
        id: id.to_owned(),
        url: Settings::of(call)?.page(entity, id),
        record,
        linked,
        truncated: None,
    })
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
        url: None,
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
    /// Shows so many entries of what is linked, and fewer until all fits; cuts texts that nobody asked
    /// for by name.
    fn fit(&mut self, settings: &Settings, asked: bool) {
        let budget = settings.answer_bytes as usize;
        let mut told: Vec<String> = self.texts(settings, asked).into_iter().collect();
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
        if !cut.is_empty() {
            let what = cut.join("; ");
            told.push(format!(
                "Not all is shown ({what}); crm_search lists linked records."
            ));
        }
        self.truncated = (!told.is_empty()).then(|| told.join(" "));
    }

    fn texts(&mut self, settings: &Settings, asked: bool) -> Option<String> {
        if asked {
            return None;
        }
        let limit = match text::json_len(&self.record) > settings.answer_bytes as usize {
            true => LONG_RECORD_TEXT.min(settings.record_text_limit),
            false => settings.record_text_limit,
        };
        let mut cut = Cut::after(limit);
        cut.record(&mut self.record);
        cut.record(&mut self.linked);
        cut.told("`fields` shows those of the record whole, crm_search the linked records")
    }
}
