//! Fetching a page of a list: by the board where its cards suffice, else by the leanest form of
//! the list. Counts and offsets are ours; the CRM's own next offset is wrong as often as not.

use std::time::Duration;

use portcullis_sdk::{Call, Failure, Response};
use serde_json::Value;

use crate::{
    crm::{self, Record},
    directory::Entry,
    entity::{Board, Entity, Rows},
    errors::About,
    shape,
    skim::{self, Want},
};

/// How long it is remembered that a board does not show everything.
const REMEMBER: Duration = Duration::from_secs(600);
/// How many rows are looked through for a name.
const TITLED: usize = 50;

/// What a search asks the CRM for.
pub(crate) struct Wanted<'a> {
    pub(crate) entity: &'static Entity,
    /// The CRM's own parameters.
    pub(crate) params: Vec<(String, String)>,
    /// The fields that the answer will show.
    pub(crate) fields: Vec<&'a str>,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

/// A page of rows as the CRM sends them.
#[derive(Default)]
pub(crate) struct Fetched {
    pub(crate) rows: Vec<Record>,
    pub(crate) total: usize,
    /// Sums that the CRM adds to a list.
    pub(crate) totals: Option<Value>,
}

/// Fetches a page.
pub(crate) fn fetch(call: &Call<'_>, wanted: &Wanted<'_>) -> Result<Fetched, Failure> {
    if let Some(board) = &wanted.entity.board
        && suffices(board, wanted)
        && let Some(found) = of_board(call, board, wanted)?
    {
        return Ok(found);
    }
    one_stage(wanted)?;
    fetch_list(call, wanted)
}

/// Fetches a page of the list itself.
pub(crate) fn fetch_list(call: &Call<'_>, wanted: &Wanted<'_>) -> Result<Fetched, Failure> {
    let first = request(call, wanted, wanted.offset, wanted.limit)?;
    let mut halves = first.halves;
    if halves.len() < 2 {
        let (rows, total) = halves.pop().unwrap_or_default();
        return Ok(Fetched {
            total: total.max(rows.len()),
            rows,
            totals: first.totals,
        });
    }
    join_halves(call, wanted, halves, first.totals)
}

/// Records whose title is like a text.
pub(crate) fn titled(
    call: &Call<'_>,
    entity: &'static Entity,
    title: &str,
) -> Result<Vec<Entry>, Failure> {
    let mut fields = vec!["id", "email", "name", "first_name", "last_name"];
    fields.extend(entity.titles);
    let wanted = Wanted {
        entity,
        params: vec![("search".to_owned(), title.to_owned())],
        fields,
        limit: TITLED,
        offset: 0,
    };
    let found = fetch(call, &wanted)?;
    let entry = |row: &Record| Entry {
        id: crm::text(row, "id").to_owned(),
        name: entity.title_of(row),
        email: crm::text(row, "email").to_owned(),
    };
    let fits = |entry: &Entry| entry.name.to_lowercase().contains(&title.to_lowercase());
    let all = found.rows.iter().map(entry);
    Ok(if entity.paged {
        all.collect()
    } else {
        all.filter(fits).collect()
    })
}

/// Whether the cards of a board hold all that is asked for, and honour all filters.
fn suffices(board: &Board, wanted: &Wanted<'_>) -> bool {
    wanted.fields.iter().all(|name| board.fields.contains(name))
        && wanted
            .params
            .iter()
            .all(|(name, _)| board.filters.contains(&name.as_str()))
}

/// All cards of a board, newest first. None when a column is too long to be shown whole, or when
/// there are records that stand in no column.
fn of_board(
    call: &Call<'_>,
    board: &Board,
    wanted: &Wanted<'_>,
) -> Result<Option<Fetched>, Failure> {
    let key = format!("board.{}", wanted.entity.name);
    if call.cache().value(&key).is_some() {
        return Ok(None);
    }
    let mut path = wanted.entity.list();
    path.push("kanban".to_owned());
    let (columns, params): (Vec<_>, Vec<_>) = wanted
        .params
        .iter()
        .cloned()
        .partition(|(name, _)| name == board.column);
    let columns: Vec<String> = columns.into_iter().map(|(_, value)| value).collect();
    let ask = call.http().get(path).queries(params);
    let response = crm::send(ask, &About::reading(wanted.entity.name))?;
    let answer = crm::object(&response)?;
    let total = count(answer.get(board.total));
    let cards: Vec<Record> = list(answer.get("columns"))
        .flat_map(|column| list(column.get(board.cards)))
        .filter_map(|card| card.as_object().cloned())
        .collect();
    if total != Some(cards.len()) {
        call.cache().put(&key, &true, REMEMBER);
        return Ok(None);
    }
    let mut cards: Vec<Record> = cards
        .into_iter()
        .filter(|card| {
            columns.is_empty()
                || columns
                    .iter()
                    .any(|name| name == crm::text(card, board.column))
        })
        .collect();
    cards.sort_by(|left, right| crm::text(right, "created_at").cmp(crm::text(left, "created_at")));
    let total = cards.len();
    let rows = cards
        .into_iter()
        .skip(wanted.offset)
        .take(wanted.limit)
        .collect();
    Ok(Some(Fetched {
        rows,
        total,
        totals: None,
    }))
}

