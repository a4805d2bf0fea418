//! The dashboard and its small sister, the queue of today.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::listing::visible;
use super::money;
use super::record::is_overdue;
use super::route::{Handler, Route};
use super::schema;
use super::session::Session;
use super::store::Record;
use super::view::{is_open_case, name};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/dashboard/",
        on: &[("GET", dashboard as Handler)],
    },
    Route {
        path: "api/dashboard/today/",
        on: &[("GET", today)],
    },
];

fn dashboard(session: &mut Session<'_>) -> Answer {
    let (view, day) = (session.view(), session.today().to_string());
    let leads: Vec<&Record> = visible(session, "leads")
        .into_iter()
        .filter(|lead| !matches!(lead.text("status"), "converted" | "closed"))
        .collect();
    let deals = visible(session, "opportunities");
    let open_tasks: Vec<&Record> = visible(session, "tasks")
        .into_iter()
        .filter(|task| task.text("status") != "Completed")
        .collect();
    let hot: Vec<&&Record> = leads
        .iter()
        .filter(|lead| lead.text("rating") == "HOT")
        .collect();
    let due = |fits: &dyn Fn(&str) -> bool| {
        open_tasks
            .iter()
            .filter(|task| fits(task.text("due_date")))
            .count()
    };
    let follow = leads
        .iter()
        .filter(|lead| lead.text("next_follow_up") == day)
        .count();
    let hot_leads: Vec<Value> = hot
        .iter()
        .map(|lead| {
            json!({
                "id": lead.id, "first_name": lead.value("first_name"), "last_name": lead.value("last_name"),
                "company": lead.value("company_name"), "rating": "HOT", "next_follow_up": lead.value("next_follow_up"),
                "last_contacted": lead.value("last_contacted"),
            })
        })
        .collect();
    let tasks: Vec<Value> = open_tasks
        .iter()
        .take(10)
        .map(|task| view.row(task))
        .collect();
    let goals: Vec<Value> = view
        .all("goals")
        .map(|goal| super::goals::shown(session, goal))
        .collect();
    Ok(Reply::ok(json!({
        "accounts_count": visible(session, "accounts").len(), "contacts_count": visible(session, "contacts").len(),
        "leads_count": leads.len(), "opportunities_count": deals.len(),
        "urgent_counts": {
            "overdue_tasks": due(&|due| !due.is_empty() && due < day.as_str()), "tasks_due_today": due(&|due| due == day),
            "followups_today": follow, "hot_leads": hot.len(),
        },
        "pipeline_by_stage": by_stage(&deals), "revenue_metrics": revenue(&deals, &day), "hot_leads": hot_leads,
        "tasks": tasks, "goal_summary": goals, "activities": [],
    })))
}

fn sum<'a>(deals: impl Iterator<Item = &'a &'a Record>) -> i64 {
    deals.map(|deal| money::stored(&deal.value("amount"))).sum()
}

fn by_stage(deals: &[&Record]) -> Value {
    let mut stages = Map::new();
    for pair in schema::choices("StageEnum") {
        let stage = pair[0].as_str().unwrap_or_default();
        let own: Vec<&Record> = deals
            .iter()
            .filter(|deal| deal.text("stage") == stage)
            .copied()
            .collect();
        let value = money::number(sum(own.iter()));
        stages.insert(
            stage.to_owned(),
            json!({"count": own.len(), "value": value, "label": pair[1]}),
        );
    }
    Value::Object(stages)
}

fn revenue(deals: &[&Record], day: &str) -> Value {
    let open: Vec<&Record> = deals
        .iter()
        .filter(|deal| !deal.text("stage").starts_with("CLOSED"))
        .copied()
        .collect();
    let weighted: i64 = open
        .iter()
        .map(|deal| {
            money::stored(&deal.value("amount")) * deal.value("probability").as_i64().unwrap_or(0)
                / 100
        })
        .sum();
    let month = day.get(..7).unwrap_or_default();
    let won = deals
        .iter()
        .filter(|deal| deal.text("stage") == "CLOSED_WON");
    let won_now = sum(won.filter(|deal| deal.text("closed_on").starts_with(month)));
    json!({
        "pipeline_value": money::number(sum(open.iter())), "open_opportunities_count": open.len(),
        "weighted_pipeline": money::number(weighted), "won_this_month": money::number(won_now), "conversion_rate": 0.0,
        "currency": "USD", "other_currency_count": 0,
    })
}

/// Entries of the queue that are shown.
const SHOWN: usize = 8;

fn today(session: &mut Session<'_>) -> Answer {
    let day = session.today().to_string();
    let entry = |kind: &str, one: &Record, due: &str, action: &str, path: &str| {
        json!({
            "id": format!("{kind}-{}", one.id), "tone": "clay", "due": due, "title": name(one), "detail": "",
            "action": action, "href": format!("/{path}/{}", one.id),
        })
    };
    let mut queue = Vec::new();
    for one in visible(session, "invoices")
        .into_iter()
        .filter(|one| is_overdue(one, &day))
    {
        queue.push(entry(
            "invoice",
            one,
            "Overdue",
            "Send a reminder",
            "invoices",
        ));
    }
    let open =
        |task: &&Record| task.text("status") != "Completed" && !task.text("due_date").is_empty();
    let tasks: Vec<&Record> = visible(session, "tasks").into_iter().filter(open).collect();
    for one in tasks
        .iter()
        .filter(|task| task.text("due_date") <= day.as_str())
    {
        queue.push(entry("task", one, "Today", "Complete", "tasks"));
    }
    let waiting = |case: &&Record| is_open_case(case) && case.text("first_response_at").is_empty();
    let tickets: Vec<&Record> = visible(session, "cases")
        .into_iter()
        .filter(waiting)
        .collect();
    for one in &tickets {
        queue.push(entry("ticket", one, "Waiting", "Reply", "tickets"));
    }
    let later: Vec<Value> = tasks
        .iter()
        .filter(|task| task.text("due_date") > day.as_str())
        .take(4)
        .map(|task| {
            let meta = format!("Task \u{b7} {}", task.text("priority"));
            json!({"id": format!("task-{}", task.id), "day": task.value("due_date"), "title": name(task), "meta": meta})
        })
        .collect();
    let count = queue.len();
    queue.truncate(SHOWN);
    let sources =
        json!([{"label": "tickets awaiting a reply", "count": tickets.len(), "href": "/tickets"}]);
    Ok(Reply::ok(json!({
        "queue": queue,
        "summary": {
            "count": count, "shown": count.min(SHOWN), "sources": sources, "quiet_deals": 0, "quiet_value": 0.0,
            "cleared_yesterday": 0,
        },
        "later": later,
    })))
}
