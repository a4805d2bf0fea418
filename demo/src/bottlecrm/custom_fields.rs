//! Definitions of an organisation's own fields.

use serde_json::{Value, json};

use super::answer::{Answer, Faulty, Reply};
use super::dates::moment;
use super::route::{Handler, Route};
use super::schema::{self, is_choice};
use super::session::{Session, object};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/custom-fields/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/custom-fields/{}/",
        on: &[("GET", read), ("PUT", update), ("DELETE", delete)],
    },
];

/// A definition.
pub(crate) fn shown(one: &Record) -> Value {
    json!({
        "id": one.id, "target_model": one.text("target_model"), "key": one.text("key"), "label": one.text("label"),
        "field_type": one.text("field_type"), "options": one.value("options"), "is_required": one.is("is_required"),
        "is_filterable": one.is("is_filterable"), "display_order": one.value("display_order"),
        "is_active": one.is("is_active"), "created_at": moment(one.created), "updated_at": moment(one.updated),
    })
}

fn list(session: &mut Session<'_>) -> Answer {
    let param = |name: &str| session.call.param(name).unwrap_or_default();
    let model = param("target_model");
    let all = session.store.newest(&session.who.org, "custom_fields");
    let active = all.iter().filter(|one| one.is("is_active")).count();
    let mut models: Vec<&str> = all.iter().map(|one| one.text("target_model")).collect();
    models.sort_unstable();
    models.dedup();
    let found: Vec<Value> = all
        .iter()
        .filter(|one| model.is_empty() || one.text("target_model") == model)
        .filter(|one| param("active_only") != "true" || one.is("is_active"))
        .map(|one| {
            let mut shown = shown(one);
            shown["records_missing_value"] = json!(missing_value(session, one));
            shown
        })
        .collect();
    Ok(Reply::ok(json!({
        "definitions": found,
        "totals": {"count": all.len(), "active": active, "models_extended": models.len(), "required_with_gaps": 0},
    })))
}

fn missing_value(session: &Session<'_>, one: &Record) -> usize {
    let model = one.text("target_model");
    let entity = schema::entities()
        .iter()
        .find(|entity| entity.words.model == model);
    entity.map_or(0, |entity| {
        let all = session.store.all(&session.who.org, &entity.name);
        all.filter(|record| record.value("custom_fields").get(one.text("key")).is_none())
            .count()
    })
}

fn admin(session: &Session<'_>) -> Result<(), Reply> {
    session.admin_or(Reply::errors(403, "Admin access required"))
}

fn create(session: &mut Session<'_>) -> Answer {
    admin(session)?;
    let (body, _) = session.call.payload()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut faults = Faulty::default();
    for (field, choice) in [
        ("target_model", "TargetModelEnum"),
        ("key", ""),
        ("label", ""),
        ("field_type", "FieldTypeEnum"),
    ] {
        if text(field).is_empty() {
            faults.add(field, "This field is required.");
        } else if !choice.is_empty() && !is_choice(choice, text(field)) {
            faults.add(field, format!("\"{}\" is not a valid choice.", text(field)));
        }
    }
    faults.refuse()?;
    let value = |name: &str, usual: Value| body.get(name).cloned().unwrap_or(usual);
    let data = json!({
        "target_model": text("target_model"), "key": text("key"), "label": text("label"), "field_type": text("field_type"),
        "options": value("options", json!([])), "is_required": value("is_required", json!(false)),
        "is_filterable": value("is_filterable", json!(true)), "display_order": value("display_order", json!(0)),
        "is_active": true,
    });
    let id = session.make("custom_fields", object(data));
    Ok(Reply::json(
        201,
        json!(session.get("custom_fields", &id).map(shown)),
    ))
}

fn own(session: &Session<'_>) -> Result<String, Reply> {
    let found = session.get("custom_fields", &session.ids[0]);
    found
        .map(|one| one.id.clone())
        .ok_or_else(|| Reply::detail(404, "No CustomFieldDefinition matches the given query."))
}

fn read(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    Ok(Reply::ok(json!(
        session.get("custom_fields", &id).map(shown)
    )))
}

fn update(session: &mut Session<'_>) -> Answer {
    admin(session)?;
    let id = own(session)?;
    let (body, _) = session.call.payload()?;
    session.change("custom_fields", &id, |one| {
        for field in [
            "label",
            "options",
            "is_required",
            "is_filterable",
            "display_order",
            "is_active",
        ] {
            if let Some(value) = body.get(field) {
                one.set(field, value.clone());
            }
        }
    });
    Ok(Reply::ok(json!(
        session.get("custom_fields", &id).map(shown)
    )))
}

fn delete(session: &mut Session<'_>) -> Answer {
    admin(session)?;
    let id = own(session)?;
    session.store.remove(&id);
    Ok(Reply::nothing())
}
