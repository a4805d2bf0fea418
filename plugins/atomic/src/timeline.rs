//! The tool `timeline`: what happened around one contact, company or deal, newest first.

use portcullis_sdk::{Ask, Call, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    entity,
    errors::{self, About},
    rest::{self, Record},
    values,
};

/// Shows what happened around a contact (notes, tasks, deals), a deal (notes) or a company (what was
/// created for it), newest first. Tasks stand at their due date; those without one are left out. Pass
/// next_before of the answer as before to go on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimelineArgs {
    /// Whose.
    #[schemars(extend("enum" = ["contacts", "companies", "deals"]))]
    entity: String,
    /// The record's id.
    #[schemars(range(min = 1))]
    id: u64,
    /// Only what is older than this moment.
    before: Option<String>,
    /// How many events.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    limit: usize,
}

fn twenty() -> usize {
    20
}

/// What happened.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Timeline {
    /// What the record is called.
    title: String,
    events: Vec<Event>,
    /// Whether older ones follow.
    has_more: bool,
    /// What to pass as before for the older ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Event {
    /// contact_note, deal_note, task or deal; for a company, the kind of creation.
    kind: String,
    /// When.
    date: String,
    record: Record,
}

/// A table that has events, and the column of their date.
struct Source {
    kind: &'static str,
    table: &'static str,
    date: &'static str,
    select: &'static str,
    filter: (&'static str, String),
}

pub(crate) fn timeline(call: &Call<'_>, args: &TimelineArgs) -> Result<Timeline, Failure> {
    let before = match &args.before {
        Some(text) => Some(moment(text)?),
        None => None,
    };
    let entity = entity::find(&args.entity)?;
    let sources = sources(&args.entity, args.id)?;
    let subject = rest::table(call, entity.name)
        .query("select", "*")
        .query("id", format!("eq.{}", args.id));
    let mut asks = vec![subject];
    asks.extend(
        sources
            .iter()
            .map(|source| ask(call, source, before.as_deref(), args.limit)),
    );
    let mut answers = call.http().send_all(asks).into_iter();
    let subject = answers
        .next()
        .unwrap_or_else(|| Err(Failure::internal("no answer")))?;
    let subject: Vec<Record> = rest::accept(subject, &About::of(entity, "read"))?.json()?;
    let subject = subject
        .first()
        .ok_or_else(|| errors::absent(entity, args.id, "/id"))?;
    let mut events = Vec::new();
    let mut more = false;
    for (source, answer) in sources.iter().zip(answers) {
        let rows: Vec<Record> = rest::accept(answer?, &About::reading(source.table))?.json()?;
        more |= rows.len() > args.limit;
        events.extend(rows.into_iter().filter_map(|row| event(source, row)));
    }
    Ok(page(entity.title(subject), events, more, args.limit))
}

/// As it was given, since PostgreSQL's microseconds make it exact; it has to be a moment, though.
fn moment(text: &str) -> Result<String, Failure> {
    values::time(&text.into(), "/before")?;
    Ok(text.trim().to_owned())
}

fn sources(entity: &str, id: u64) -> Result<Vec<Source>, Failure> {
    let note = |table, kind, column| Source {
        kind,
        table,
        date: "date",
        select: "*",
        filter: (column, format!("eq.{id}")),
    };
    match entity {
        "contacts" => Ok(vec![
            note("contact_notes", "contact_note", "contact_id"),
            Source {
                kind: "task",
                table: "tasks",
                date: "due_date",
                select: "id,type,text,due_date,done_date,sales_id",
                filter: ("contact_id", format!("eq.{id}")),
            },
            Source {
                kind: "deal",
                table: "deals",
                date: "created_at",
                select: "id,name,stage,amount,created_at,archived_at,sales_id",
                filter: ("contact_ids", format!("cs.{{{id}}}")),
            },
        ]),
        "deals" => Ok(vec![note("deal_notes", "deal_note", "deal_id")]),
        "companies" => Ok(vec![Source {
            kind: "",
            table: "activity_log",
            date: "date",
            select: "*",
            filter: ("company_id", format!("eq.{id}")),
        }]),
        _ => Err(Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("{entity} have no timeline; contacts, companies and deals do"),
        )
        .at("/entity")),
    }
}

/// One row more than wanted tells whether more follow.
fn ask<'c>(call: &'c Call<'_>, source: &Source, before: Option<&str>, limit: usize) -> Ask<'c> {
    let ask = rest::table(call, source.table)
        .query("select", source.select)
        .query(source.filter.0, &source.filter.1)
        .query("order", format!("{}.desc.nullslast,id.desc", source.date))
        .query("limit", limit + 1);
    match before {
        Some(before) => ask.query(source.date, format!("lt.{before}")),
        None => ask,
    }
}

fn event(source: &Source, mut row: Record) -> Option<Event> {
    let date = row.get(source.date)?.as_str()?.to_owned();
    let kind = match source.kind {
        "" => row
            .remove("type")
            .and_then(|kind| kind.as_str().map(str::to_owned))
            .unwrap_or_default(),
        kind => kind.to_owned(),
    };
    row.retain(|_, value| !value.is_null());
    Some(Event {
        kind,
        date,
        record: row,
    })
}

/// Events of the same moment stay on one page, so that `before` leaves none out.
fn page(title: String, mut events: Vec<Event>, more: bool, limit: usize) -> Timeline {
    let key = |event: &Event| portcullis_sdk::datetime::seconds(&event.date).unwrap_or(i64::MIN);
    events.sort_by(|left, right| (key(right), &right.date).cmp(&(key(left), &left.date)));
    let mut end = events.len().min(limit);
    while end > 0 && end < events.len() && events[end].date == events[end - 1].date {
        end += 1;
    }
    let has_more = more || end < events.len();
    events.truncate(end);
    let next_before = events
        .last()
        .filter(|_| has_more)
        .map(|event| event.date.clone());
    Timeline {
        title,
        events,
        has_more,
        next_before,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn events_of_one_moment_are_not_parted() {
        let event = |date: &str| Event {
            kind: String::new(),
            date: date.to_owned(),
            record: [("id".to_owned(), Value::from(1))].into_iter().collect(),
        };
        let events = vec![
            event("2026-11-01T00:00:00+00:00"),
            event("2026-11-03T00:00:00+00:00"),
            event("2026-11-03T00:00:00+00:00"),
        ];
        let page = page(String::new(), events, false, 1);
        assert_eq!((page.events.len(), page.has_more), (2, true));
        assert_eq!(
            page.next_before.as_deref(),
            Some("2026-11-03T00:00:00+00:00")
        );
    }
}
