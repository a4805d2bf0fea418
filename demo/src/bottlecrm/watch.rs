//! Watching a case: who does, and which cases the caller does.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::route::{Handler, Route};
use super::session::{Session, Wish};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/cases/{}/watch/",
        on: &[("POST", watch as Handler), ("DELETE", unwatch)],
    },
    Route {
        path: "api/cases/{}/watchers/",
        on: &[("GET", watchers)],
    },
    Route {
        path: "api/cases/watching/",
        on: &[("GET", watching)],
    },
];

fn watch(session: &mut Session<'_>) -> Answer {
    set(session, true)?;
    Ok(Reply::json(
        201,
        json!({"watching": true, "subscribed_via": "manual"}),
    ))
}

fn unwatch(session: &mut Session<'_>) -> Answer {
    set(session, false)?;
    Ok(Reply::nothing())
}

fn set(session: &mut Session<'_>, on: bool) -> Result<(), Reply> {
    let (id, me) = (session.ids[0].clone(), session.who.profile.clone());
    session.reach("cases", &id, Wish::Read)?;
    session.change("cases", &id, |case| {
        let others = case
            .ids("watchers")
            .filter(|one| *one != me)
            .map(str::to_owned);
        let mut all: Vec<String> = others.collect();
        if on {
            all.push(me);
        }
        case.set("watchers", all);
    });
    Ok(())
}

fn watchers(session: &mut Session<'_>) -> Answer {
    let case = session.reach("cases", &session.ids[0].clone(), Wish::Read)?;
    let people = case
        .ids("watchers")
        .filter_map(|id| session.get("profiles", id));
    let shown: Vec<Value> = people
        .map(|one| {
            json!({
                "id": one.id, "profile_id": one.id, "user_id": one.text("user_id"), "name": one.text("email"),
                "email": one.text("email"), "subscribed_via": "manual", "created_at": moment(case.updated),
            })
        })
        .collect();
    Ok(Reply::ok(json!({"watchers": shown, "count": shown.len()})))
}

fn watching(session: &mut Session<'_>) -> Answer {
    let view = session.view();
    let own = view
        .all("cases")
        .filter(|case| case.holds("watchers", &session.who.profile));
    let cases: Vec<Value> = own.map(|case| view.row(case)).collect();
    Ok(Reply::ok(json!({"cases": cases, "count": cases.len()})))
}
