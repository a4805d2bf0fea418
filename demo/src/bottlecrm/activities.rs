//! What happened: the organisation's history, and that of one case.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::route::{Handler, Route};
use super::session::{Session, Wish};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/activities/",
        on: &[("GET", list as Handler)],
    },
    Route {
        path: "api/cases/{}/activities/",
        on: &[("GET", of_case)],
    },
    Route {
        path: "api/notifications/",
        on: &[("GET", notifications)],
    },
];

fn display(action: &str) -> String {
    let lower = action.to_lowercase();
    let past = if lower.ends_with('e') {
        format!("{lower}d")
    } else {
        format!("{lower}ed")
    };
    let mut letters = past.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The newest first; a limit that is no number breaks the server.
fn list(session: &mut Session<'_>) -> Answer {
    let limit = match session.call.param("limit") {
        None => 10,
        Some(text) => text.parse::<usize>().map_err(|_| Reply::page(500))?,
    };
    let kind = session.call.param("entity_type").unwrap_or_default();
    let view = session.view();
    let shown: Vec<Value> = session
        .store
        .newest(&session.who.org, "activities")
        .into_iter()
        .filter(|one| session.who.is_admin || one.by == session.who.user)
        .filter(|one| kind.is_empty() || one.text("entity_type") == kind)
        .take(limit.min(50))
        .map(|one| {
            json!({
                "id": one.id, "user": view.user(&one.by), "action": one.text("action"),
                "action_display": display(one.text("action")), "entity_type": one.text("entity_type"),
                "entity_id": one.text("entity_id"), "entity_name": one.text("entity_name"), "description": "",
                "timestamp": moment(one.created), "humanized_time": "just now",
            })
        })
        .collect();
    Ok(Reply::ok(
        json!({"error": false, "count": shown.len(), "activities": shown}),
    ))
}

/// The history of one record, newest first.
pub(crate) fn of(session: &Session<'_>, id: &str, most: usize) -> Vec<Value> {
    let all = session
        .store
        .newest(&session.who.org, "activities")
        .into_iter();
    all.filter(|one| one.text("entity_id") == id)
        .take(most)
        .map(|one| entry(session, one))
        .collect()
}

fn entry(session: &Session<'_>, one: &Record) -> Value {
    json!({
        "id": one.id, "action": one.text("action"), "user": session.view().user(&one.by),
        "entity_type": one.text("entity_type"), "entity_id": one.text("entity_id"),
        "entity_name": one.text("entity_name"), "description": "", "metadata": {}, "created_at": moment(one.created),
    })
}

fn of_case(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("cases", &id, Wish::Read)?;
    let all = of(session, &id, usize::MAX);
    let (limit, offset) = session.page();
    let shown: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
    Ok(Reply::ok(
        json!({"activities": shown, "count": all.len(), "offset": offset + shown.len()}),
    ))
}

/// Nobody is notified of anything here.
fn notifications(_: &mut Session<'_>) -> Answer {
    Ok(Reply::ok(
        json!({"count": 0, "unread_count": 0, "results": []}),
    ))
}
