//! Sales goals and who is how far with theirs.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::filters;
use super::input::{self, Extent};
use super::money;
use super::route::{Handler, Route};
use super::session::{Session, missing};
use super::store::Record;
use super::view::EXPECTED_DAYS;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/opportunities/goals/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/opportunities/goals/{}/",
        on: &[("GET", read), ("PUT", update), ("DELETE", delete)],
    },
    Route {
        path: "api/opportunities/goals/leaderboard/",
        on: &[("GET", leaderboard)],
    },
    Route {
        path: "api/opportunities/aging-config/",
        on: &[("GET", ageing)],
    },
];

/// What was won for a goal within its period, in hundredths or in deals.
fn achieved(session: &Session<'_>, goal: &Record) -> i64 {
    let (from, to) = (goal.text("period_start"), goal.text("period_end"));
    let won = session
        .view()
        .all("opportunities")
        .filter(|deal| deal.text("stage") == "CLOSED_WON")
        .filter(|deal| deal.text("closed_on") >= from && deal.text("closed_on") <= to)
        .filter(|deal| {
            goal.text("assigned_to").is_empty()
                || deal.holds("assigned_to", goal.text("assigned_to"))
        });
    if goal.text("goal_type") == "REVENUE" {
        won.map(|deal| money::stored(&deal.value("amount"))).sum()
    } else {
        i64::try_from(won.count()).unwrap_or(i64::MAX / 100) * 100
    }
}

fn percent(session: &Session<'_>, goal: &Record) -> i64 {
    let target = money::stored(&goal.value("target_value")).max(1);
    achieved(session, goal) * 100 / target
}

/// A goal with its progress.
pub(crate) fn shown(session: &Session<'_>, goal: &Record) -> Value {
    let view = session.view();
    let percent = percent(session, goal);
    let status = if percent >= 100 {
        "achieved"
    } else {
        "in_progress"
    };
    json!({
        "id": goal.id, "name": goal.text("name"), "goal_type": goal.text("goal_type"), "target_value": goal.value("target_value"),
        "period_type": goal.text("period_type"), "period_start": goal.value("period_start"),
        "period_end": goal.value("period_end"), "assigned_to": goal.value("assigned_to"),
        "assigned_to_detail": view.profile(goal.text("assigned_to")), "team": goal.value("team"),
        "team_detail": view.team(goal.text("team")), "is_active": goal.is("is_active"), "milestone_50_notified": false,
        "milestone_90_notified": false, "milestone_100_notified": false, "org": goal.org,
        "created_at": moment(goal.created), "updated_at": moment(goal.updated),
        "progress_value": money::number(achieved(session, goal)), "progress_percent": percent, "status": status,
    })
}

fn list(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("goals")?;
    let found = filters::passing(
        session,
        entity,
        session.store.newest(&session.who.org, "goals"),
    )?;
    let (limit, offset) = session.page();
    let shown: Vec<Value> = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|goal| shown(session, goal))
        .collect();
    Ok(Reply::ok(json!({
        "goals": shown, "goals_count": found.len(), "offset": null, "per_page": limit,
    })))
}

fn create(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::errors(403, "Only admins can create goals."))?;
    let entity = session.entity("goals")?;
    let (body, _) = session.call.payload()?;
    let (given, faults) = input::read(session, entity, &body, Extent::Whole);
    faults.refuse()?;
    let mut data = input::defaults(entity);
    data.extend(given);
    session.make("goals", data);
    Ok(Reply::json(
        201,
        json!({"error": false, "message": entity.words.created}),
    ))
}

fn own<'a>(session: &'a Session<'_>) -> Result<&'a Record, Reply> {
    session
        .get("goals", &session.ids[0])
        .ok_or_else(|| missing("goals"))
}

fn read(session: &mut Session<'_>) -> Answer {
    Ok(Reply::ok(shown(session, own(session)?)))
}

fn update(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::errors(403, "Only admins can update goals."))?;
    let entity = session.entity("goals")?;
    let id = own(session)?.id.clone();
    let (body, _) = session.call.payload()?;
    let (given, faults) = input::read(session, entity, &body, Extent::Partial);
    faults.refuse()?;
    session.change("goals", &id, |goal| goal.data.extend(given));
    Ok(Reply::done(&entity.words.updated))
}

fn delete(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::errors(403, "Only admins can delete goals."))?;
    let id = own(session)?.id.clone();
    session.store.remove(&id);
    Ok(Reply::done("Goal Deleted Successfully"))
}

fn leaderboard(session: &mut Session<'_>) -> Answer {
    let mut goals: Vec<&Record> = session
        .view()
        .all("goals")
        .filter(|goal| goal.is("is_active") && !goal.text("assigned_to").is_empty())
        .collect();
    goals.sort_by_key(|goal| std::cmp::Reverse(percent(session, goal)));
    let rows: Vec<Value> = goals
        .iter()
        .enumerate()
        .map(|(n, goal)| {
            let person = session.get("profiles", goal.text("assigned_to"));
            let target = money::number(money::stored(&goal.value("target_value")));
            json!({
                "goal_id": goal.id, "goal_name": goal.text("name"),
                "user": person.map(|one| json!({"id": one.id, "name": one.text("name")})), "target": target,
                "achieved": money::number(achieved(session, goal)), "percent": percent(session, goal), "rank": n + 1,
            })
        })
        .collect();
    Ok(Reply::ok(json!({"leaderboard": rows})))
}

fn ageing(_: &mut Session<'_>) -> Answer {
    let rows = EXPECTED_DAYS.iter().map(|(stage, days)| {
        json!({"id": null, "stage": stage, "expected_days": days, "warning_days": null})
    });
    Ok(Reply::ok(rows.collect()))
}