/// The list of opportunities takes one stage, unlike its board.
fn one_stage(wanted: &Wanted<'_>) -> Result<(), Failure> {
    let stages = wanted.params.iter().filter(|(name, _)| name == "stage");
    if wanted.entity.name != "opportunities" || stages.count() < 2 {
        return Ok(());
    }
    Err(Failure::bad_input(
        portcullis_sdk::code::INVALID_ARGUMENT,
        "with these filters or fields, or with so many deals, the CRM takes one stage at a time",
    )
    .at("/filters/stage")
    .suggest("search once per stage, or use open: true for the four open ones"))
}

struct Answer {
    /// Rows and their number, for each place of the entity.
    halves: Vec<(Vec<Record>, usize)>,
    totals: Option<Value>,
}

fn request(
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    offset: usize,
    limit: usize,
) -> Result<Answer, Failure> {
    let entity = wanted.entity;
    let lean = entity
        .lean
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let mut ask = call
        .http()
        .get(address(entity, &wanted.params))
        .queries(lean)
        .queries(
            wanted
                .params
                .iter()
                .filter(|(name, _)| !in_path(entity, name))
                .cloned(),
        );
    if entity.paged {
        ask = ask.query("limit", limit).query("offset", offset);
    } else if entity.name == "activities" {
        ask = ask.query("limit", 50);
    }
    let response = crm::send(ask, &About::reading(entity.name))?;
    read(&response, wanted)
}

/// Time entries are listed below a case, or as those that were not invoiced yet.
fn address(entity: &Entity, params: &[(String, String)]) -> Vec<String> {
    let of_case = params.iter().find(|(name, _)| in_path(entity, name));
    match (entity.name, of_case) {
        ("time_entries", Some((_, case))) => ["api", "cases", case, "time-entries"]
            .map(str::to_owned)
            .into(),
        ("time_entries", None) => ["api", "time-entries", "unbilled"]
            .map(str::to_owned)
            .into(),
        _ => entity.list(),
    }
}

fn in_path(entity: &Entity, name: &str) -> bool {
    entity.name == "time_entries" && name == "case"
}

fn read(response: &Response, wanted: &Wanted<'_>) -> Result<Answer, Failure> {
    let places = wanted.entity.rows;
    let field = |key: &str| {
        let of = |name: &&str| *name == key || shape::sources(name).contains(&key);
        (key == "created_at" || key == "id" || wanted.fields.iter().any(of)).then_some(Want::All)
    };
    let row = Want::Keys(&field);
    let rows = Want::Each(&row);
    let inner = |key: &str| {
        let of = |place: &Rows| place.at.last() == Some(&key);
        let counts = |place: &Rows| place.count == Some(key);
        if places.iter().any(of) {
            Some(rows)
        } else {
            places.iter().any(counts).then_some(Want::All)
        }
    };
    let outer = |key: &str| {
        let nested = places
            .iter()
            .any(|place| place.at.len() == 2 && place.at[0] == key);
        let scalar = matches!(
            key,
            "open_count" | "urgent_count" | "awaiting_first_reply" | "summary"
        );
        if nested {
            Some(Want::Keys(&inner))
        } else if key == "totals" || scalar {
            Some(Want::All)
        } else {
            inner(key)
        }
    };
    let bare = places.iter().any(|place| place.at.is_empty());
    let body = skim::read(response, if bare { rows } else { Want::Keys(&outer) })?;
    if !body.is_object() && !bare {
        return Err(Failure::upstream("the CRM's answer is no list"));
    }
    let halves = places.iter().map(|place| half(&body, place)).collect();
    Ok(Answer {
        halves,
        totals: totals(&body),
    })
}

fn half(body: &Value, place: &Rows) -> (Vec<Record>, usize) {
    let (holder, rows) = match place.at {
        [] => (body, Some(body)),
        [key] => (body, body.get(key)),
        [outer, key, ..] => {
            let holder = body.get(outer).unwrap_or(&Value::Null);
            (holder, holder.get(key))
        }
    };
    let rows: Vec<Record> = list(rows)
        .filter_map(|row| row.as_object().cloned())
        .collect();
    let total = place.count.and_then(|key| count(holder.get(key)));
    let total = total.unwrap_or(rows.len());
    (rows, total)
}

/// Joins a list that comes in two halves, each paged by the same offset: the second follows the
/// first.
fn join_halves(
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    mut halves: Vec<(Vec<Record>, usize)>,
    totals: Option<Value>,
) -> Result<Fetched, Failure> {
    let (mut second, second_total) = halves.pop().unwrap_or_default();
    let (mut rows, first_total) = halves.pop().unwrap_or_default();
    let missing = wanted.limit.saturating_sub(rows.len());
    let start = wanted.offset.saturating_sub(first_total);
    if missing > 0 && second_total > start {
        if start != wanted.offset {
            let more = request(call, wanted, start, missing)?;
            second = more.halves.into_iter().nth(1).unwrap_or_default().0;
        }
        rows.extend(second.into_iter().take(missing));
    }
    Ok(Fetched {
        rows,
        total: first_total + second_total,
        totals,
    })
}

/// What the CRM counts and sums up beside its rows.
fn totals(body: &Value) -> Option<Value> {
    let beside = ["open_count", "urgent_count", "awaiting_first_reply"];
    let counts: serde_json::Map<String, Value> = beside
        .iter()
        .filter_map(|&key| Some((key.to_owned(), body.get(key)?.clone())))
        .collect();
    body.get("totals")
        .cloned()
        .or_else(|| (!counts.is_empty()).then_some(Value::Object(counts)))
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn count(value: Option<&Value>) -> Option<usize> {
    usize::try_from(value?.as_u64()?).ok()
}
