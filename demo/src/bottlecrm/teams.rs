//! Teams: for administrators alone.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::route::{Handler, Route};
use super::session::{Session, object};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/teams/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/teams/{}/",
        on: &[
            ("GET", read),
            ("PUT", update),
            ("PATCH", update),
            ("DELETE", delete),
        ],
    },
];

fn admin(session: &Session<'_>) -> Result<(), Reply> {
    let text = "You don't have permission to perform this action.";
    session.admin_or(Reply::errors(403, text))
}

fn list(session: &mut Session<'_>) -> Answer {
    admin(session)?;
    let (view, (limit, offset)) = (session.view(), session.page());
    let name = session
        .call
        .param("team_name")
        .unwrap_or_default()
        .to_lowercase();
    let found: Vec<Value> = view
        .all("teams")
        .filter(|team| team.text("name").to_lowercase().contains(&name))
        .map(|team| view.team(&team.id))
        .collect();
    let shown: Vec<&Value> = found.iter().skip(offset).take(limit).collect();
    Ok(Reply::ok(json!({
        "per_page": 10, "page_number": 1, "teams_count": found.len(), "offset": null, "teams": shown,
    })))
}

fn create(session: &mut Session<'_>) -> Answer {
    admin(session)?;
    let (body, _) = session.call.payload()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(Reply::field("name", "This field is required."));
    }
    let mut data = json!({"name": name, "description": body.get("description"), "users": []});
    data["users"] = people(session, &body).unwrap_or_else(|| json!([]));
    session.make("teams", object(data));
    Ok(Reply::done("Team Created Successfully"))
}

fn people(session: &Session<'_>, body: &serde_json::Map<String, Value>) -> Option<Value> {
    let given = body.get("assign_users").or(body.get("users"))?.as_array()?;
    let known = given
        .iter()
        .filter_map(Value::as_str)
        .filter(|id| session.get("profiles", id).is_some());
    Some(json!(known.collect::<Vec<_>>()))
}

fn own(session: &Session<'_>) -> Result<String, Reply> {
    admin(session)?;
    let found = session.get("teams", &session.ids[0]);
    found
        .map(|one| one.id.clone())
        .ok_or_else(|| Reply::detail(404, "No Teams matches the given query."))
}

fn read(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    Ok(Reply::ok(json!({"team": session.view().team(&id)})))
}

fn update(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    let (body, _) = session.call.payload()?;
    let users = people(session, &body);
    session.change("teams", &id, |team| {
        for field in ["name", "description"] {
            if let Some(value) = body.get(field) {
                team.set(field, value.clone());
            }
        }
        if let Some(users) = users {
            team.set("users", users);
        }
    });
    Ok(Reply::done("Team Updated Successfully"))
}

fn delete(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    session.store.remove(&id);
    Ok(Reply::done("Team Deleted Successfully"))
}
