//! The tool `crm_search`: one page of a list, small.

use portcullis_sdk::{Call, Cut, Failure, code, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    access,
    crm::Record,
    entity::{self, Entity},
    lists::{self, Fetched, Wanted},
    query, schema,
    settings::Settings,
    shape::{self, Depth},
};

const DEFAULT_LIMIT: u8 = 20;
const MOST: u8 = 50;
/// A page of the default size is at most this long; what stands around the records takes the rest
/// of 10,000 bytes.
const DEFAULT_BYTES: usize = 9_200;
/// Sums of a list that are longer are left out.
const TOTALS_BYTES: usize = 500;

/// Lists records of an entity, newest or most urgent first where the CRM can order them, with the
/// fields that matter; empty fields are left out. People are shown by e-mail address. `filters`
/// are checked, because the CRM ignores what it does not know; crm_describe lists them per entity.
/// Besides the records of the CRM: people, teams, tags, custom_fields, goals, documents,
/// time_entries, approvals, activities, today (the queue of what is due), and everything (a
/// search over all kinds by `query`). Converted leads are in no list; crm_get reads one by its id.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchArgs {
    /// What to list.
    #[schemars(extend("enum" = entity::NAMES))]
    entity: String,
    /// Words to search for: names, titles, e-mail addresses; what exactly depends on the entity.
    #[serde(default)]
    query: String,
    /// Field → value, e.g. `{"status": ["assigned"], "assigned_to": "me"}`. People, tags and
    /// accounts may be named instead of their ids.
    #[serde(default)]
    filters: Option<Map<String, Value>>,
    /// Records per page, 1 to 50.
    #[serde(default = "default_limit")]
    limit: f64,
    /// Records to pass over; take it from next_offset.
    #[serde(default)]
    offset: i64,
    /// Fields to show instead of the usual ones, e.g. `["name","account","amount"]`.
    #[serde(default)]
    #[schemars(length(max = 50))]
    fields: Option<Vec<String>>,
}

fn default_limit() -> f64 {
    DEFAULT_LIMIT.into()
}

/// One page.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    entity: &'static str,
    #[serde(flatten)]
    page: portcullis_sdk::Page,
    /// Counts and sums that the CRM gives for the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Value>,
    /// What was done differently from what was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

pub(crate) fn search(call: &Call<'_>, args: &SearchArgs) -> Result<Found, Failure> {
    let entity = entity::find(&args.entity)?;
    access::check(call, entity)?;
    let mut notes = Vec::new();
    let limit = limit(args.limit, &mut notes);
    let offset = usize::try_from(args.offset.max(0)).unwrap_or(0);
    if args.offset < 0 {
        notes.push("a negative offset counts as 0".to_owned());
    }
    let asked = chosen(call, entity, args.fields.as_deref())?;
    let fields = asked.clone().unwrap_or_else(|| entity.row.to_vec());
    let empty = Map::new();
    let filters = args.filters.as_ref().unwrap_or(&empty);
    let params = query::params(call, entity, &args.query, filters, &mut notes)?;
    let wanted = Wanted {
        entity,
        params,
        fields,
        limit,
        offset,
    };
    let found = fetch(call, &wanted, args.query.trim(), &mut notes)?;
    let budget = budget(call, limit, asked.is_some())?;
    let mut cut = Cut::after(Settings::of(call)?.text_limit);
    let rows = found
        .rows
        .iter()
        .map(|row| shape::cut_row(row, &wanted.fields, asked.is_some(), &mut cut))
        .collect();
    let mut page = portcullis_sdk::Page::counted(rows, offset as u64, found.total as u64);
    page.say_texts(&cut, "name them in `fields` to get them whole");
    page.fit(budget);
    shrink(&mut page, budget);
    Ok(Found {
        entity: entity.name,
        page,
        totals: found
            .totals
            .map(|totals| shape::reduce(&totals, Depth::Row, 0))
            .filter(|totals| text::json_len(totals) <= TOTALS_BYTES),
        notes,
    })
}

/// A page size in the range; anything else is brought into it, and that is said.
fn limit(asked: f64, notes: &mut Vec<String>) -> usize {
    let fitting = (1..=MOST).rev().find(|&rows| f64::from(rows) <= asked);
    let rows = fitting.unwrap_or(DEFAULT_LIMIT);
    if (f64::from(rows) - asked).abs() > f64::EPSILON {
        notes.push(format!(
            "limit {asked} counts as {rows}; a page has 1 to {MOST} records"
        ));
    }
    rows.into()
}

/// The fields that a caller names, checked against the tables and then against the CRM's schema.
fn chosen<'a>(
    call: &Call<'_>,
    entity: &Entity,
    names: Option<&'a [String]>,
) -> Result<Option<Vec<&'a str>>, Failure> {
    let names: Vec<&str> = names
        .unwrap_or_default()
        .iter()
        .flat_map(|item| item.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        return Ok(None);
    }
    let known = access::readable(entity);
    let mut chosen = vec!["id"];
    for (at, name) in names.into_iter().enumerate() {
        if !known.contains(&name) && !schema::knows(call, entity, name)? {
            return Err(Failure::bad_input(
                code::INVALID_FIELD,
                format!("{} have no field {name}", entity.name),
            )
            .at(format!("/fields/{at}"))
            .suggest_some(text::did_you_mean(name, known.iter().copied())));
        }
        if !chosen.contains(&name) {
            chosen.push(name);
        }
    }
    Ok(Some(chosen))
}

/// A list that the CRM does not page, and whose search is not known to work, is searched and
/// paged here.
fn fetch(
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    query: &str,
    notes: &mut Vec<String>,
) -> Result<Fetched, Failure> {
    let mut found = lists::fetch(call, wanted)?;
    if wanted.entity.paged {
        return Ok(found);
    }
    if found.total > found.rows.len() {
        notes.push(format!(
            "only the first {} of {} {} were looked through",
            found.rows.len(),
            found.total,
            wanted.entity.name
        ));
    }
    if !query.is_empty() && wanted.entity.name != "everything" {
        let words = query.to_lowercase();
        found.rows.retain(|row| says(row, wanted, &words));
    }
    found.total = found.rows.len();
    found.rows = found
        .rows
        .into_iter()
        .skip(wanted.offset)
        .take(wanted.limit)
        .collect();
    Ok(found)
}

fn says(row: &Record, wanted: &Wanted<'_>, words: &str) -> bool {
    let shown = shape::row(row, &wanted.fields, true);
    shown
        .iter()
        .filter(|(key, _)| *key != "id")
        .any(|(_, value)| value.to_string().to_lowercase().contains(words))
}

fn budget(call: &Call<'_>, limit: usize, asked: bool) -> Result<usize, Failure> {
    let most = Settings::of(call)?.answer_bytes as usize;
    let usual = usize::from(DEFAULT_LIMIT);
    Ok(match asked {
        true => most,
        false if limit <= usual => DEFAULT_BYTES,
        false => most.min(DEFAULT_BYTES * limit / usual),
    })
}

/// A single record that is longer than the whole budget loses its longest texts.
fn shrink(page: &mut portcullis_sdk::Page, budget: usize) {
    let [record] = page.records.as_mut_slice() else {
        return;
    };
    if text::json_len(record) <= budget {
        return;
    }
    let mut cut = Vec::new();
    for (key, value) in record.iter_mut() {
        if text::json_len(value) > budget / 4 {
            *value = Value::Null;
            cut.push(key.clone());
        }
    }
    page.say_cut(format!(
        "{} left out, too long; crm_get shows them.",
        cut.join(", ")
    ));
}
