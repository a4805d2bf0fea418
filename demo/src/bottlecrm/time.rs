//! Time spent on cases: timers, entries by hand, and what they add up to.

use jiff::ToSpan;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Faulty, Reply};
use super::dates::{self, day_of, days_from, moment};
use super::money;
use super::route::{Handler, Route};
use super::session::{Session, Wish, object};
use super::store::Record;
use super::view::View;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/cases/{}/time-entries/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/cases/{}/time-entries/start/",
        on: &[("POST", start)],
    },
    Route {
        path: "api/cases/{}/time-summary/",
        on: &[("GET", total)],
    },
    Route {
        path: "api/time-entries/{}/",
        on: &[("PUT", update), ("DELETE", delete)],
    },
    Route {
        path: "api/time-entries/{}/stop/",
        on: &[("POST", stop)],
    },
    Route {
        path: "api/time-entries/timesheet/",
        on: &[("GET", timesheet)],
    },
    Route {
        path: "api/time-entries/unbilled/",
        on: &[("GET", unbilled)],
    },
];

fn minutes(one: &Record) -> i64 {
    let at = |field: &str| dates::parse_moment(one.text(field)).map(jiff::Timestamp::as_second);
    match (at("started_at"), at("ended_at")) {
        (Some(from), Some(to)) => (to - from) / 60,
        _ => 0,
    }
}

fn shown(view: View<'_>, one: &Record) -> Value {
    json!({
        "id": one.id, "case": one.text("case"), "profile": view.profile(one.text("profile")),
        "started_at": one.value("started_at"), "ended_at": one.value("ended_at"), "duration_minutes": minutes(one),
        "description": one.text("description"), "billable": one.is("billable"), "hourly_rate": one.value("hourly_rate"),
        "currency": one.text("currency"), "invoice": null, "auto_stopped": false, "created_at": moment(one.created),
        "updated_at": moment(one.updated),
    })
}

fn one(session: &Session<'_>, id: &str) -> Value {
    let found = session.get("time_entries", id);
    found.map_or(Value::Null, |entry| shown(session.view(), entry))
}

/// What the entries of a case add up to.
pub(crate) fn summary(view: View<'_>, case: &str) -> Value {
    let own: Vec<&Record> = view
        .all("time_entries")
        .filter(|one| one.text("case") == case)
        .collect();
    let mut people: Vec<&str> = own.iter().map(|one| one.text("profile")).collect();
    people.sort_unstable();
    people.dedup();
    let sum = |fits: &dyn Fn(&Record) -> bool| {
        own.iter()
            .filter(|one| fits(one))
            .map(|one| minutes(one))
            .sum::<i64>()
    };
    let by: Vec<Value> = people
        .iter()
        .map(|id| {
            let email = view.get("profiles", id).map(|one| one.text("email"));
            json!({"profile_id": id, "name": email, "minutes": sum(&|one| one.text("profile") == *id)})
        })
        .collect();
    let last = own.iter().map(|one| one.text("started_at")).max();
    json!({
        "total_minutes": sum(&|_| true), "billable_minutes": sum(&|one| one.is("billable")),
        "last_entry_at": last, "by_profile": by,
    })
}

fn list(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("cases", &id, Wish::Read)?;
    let all = session
        .store
        .newest(&session.who.org, "time_entries")
        .into_iter();
    let own = all.filter(|one| one.text("case") == id);
    Ok(Reply::ok(
        own.map(|one| shown(session.view(), one)).collect(),
    ))
}

fn total(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("cases", &id, Wish::Read)?;
    Ok(Reply::ok(summary(session.view(), &id)))
}

fn start(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("cases", &id, Wish::Change)?;
    let (body, _) = session.call.payload()?;
    let running = session
        .store
        .all(&session.who.org, "time_entries")
        .find(|one| one.text("profile") == session.who.profile && one.value("ended_at").is_null());
    if let Some(running) = running {
        return Err(Reply::json(
            409,
            json!({
                "detail": "You already have a running timer.", "running_entry_id": running.id,
                "running_case_id": running.text("case"),
            }),
        ));
    }
    let now = session.stamp();
    let made = write(session, &id, &body, (&json!(now), &Value::Null));
    Ok(Reply::json(201, one(session, &made)))
}

