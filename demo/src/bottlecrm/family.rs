//! Parent and child cases: linking, the tree, and closing them together.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::comments;
use super::route::{Handler, Route, is_uuid};
use super::session::{Session, Wish, missing};
use super::store::Record;
use super::view::{View, case_brief, is_open_case};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/cases/{}/link/",
        on: &[("POST", link as Handler)],
    },
    Route {
        path: "api/cases/{}/tree/",
        on: &[("GET", tree)],
    },
    Route {
        path: "api/cases/{}/close-with-children/",
        on: &[("POST", close)],
    },
];

fn link(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("cases", &id, Wish::Change)?;
    let (body, _) = session.call.payload()?;
    let refuse = |text: &str| Reply::json(400, json!({"parent_id": text}));
    let parent = match body.get("parent_id") {
        None => return Err(refuse("This field is required.")),
        Some(Value::Null) => None,
        Some(given) => {
            let parent = given.as_str().unwrap_or_default();
            if parent == id {
                return Err(refuse("A case cannot be its own parent."));
            }
            if !is_uuid(parent) || session.get("cases", parent).is_none() {
                return Err(missing("cases"));
            }
            if ancestors(session.view(), parent).contains(&id) {
                return Err(refuse("A case cannot be a child of its own descendant."));
            }
            Some(parent.to_owned())
        }
    };
    if let Some(parent) = &parent {
        session.change("cases", parent, |case| case.set("is_problem", true));
    }
    let shown = parent
        .as_ref()
        .and_then(|parent| session.get("cases", parent))
        .map(case_brief);
    session.change("cases", &id, |case| case.set("parent", json!(parent)));
    Ok(Reply::ok(json!({"id": id, "parent": shown})))
}

/// A case's parent, its parent, and so on.
fn ancestors(view: View<'_>, id: &str) -> Vec<String> {
    let (mut found, mut at) = (Vec::new(), id.to_owned());
    while let Some(case) = view.get("cases", &at) {
        if found.contains(&at) {
            break;
        }
        found.push(at);
        at = case.text("parent").to_owned();
    }
    found
}

fn tree(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("cases", &id, Wish::Read)?;
    let view = session.view();
    let root = ancestors(view, &id).pop().unwrap_or_else(|| id.clone());
    let shown = view.get("cases", &root).map(|case| node(view, case));
    Ok(Reply::ok(json!({"root": shown, "focus_id": id})))
}

fn node(view: View<'_>, case: &Record) -> Value {
    let children: Vec<Value> = view
        .all("cases")
        .filter(|one| one.text("parent") == case.id)
        .map(|one| node(view, one))
        .collect();
    json!({
        "id": case.id, "name": case.text("name"), "status": case.text("status"), "priority": case.text("priority"),
        "is_problem": case.is("is_problem"), "is_active": case.is("is_active"),
        "assigned_to": case.ids("assigned_to").collect::<Vec<_>>(), "children": children,
    })
}

/// Closes at once, also with an empty body; children only when `cascade` says so.
fn close(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    let case = session.reach("cases", &id, Wish::Change)?.clone();
    let (body, _) = session.call.payload()?;
    let comment = body
        .get("resolution_comment")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut closed = Vec::new();
    if body.get("cascade") == Some(&Value::Bool(true)) {
        let children = session
            .view()
            .all("cases")
            .filter(|one| one.text("parent") == id && is_open_case(one));
        closed.extend(children.map(|one| one.id.clone()));
    }
    let (day, now) = (session.today().to_string(), session.stamp());
    for one in std::iter::once(&id).chain(&closed) {
        session.change("cases", one, |case| {
            case.set("status", "Closed");
            case.set("closed_on", day.as_str());
            case.set("resolved_at", now.as_str());
        });
    }
    if !comment.is_empty() {
        comments::write(session, &case, comment, false);
    }
    session.note("UPDATE", "Case", &id, case.text("name"));
    Ok(Reply::ok(json!({
        "id": id, "status": "Closed", "cascaded_case_ids": closed, "resolution_comment": comment,
    })))
}
