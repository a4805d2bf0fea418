//! Moving a card on its board. A deal that is moved to won escapes the rules of closing.

use serde_json::{Value, json};

use super::answer::{Answer, Faulty, Reply};
use super::boards::card;
use super::route::{Handler, Route};
use super::schema::{Kind, is_choice};
use super::session::{Session, Wish};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/opportunities/{}/move/",
        on: &[("PATCH", deal as Handler)],
    },
    Route {
        path: "api/<staged>/{}/move/",
        on: &[("PATCH", staged)],
    },
];

fn deal(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("opportunities", &id, Wish::Change)?;
    let (body, _) = session.call.payload()?;
    let Some(stage) = body.get("stage").and_then(Value::as_str) else {
        return Err(Reply::field("stage", "This field is required."));
    };
    if !is_choice("StageEnum", stage) {
        return Err(Reply::field(
            "stage",
            format!("\"{stage}\" is not a valid choice."),
        ));
    }
    let (now, stage) = (session.stamp(), stage.to_owned());
    session.change("opportunities", &id, |one| {
        if one.text("stage") != stage {
            one.set("stage_changed_at", now);
        }
        one.set("stage", stage);
        one.set("kanban_order", "1000.000000");
    });
    moved(session, &id)
}

fn staged(session: &mut Session<'_>) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let id = session.ids[0].clone();
    let old = session.reach(&entity.name, &id, Wish::Change)?.clone();
    let (body, _) = session.call.payload()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let (stage, mut status) = (text("stage_id"), text("status"));
    if stage.is_none() && status.is_none() {
        return Err(Reply::field(
            "non_field_errors",
            "Either stage_id or status must be provided",
        ));
    }
    if let Some(stage) = &stage {
        let found = session
            .get("stages", stage)
            .filter(|one| one.text("kind") == entity.name);
        let Some(found) = found else {
            return Err(Reply::field("stage_id", "Stage not found"));
        };
        let limit = found.value("wip_limit").as_u64();
        let inside = session
            .view()
            .all(&entity.name)
            .filter(|one| one.text("stage") == stage)
            .count();
        if limit.is_some_and(|limit| inside as u64 >= limit) && old.text("stage") != stage {
            return Err(Reply::field("stage_id", "Stage has reached its WIP limit"));
        }
        status = Some(found.text("maps_to_status").to_owned()).filter(|mapped| !mapped.is_empty());
    } else if let (Some(status), Some(Kind::Choice(name))) =
        (&status, entity.field("status").map(|field| &field.kind))
        && !is_choice(name, status)
    {
        let mut faults = Faulty::default();
        faults.add("status", format!("\"{status}\" is not a valid choice."));
        faults.refuse()?;
    }
    session.change(&entity.name, &id, |one| {
        if let Some(status) = status {
            one.set("status", status);
        }
        one.set("stage", stage.map_or(Value::Null, Value::String));
        one.set("kanban_order", "1000.000000");
    });
    moved(session, &id)
}

fn moved(session: &mut Session<'_>, id: &str) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let card = session.get(&entity.name, id).map(|one| card(session, one));
    let label = &entity.words.label;
    session.note("UPDATE", &entity.words.model, id, label);
    let mut answer = json!({"error": false, "message": format!("{label} moved successfully")});
    answer[label.to_lowercase()] = json!(card);
    Ok(Reply::ok(answer))
}