fn create(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("cases", &id, Wish::Change)?;
    let (body, _) = session.call.payload()?;
    let mut faults = Faulty::default();
    for (field, required) in [("started_at", true), ("ended_at", false)] {
        match body.get(field) {
            None | Some(Value::Null) if required => faults.add(field, "This field is required."),
            None | Some(Value::Null) => {}
            Some(value) if value.as_str().and_then(dates::parse_moment).is_some() => {}
            Some(_) => faults.add(field, "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."),
        }
    }
    faults.refuse_bare()?;
    let value = |name: &str| body.get(name).cloned().unwrap_or_default();
    let made = write(
        session,
        &id,
        &body,
        (&value("started_at"), &value("ended_at")),
    );
    Ok(Reply::json(201, one(session, &made)))
}

fn write(
    session: &mut Session<'_>,
    case: &str,
    body: &Map<String, Value>,
    (from, to): (&Value, &Value),
) -> String {
    let rate = body
        .get("hourly_rate")
        .and_then(money::cents)
        .map(money::text);
    let data = json!({
        "case": case, "profile": session.who.profile, "started_at": from, "ended_at": to,
        "description": body.get("description").and_then(Value::as_str).unwrap_or_default(),
        "billable": body.get("billable").and_then(Value::as_bool).unwrap_or(false), "hourly_rate": rate,
        "currency": body.get("currency").and_then(Value::as_str).unwrap_or("USD"),
    });
    session.make("time_entries", object(data))
}

fn own(session: &Session<'_>) -> Result<String, Reply> {
    let found = session
        .get("time_entries", &session.ids[0])
        .ok_or_else(|| Reply::detail(404, "No such time entry."))?;
    if session.who.is_admin || found.text("profile") == session.who.profile {
        return Ok(found.id.clone());
    }
    Err(Reply::detail(
        403,
        "You do not have Permission to perform this action",
    ))
}

fn stop(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    let now = session.stamp();
    session.change("time_entries", &id, |one| {
        if one.value("ended_at").is_null() {
            one.set("ended_at", now);
        }
    });
    Ok(Reply::ok(one(session, &id)))
}

fn update(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    let (body, _) = session.call.payload()?;
    session.change("time_entries", &id, |one| {
        for field in [
            "started_at",
            "ended_at",
            "description",
            "billable",
            "currency",
        ] {
            if let Some(value) = body.get(field) {
                one.set(field, value.clone());
            }
        }
    });
    Ok(Reply::ok(one(session, &id)))
}

fn delete(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    session.store.remove(&id);
    Ok(Reply::nothing())
}

/// The caller's week, from Monday.
fn timesheet(session: &mut Session<'_>) -> Answer {
    let today = session.today();
    let monday = today
        .checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days())
        .unwrap_or(today);
    let view = session.view();
    let me = &session.who.profile;
    let own: Vec<&Record> = view
        .all("time_entries")
        .filter(|one| one.text("profile") == me)
        .collect();
    let day_of_entry = |one: &Record| dates::parse_moment(one.text("started_at")).map(day_of);
    let sum = |list: &[&Record]| list.iter().map(|one| minutes(one)).sum::<i64>();
    let billed = |list: &[&Record]| {
        let some: Vec<&Record> = list
            .iter()
            .filter(|one| one.is("billable"))
            .copied()
            .collect();
        sum(&some)
    };
    let (mut days, mut week) = (Vec::new(), Vec::new());
    for n in 0..7 {
        let day = days_from(monday, n);
        let on: Vec<&Record> = own
            .iter()
            .filter(|one| day_of_entry(one) == Some(day))
            .copied()
            .collect();
        let entries: Vec<Value> = on.iter().map(|one| shown(view, one)).collect();
        days.push(json!({
            "date": day.to_string(), "entries": entries, "total_minutes": sum(&on), "billable_minutes": billed(&on),
        }));
        week.extend(on);
    }
    let running = own
        .iter()
        .filter(|one| one.value("ended_at").is_null())
        .count();
    let name = session.get("profiles", me).map(|one| one.text("name"));
    Ok(Reply::ok(json!({
        "profile_id": me, "profile": {"id": me, "name": name}, "start": monday.to_string(),
        "end": days_from(monday, 6).to_string(), "days": days, "total_minutes": sum(&week),
        "billable_minutes": billed(&week), "running_count": running, "server_now": session.stamp(),
    })))
}

fn unbilled(session: &mut Session<'_>) -> Answer {
    let all = session
        .store
        .newest(&session.who.org, "time_entries")
        .into_iter();
    let open = all.filter(|one| one.is("billable") && !one.value("ended_at").is_null());
    let own = open.filter(|one| session.who.is_admin || one.text("profile") == session.who.profile);
    Ok(Reply::ok(
        own.map(|one| shown(session.view(), one)).collect(),
    ))
}
