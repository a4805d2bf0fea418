//! Changing many cases at once. It asks neither whose they are nor what values a field has.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::route::{Handler, Route, is_uuid};
use super::session::Session;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/cases/bulk/update/",
        on: &[("POST", update as Handler)],
    },
    Route {
        path: "api/cases/bulk/delete/",
        on: &[("POST", delete)],
    },
];

const FIELDS: [&str; 6] = [
    "status",
    "priority",
    "case_type",
    "closed_on",
    "assigned_to",
    "tags",
];

fn update(session: &mut Session<'_>) -> Answer {
    let (body, _) = session.call.payload()?;
    let ids = ids(&body)?;
    let fields = body
        .get("fields")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let unknown: Vec<String> = fields
        .keys()
        .filter(|name| !FIELDS.contains(&name.as_str()))
        .map(|name| format!("'{name}'"))
        .collect();
    if !unknown.is_empty() {
        return Err(Reply::errors(
            400,
            format!("Unsupported fields: [{}]", unknown.join(", ")),
        ));
    }
    let found = known(session, &ids)?;
    for id in &found {
        session.change("cases", id, |case| case.data.extend(fields.clone()));
    }
    Ok(Reply::ok(json!({"error": false, "updated": found.len()})))
}

fn delete(session: &mut Session<'_>) -> Answer {
    let (body, _) = session.call.payload()?;
    let found = known(session, &ids(&body)?)?;
    for id in &found {
        session.change("cases", id, |case| case.set("deleted", true));
    }
    Ok(Reply::ok(json!({"error": false, "deleted": found.len()})))
}

fn ids(body: &Map<String, Value>) -> Result<Vec<String>, Reply> {
    let list = body.get("ids").and_then(Value::as_array);
    let ids: Vec<String> = list
        .into_iter()
        .flatten()
        .map(|id| id.as_str().unwrap_or_default().to_owned())
        .collect();
    if ids.is_empty() {
        return Err(Reply::errors(400, "ids required"));
    }
    Ok(ids)
}

/// Those that are cases of the organisation; what is no id at all breaks the server.
fn known(session: &Session<'_>, ids: &[String]) -> Result<Vec<String>, Reply> {
    if ids.iter().any(|id| !is_uuid(id)) {
        return Err(Reply::page(500));
    }
    let is_case = |id: &&String| {
        session
            .get("cases", id)
            .is_some_and(|case| !case.is("deleted"))
    };
    Ok(ids.iter().filter(is_case).cloned().collect())
}
