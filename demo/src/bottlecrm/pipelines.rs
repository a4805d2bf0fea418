//! Pipelines of leads, cases and tasks, and their stages.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::route::{Handler, Route};
use super::session::{Session, object};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/<staged>/pipelines/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/<staged>/pipelines/{}/",
        on: &[("GET", read), ("PUT", update), ("DELETE", delete)],
    },
    Route {
        path: "api/<staged>/pipelines/{}/stages/",
        on: &[("POST", add_stage)],
    },
];

/// The stages that a new pipeline begins with: name, type and status.
fn usual(kind: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    match kind {
        "leads" => &[
            ("New", "open", "assigned"),
            ("Contacted", "open", "in process"),
            ("Qualified", "open", "in process"),
            ("Proposal", "open", "in process"),
            ("Recycled", "open", "recycled"),
            ("Lost", "lost", "closed"),
        ],
        "tasks" => &[
            ("To Do", "open", "New"),
            ("Doing", "in_progress", "In Progress"),
            ("Review", "in_progress", "In Progress"),
            ("Done", "completed", "Completed"),
        ],
        _ => &[
            ("New", "open", "New"),
            ("Working", "open", "Assigned"),
            ("Waiting", "open", "Pending"),
            ("Closed", "closed", "Closed"),
        ],
    }
}

/// The stages of a pipeline in their order.
pub(crate) fn stages<'a>(session: &'a Session<'_>, pipeline: &str) -> Vec<&'a Record> {
    let mut own: Vec<&Record> = session
        .store
        .all(&session.who.org, "stages")
        .filter(|stage| stage.text("pipeline") == pipeline)
        .collect();
    own.sort_by_key(|stage| (stage.value("order").as_i64(), stage.order));
    own
}

fn counter(session: &Session<'_>) -> String {
    format!("{}_count", session.kind.trim_end_matches('s'))
}

fn inside(session: &Session<'_>, stage: &str) -> usize {
    let all = session.store.all(&session.who.org, &session.kind);
    all.filter(|one| one.text("stage") == stage && !one.is("deleted"))
        .count()
}

fn stage(session: &Session<'_>, one: &Record) -> Value {
    let mut shown = json!({
        "id": one.id, "name": one.text("name"), "order": one.value("order"), "color": one.text("color"),
        "stage_type": one.text("stage_type"), "maps_to_status": one.value("maps_to_status"),
    });
    if session.kind == "leads" {
        shown["win_probability"] = json!(0);
    }
    shown["wip_limit"] = one.value("wip_limit");
    shown[counter(session)] = json!(inside(session, &one.id));
    shown["created_at"] = json!(moment(one.created));
    shown["updated_at"] = json!(moment(one.updated));
    shown
}

fn brief(session: &Session<'_>, one: &Record) -> Value {
    let stages = stages(session, &one.id);
    let mut shown = json!({
        "id": one.id, "name": one.text("name"), "description": one.value("description"), "is_default": one.is("is_default"),
        "is_active": true, "stage_count": stages.len(),
    });
    let cards: usize = stages.iter().map(|stage| inside(session, &stage.id)).sum();
    shown[counter(session)] = json!(cards);
    shown["created_at"] = json!(moment(one.created));
    shown
}

fn whole(session: &Session<'_>, id: &str) -> Option<Value> {
    let one = found(session, id).ok()?;
    let mut shown = brief(session, one);
    let stages = stages(session, id);
    shown["stages"] = stages.into_iter().map(|own| stage(session, own)).collect();
    shown["updated_at"] = json!(moment(one.updated));
    Some(shown)
}

fn found<'a>(session: &'a Session<'_>, id: &str) -> Result<&'a Record, Reply> {
    session
        .get("pipelines", id)
        .filter(|one| one.text("kind") == session.kind)
        .ok_or_else(|| Reply::detail(404, "Not found."))
}

fn list(session: &mut Session<'_>) -> Answer {
    let all = session
        .store
        .newest(&session.who.org, "pipelines")
        .into_iter();
    let own = all.filter(|one| one.text("kind") == session.kind);
    let pipelines: Vec<Value> = own.map(|one| brief(session, one)).collect();
    Ok(Reply::ok(json!({"pipelines": pipelines})))
}

fn create(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::plain(403, "Only admins can create pipelines"))?;
    let (body, _) = session.call.payload()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(Reply::bare("name", "This field is required."));
    }
    let data = json!({"kind": session.kind, "name": name, "description": body.get("description")});
    let id = session.make("pipelines", object(data));
    for (n, (name, kind, status)) in usual(&session.kind.clone()).iter().enumerate() {
        let data = json!({
            "pipeline": id, "kind": session.kind, "name": name, "order": n + 1, "color": "#3B82F6",
            "stage_type": kind, "maps_to_status": status, "wip_limit": null,
        });
        session.make("stages", object(data));
    }
    Ok(Reply::json(201, json!(whole(session, &id))))
}

fn read(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    found(session, &id)?;
    Ok(Reply::ok(json!(whole(session, &id))))
}

fn update(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::plain(403, "Only admins can update pipelines"))?;
    let id = found(session, &session.ids[0])?.id.clone();
    let (body, _) = session.call.payload()?;
    session.change("pipelines", &id, |one| {
        for field in ["name", "description"] {
            if let Some(value) = body.get(field) {
                one.set(field, value.clone());
            }
        }
    });
    Ok(Reply::ok(json!(whole(session, &id))))
}

fn delete(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::plain(403, "Only admins can delete pipelines"))?;
    let id = found(session, &session.ids[0])?.id.clone();
    let own: Vec<String> = stages(session, &id)
        .iter()
        .map(|one| one.id.clone())
        .collect();
    let cards: usize = own.iter().map(|stage| inside(session, stage)).sum();
    if cards > 0 {
        let kind = &session.kind;
        let text = format!("Cannot delete pipeline with {cards} {kind}. Move {kind} first.");
        return Err(Reply::plain(400, text));
    }
    for stage in own {
        session.store.remove(&stage);
    }
    session.store.remove(&id);
    Ok(Reply::nothing())
}

fn add_stage(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::plain(403, "Only admins can create stages"))?;
    let id = found(session, &session.ids[0])?.id.clone();
    let (body, _) = session.call.payload()?;
    let Some(name) = body.get("name").and_then(Value::as_str) else {
        return Err(Reply::bare("name", "This field is required."));
    };
    let data = json!({
        "pipeline": id, "kind": session.kind, "name": name, "order": body.get("order").cloned().unwrap_or(json!(0)),
        "color": "#6B7280", "stage_type": "open", "maps_to_status": body.get("maps_to_status"),
        "wip_limit": body.get("wip_limit"),
    });
    let made = session.make("stages", object(data));
    let shown = session.get("stages", &made).map(|one| stage(session, one));
    Ok(Reply::json(201, json!(shown)))
}
