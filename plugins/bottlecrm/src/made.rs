//! Which record a create made, when the CRM tells no id or says that it failed: first by its search
//! over everything, which answers with a few hundred bytes, then by the leanest list.

use portcullis_sdk::{Call, Failure, datetime};
use serde_json::Value;

use crate::{
    crm::{self, Record},
    entity::Entity,
    errors::About,
    fields::Link,
    ids,
    lists::{self, Wanted},
    resolve, stored,
};

/// Seconds by which the CRM's clock may be behind ours.
const SKEW: i64 = 120;
const DAY: i64 = 86_400;
/// Rows per request while a record is looked for, and how many requests at most.
const LOOKED: usize = 100;
const PAGES: usize = 3;
/// More hits of a search than this are not read one by one; the list is shorter then.
const CANDIDATES: usize = 3;
/// What has lists that carry the organisation's accounts, contacts or leads beside the rows.
const HEAVY: [Link; 3] = [Link::Lead, Link::Account, Link::Opportunity];
/// What people tell records apart by, the most telling first.
const NAMES: [&str; 7] = [
    "email",
    "name",
    "invoice_title",
    "last_name",
    "first_name",
    "company_name",
    "title",
];

/// When a record that is looked for was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// It was made; the newest that has all values is it.
    Surely,
    /// Only if it is younger than the call.
    Perhaps,
}

/// A record that was found.
pub(crate) struct Found {
    pub(crate) row: Record,
    /// Whether all its fields were read.
    pub(crate) whole: bool,
}

impl Found {
    pub(crate) fn id(&self) -> &str {
        crm::text(&self.row, "id")
    }
}

/// The newest record that has the sent values.
///
/// # Errors
/// The CRM does not answer, or has so many that not all could be looked through.
pub(crate) fn find(
    call: &Call<'_>,
    entity: &'static Entity,
    sent: &Record,
    made: Made,
) -> Result<Option<Found>, Failure> {
    let began = datetime::seconds(&call.connection().now);
    if let Some(row) = by_search(call, entity, sent, began) {
        return Ok(Some(Found { row, whole: true }));
    }
    let row = by_list(call, entity, sent, made, began)?;
    Ok(row.map(|row| Found { row, whole: false }))
}

/// Finding nothing here, or failing, proves nothing: the list decides.
fn by_search(
    call: &Call<'_>,
    entity: &'static Entity,
    sent: &Record,
    began: Option<i64>,
) -> Option<Record> {
    let link = HEAVY
        .into_iter()
        .find(|link| link.entity() == entity.name)?;
    let (key, word) = telling(sent)?;
    let mut hits = resolve::searched(call, link, word).ok()??;
    if key == "name" {
        hits.retain(|hit| hit.name.eq_ignore_ascii_case(word));
    }
    if hits.len() > CANDIDATES {
        return None;
    }
    let asks = hits
        .iter()
        .map(|hit| call.http().get(entity.record(&hit.id)))
        .collect();
    let details = call.http().send_all(asks).into_iter();
    let about = About::reading(entity.one);
    let read = |answer| crm::nested(entity, crm::object(&crm::accept(answer, &about)?)?);
    let records = details.filter_map(|answer| answer.and_then(read).ok());
    best(
        entity,
        sent,
        records.filter(|record| is_young(record, began)),
    )
    .map(|(_, record)| record)
}

fn by_list(
    call: &Call<'_>,
    entity: &'static Entity,
    sent: &Record,
    made: Made,
    began: Option<i64>,
) -> Result<Option<Record>, Failure> {
    let mut wanted = Wanted {
        entity,
        params: narrow(entity, sent, began),
        fields: looked_at(entity, sent),
        limit: LOOKED,
        offset: 0,
    };
    let (mut rows, mut complete) = (Vec::new(), false);
    for page in 0..PAGES {
        wanted.offset = page * LOOKED;
        let found = lists::fetch(call, &wanted)?;
        let none = found.rows.is_empty();
        rows.extend(found.rows);
        complete = none || rows.len() >= found.total;
        if complete || !entity.paged {
            break;
        }
    }
    let sure = |(likeness, row): &(Likeness, Record)| {
        let newest = made == Made::Surely && complete && *likeness == Likeness::Whole;
        newest || is_young(row, began)
    };
    match best(entity, sent, rows.into_iter()).filter(sure) {
        Some((_, row)) => Ok(Some(row)),
        None if complete => Ok(None),
        None => Err(Failure::upstream(format!(
            "the CRM has more {} like it than were looked through",
            entity.name
        ))),
    }
}

/// How well a row agrees with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// In what it is called; the CRM may have stored another value otherwise.
    Name,
    /// In every value.
    Whole,
}

fn likeness(entity: &Entity, sent: &Record, row: &Record) -> Option<Likeness> {
    let all: Vec<&String> = sent.keys().collect();
    if stored::agree(entity, sent, row, &all) {
        return Some(Likeness::Whole);
    }
    let names: Vec<&String> = all
        .into_iter()
        .filter(|key| NAMES.contains(&key.as_str()))
        .collect();
    let called = !names.is_empty() && stored::agree(entity, sent, row, &names);
    called.then_some(Likeness::Name)
}

/// The row that agrees best, the newest of several.
fn best(
    entity: &Entity,
    sent: &Record,
    rows: impl Iterator<Item = Record>,
) -> Option<(Likeness, Record)> {
    rows.filter_map(|row| Some((likeness(entity, sent, &row)?, row)))
        .max_by_key(|(likeness, row)| (*likeness, crm::text(row, "created_at").to_owned()))
}

fn is_young(row: &Record, began: Option<i64>) -> bool {
    match (datetime::seconds(crm::text(row, "created_at")), began) {
        (Some(created), Some(began)) => created >= began - SKEW,
        _ => false,
    }
}

/// The most telling text that was sent.
fn telling(sent: &Record) -> Option<(&'static str, &str)> {
    NAMES.into_iter().find_map(|key| {
        let text = sent.get(key).and_then(Value::as_str);
        Some((key, text.filter(|text| !text.trim().is_empty())?))
    })
}

/// The fields that rows are compared by: those of the board where it is searched instead.
fn looked_at<'a>(entity: &'static Entity, sent: &'a Record) -> Vec<&'a str> {
    if let Some(board) = entity.board.filter(|_| is_on_board(entity)) {
        return board.fields.to_vec();
    }
    let sent = sent.keys().map(String::as_str);
    ["id", "created_at"].into_iter().chain(sent).collect()
}

/// A deal's name is its own, so that its board, whose search is by name, suffices; the list is
/// half a megabyte.
fn is_on_board(entity: &Entity) -> bool {
    entity.name == "opportunities"
}

/// The filters that leave the fewest rows.
fn narrow(entity: &Entity, sent: &Record, began: Option<i64>) -> Vec<(String, String)> {
    let honoured = |name: &str| entity.filters.iter().any(|filter| filter.name == name);
    let by = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let name = telling(sent);
    if is_on_board(entity) {
        return name
            .map(|(_, name)| by("search", name))
            .into_iter()
            .collect();
    }
    let mut params = Vec::new();
    match name {
        // The search of leads looks at names, company and address, not at the title.
        Some(("title", _)) if entity.name == "leads" => {}
        Some((key @ ("email" | "name" | "title"), value)) if honoured(key) => {
            params.push(by(key, value));
        }
        Some((_, value)) if entity.paged => params.push(by("search", value)),
        _ => {}
    }
    if honoured("created_at__gte")
        && let Some(began) = began
    {
        params.push(by("created_at__gte", &ids::day(began - DAY)));
    }
    params
}
