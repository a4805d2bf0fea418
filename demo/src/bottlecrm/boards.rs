//! Kanban boards: lean cards in columns, by status or by the stages of a pipeline.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::detail::related;
use super::filters;
use super::listing::visible;
use super::route::{Handler, Route};
use super::schema;
use super::session::Session;
use super::store::Record;
use super::view::{self, order};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/opportunities/kanban/",
        on: &[("GET", board as Handler)],
    },
    Route {
        path: "api/<staged>/kanban/",
        on: &[("GET", board)],
    },
];

/// More cards than this stay hidden in a column.
const MOST_CARDS: usize = 100;
const COLORS: [&str; 6] = [
    "#3B82F6", "#8B5CF6", "#F59E0B", "#10B981", "#EF4444", "#6B7280",
];

fn board(session: &mut Session<'_>) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let mut found = filters::passing(session, entity, visible(session, &entity.name))?;
    found.retain(|one| one.text("status") != "converted");
    let pipeline = session
        .call
        .param("pipeline_id")
        .and_then(|id| session.get("pipelines", id));
    let columns: Vec<Value> = match pipeline {
        Some(pipeline) => stage_columns(session, pipeline, &found),
        None => status_columns(session, &found),
    };
    let mode = if pipeline.is_some() {
        "pipeline"
    } else {
        "status"
    };
    let mut body = Map::new();
    body.insert("mode".into(), json!(mode));
    let brief = pipeline.map(|one| json!({"id": one.id, "name": one.text("name")}));
    body.insert("pipeline".into(), json!(brief));
    body.insert("columns".into(), json!(columns));
    body.insert(
        format!("total_{}", cards_key(&entity.name)),
        json!(found.len()),
    );
    Ok(Reply::ok(Value::Object(body)))
}

/// Under which key a column has its cards.
fn cards_key(kind: &str) -> &str {
    if kind == "opportunities" {
        "items"
    } else {
        kind
    }
}

/// The statuses that have a column, with the type of each.
fn statuses(kind: &str) -> Vec<(&'static str, &'static str)> {
    match kind {
        "leads" => vec![
            ("assigned", "open"),
            ("in process", "open"),
            ("recycled", "open"),
            ("closed", "lost"),
        ],
        "opportunities" => vec![
            ("PROSPECTING", "open"),
            ("QUALIFICATION", "open"),
            ("PROPOSAL", "open"),
            ("NEGOTIATION", "open"),
            ("CLOSED_WON", "won"),
            ("CLOSED_LOST", "lost"),
        ],
        "tasks" => vec![
            ("New", "open"),
            ("In Progress", "in_progress"),
            ("Completed", "completed"),
        ],
        _ => vec![
            ("New", "open"),
            ("Assigned", "open"),
            ("Pending", "open"),
            ("Closed", "closed"),
            ("Rejected", "rejected"),
            ("Duplicate", "duplicate"),
        ],
    }
}

fn status_columns(session: &Session<'_>, found: &[&Record]) -> Vec<Value> {
    let field = if session.kind == "opportunities" {
        "stage"
    } else {
        "status"
    };
    let columns = statuses(&session.kind).into_iter().enumerate();
    columns
        .map(|(n, (status, kind))| {
            let own: Vec<&Record> = found.iter().filter(|one| one.text(field) == status).copied().collect();
            let name = match session.kind.as_str() {
                "leads" => schema::label("LeadStatusEnum", status),
                _ => schema::label("StageEnum", status),
            };
            let head = json!({
                "id": status, "name": name, "order": n + 1, "color": COLORS[n % COLORS.len()], "stage_type": kind,
                "is_status_column": true, "wip_limit": null,
            });
            column(session, head, &own)
        })
        .collect()
}

fn stage_columns(session: &Session<'_>, pipeline: &Record, found: &[&Record]) -> Vec<Value> {
    let stages = super::pipelines::stages(session, &pipeline.id);
    let column_of = |stage: &Record| {
        let own: Vec<&Record> = found
            .iter()
            .filter(|one| one.text("stage") == stage.id)
            .copied()
            .collect();
        let head = json!({
            "id": stage.id, "name": stage.text("name"), "order": stage.value("order"), "color": stage.text("color"),
            "stage_type": stage.text("stage_type"), "is_status_column": false, "wip_limit": stage.value("wip_limit"),
        });
        column(session, head, &own)
    };
    stages.into_iter().map(column_of).collect()
}

fn column(session: &Session<'_>, mut head: Value, own: &[&Record]) -> Value {
    let cards: Vec<Value> = own
        .iter()
        .take(MOST_CARDS)
        .map(|one| card(session, one))
        .collect();
    let key = cards_key(&session.kind);
    head[format!("{}_count", key.trim_end_matches('s'))] = json!(own.len());
    head[key] = json!(cards);
    head
}

/// A record as its card.
pub(crate) fn card(session: &Session<'_>, one: &Record) -> Value {
    let view = session.view();
    let people: Vec<Value> = one.ids("assigned_to").map(|id| view.profile(id)).collect();
    let (today, created) = (session.today().to_string(), moment(one.created));
    let is_before = |field: &str| !one.text(field).is_empty() && one.text(field) < today.as_str();
    match one.kind.as_str() {
        "leads" => json!({
            "id": one.id, "title": one.value("title"), "full_name": view::name(one), "company_name": one.value("company_name"),
            "email": one.value("email"), "rating": one.value("rating"), "opportunity_amount": one.value("opportunity_amount"),
            "currency": one.value("currency"), "status": one.value("status"), "stage": one.value("stage"),
            "kanban_order": order(one), "next_follow_up": one.value("next_follow_up"),
            "is_follow_up_overdue": is_before("next_follow_up"), "assigned_to": people, "created_at": created,
        }),
        "opportunities" => json!({
            "id": one.id, "name": one.value("name"), "stage": one.value("stage"), "amount": one.value("amount"),
            "opportunity_amount": one.value("amount"), "currency": one.value("currency"),
            "probability": one.value("probability"), "closed_on": one.value("closed_on"), "kanban_order": order(one),
            "account": view.brief("accounts", one.text("account")), "assigned_to": people,
            "days_in_stage": view.days_in_stage(one), "aging_status": view.ageing(one), "created_at": created,
        }),
        "tasks" => json!({
            "id": one.id, "title": one.value("title"), "status": one.value("status"), "priority": one.value("priority"),
            "due_date": one.value("due_date"),
            "is_overdue": is_before("due_date") && one.text("status") != "Completed", "stage": one.value("stage"),
            "kanban_order": order(one), "assigned_to": people, "related_entity": related(session, one), "created_at": created,
        }),
        _ => {
            let (first, whole) = (view.is_late(one, 120), view.is_late(one, 312));
            json!({
                "id": one.id, "name": one.value("name"), "status": one.value("status"), "priority": one.value("priority"),
                "case_type": one.value("case_type"), "stage": one.value("stage"), "kanban_order": order(one),
                "account_name": view.get("accounts", one.text("account")).map(|account| account.text("name")),
                "assigned_to": people, "is_sla_breached": first || whole, "is_sla_first_response_breached": first,
                "is_sla_resolution_breached": whole, "escalation_count": 0, "last_escalation_fired_at": null,
                "created_at": created,
            })
        }
    }
}
