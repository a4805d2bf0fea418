//! The tool `timeline`: what happened around one contact, company or deal, newest first.

use portcullis_sdk::{Ask, Call, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    entity,
    errors::{self, About},
    rest::{self, Record},
    settings::Settings,
    values,
};

/// Rows at which the platform cuts an answer without saying so.
const PLATFORM_ROWS: usize = 1000;

/// Shows what happened around a contact (notes, tasks, deals), a deal (notes) or a company (what was
/// created for it), newest first. Tasks stand at their due date; those without one are left out. To go
/// on, pass next_before and next_skip of the answer as before and skip.
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
    /// Also what is of that moment, but for so many events of it.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100_000))]
    skip: usize,
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
    /// What to pass as skip along with it: how many events of that moment were shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_skip: Option<usize>,
    /// Texts that were cut, and how to get them whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
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

/// Where a page begins: after so many events of a moment.
struct Start {
    before: String,
    skip: usize,
}

pub(crate) fn timeline(call: &Call<'_>, args: &TimelineArgs) -> Result<Timeline, Failure> {
    let entity = entity::find(&args.entity)?;
    let sources = sources(&args.entity, args.id)?;
    let start = start(args)?;
    let skip = start.as_ref().map_or(0, |start| start.skip);
    // Of one source the events can be left out there; of several only once they are in order.
    let (offset, wanted) = match sources.len() {
        1 => (skip, args.limit),
        _ => (0, skip + args.limit),
    };
    if wanted >= PLATFORM_ROWS {
        return Err(values::wrong(
            "/skip",
            format!(
                "with several kinds of events, skip and limit together stay below {PLATFORM_ROWS}; use query"
            ),
        ));
    }
    let subject = rest::table(call, entity.name)
        .query("select", "*")
        .query("id", format!("eq.{}", args.id));
    let mut asks = vec![subject];
    asks.extend(sources.iter().map(|source| {
        ask(call, source, start.as_ref())
            .query("limit", wanted + 1)
            .query("offset", offset)
    }));
    let mut answers = call.http().send_all(asks).into_iter();
    let subject = answers
        .next()
        .unwrap_or_else(|| Err(Failure::internal("no answer")))?;
    let subject: Vec<Record> = rest::accept(subject, &About::of(entity, "read"))?.json()?;
    let subject = subject
        .first()
        .ok_or_else(|| errors::absent(entity, args.id, "/id"))?;
    let mut events = Vec::new();
    for (source, answer) in sources.iter().zip(answers) {
        let rows: Vec<Record> = rest::accept(answer?, &About::reading(source.table))?.json()?;
        events.extend(rows.into_iter().filter_map(|row| event(source, row)));
    }
    in_order(&mut events);
    events.drain(..(skip - offset).min(events.len()));
    let mut timeline = page(entity.title(subject), events, args.limit, start);
    let mut cut = Settings::of(call)?.cut();
    cut.records(timeline.events.iter_mut().map(|event| &mut event.record));
    timeline.truncated =
        cut.told("get_record answers with the whole of those that its `fields` names");
    Ok(timeline)
}

fn start(args: &TimelineArgs) -> Result<Option<Start>, Failure> {
    match &args.before {
        Some(text) => Ok(Some(Start {
            before: moment(text)?,
            skip: args.skip,
        })),
        None if args.skip == 0 => Ok(None),
        None => Err(values::wrong(
            "/skip",
            "skip goes with before: pass next_before too".to_owned(),
        )),
    }
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

/// The newest first; the id decides between rows of one moment, so that pages follow one another.
fn ask<'c>(call: &'c Call<'_>, source: &Source, start: Option<&Start>) -> Ask<'c> {
    let ask = rest::table(call, source.table)
        .query("select", source.select)
        .query(source.filter.0, &source.filter.1)
        .query("order", format!("{}.desc.nullslast,id.desc", source.date))
        // Without a date it is no event.
        .query(source.date, "not.is.null");
    match start {
        Some(Start { before, skip: 0 }) => ask.query(source.date, format!("lt.{before}")),
        Some(Start { before, .. }) => ask.query(source.date, format!("lte.{before}")),
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

/// The newest first. Events of one moment keep the order of their sources.
fn in_order(events: &mut [Event]) {
    let key = |event: &Event| portcullis_sdk::datetime::seconds(&event.date).unwrap_or(i64::MIN);
    events.sort_by(|left, right| (key(right), &right.date).cmp(&(key(left), &left.date)));
}

/// Events of one moment may fall on two pages; how many of them were shown tells where the next one
/// begins.
fn page(title: String, mut events: Vec<Event>, limit: usize, start: Option<Start>) -> Timeline {
    let has_more = events.len() > limit;
    events.truncate(limit);
    let next_before = events
        .last()
        .filter(|_| has_more)
        .map(|event| event.date.clone());
    let next_skip = next_before.as_ref().map(|moment| {
        let shown = events.iter().filter(|event| event.date == *moment).count();
        let before = start.filter(|start| start.before == *moment);
        shown + before.map_or(0, |start| start.skip)
    });
    Timeline {
        title,
        events,
        has_more,
        next_before,
        next_skip,
        truncated: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(dates: &[&str]) -> Vec<Event> {
        let event = |date: &&str| Event {
            kind: String::new(),
            date: (*date).to_owned(),
            record: Record::new(),
        };
        dates.iter().map(event).collect()
    }

    #[test]
    fn a_page_that_ends_within_a_moment_says_how_far_it_came() {
        let mut all = events(&["2026-11-01", "2026-11-03", "2026-11-03", "2026-11-03"]);
        in_order(&mut all);
        let first = page(String::new(), all, 2, None);
        assert_eq!((first.events.len(), first.has_more), (2, true));
        assert_eq!(first.next_before.as_deref(), Some("2026-11-03"));
        assert_eq!(first.next_skip, Some(2));
        let start = |skip| {
            let before = "2026-11-03".to_owned();
            Some(Start { before, skip })
        };
        let rest = || events(&["2026-11-03", "2026-11-01"]);
        assert_eq!(page(String::new(), rest(), 1, start(2)).next_skip, Some(3));
        let last = page(String::new(), rest(), 2, start(2));
        assert_eq!((last.has_more, last.next_skip), (false, None));
    }
}
