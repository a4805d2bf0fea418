//! Creating, reading, changing and deleting one record of the six common entities.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::input::{self, Extent};
use super::lists::{self, Write};
use super::route::Route;
use super::schema::Entity;
use super::session::{Session, Wish};
use super::store::Record;
use super::view::{self, is_unpaid};
use super::{convert, detail, rules};

pub(crate) const ROUTES: &[Route] = &[Route {
    path: "api/<classic>/{}/",
    on: &[
        ("GET", detail::read),
        ("POST", super::comments::add),
        ("PUT", replace),
        ("PATCH", patch),
        ("DELETE", delete),
    ],
}];

/// `POST` on a list: the answer names the new id for some entities and not for others.
pub(crate) fn create(session: &mut Session<'_>) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let (body, _) = session.call.payload()?;
    let (mut given, mut faults) = input::read(session, entity, &body, Extent::Whole);
    derive(entity, None, &mut given);
    let mut whole = input::defaults(entity);
    whole.extend(given.clone());
    rules::check(session, entity, None, &whole, &given, &mut faults);
    let converts = entity.name == "leads" && convert::is_asked(&body);
    if converts && given.get("email").is_none_or(Value::is_null) && !faults.has("email") {
        faults.add("email", "This field is required.");
    }
    faults.refuse()?;
    let custom = rules::custom(session, entity, &Value::Null, &body)?;
    whole.insert("custom_fields".into(), custom);
    if entity.name == "opportunities" {
        whole.insert("stage_changed_at".into(), json!(session.stamp()));
    }
    let id = session.make(&entity.name, whole);
    let called = session
        .get(&entity.name, &id)
        .map(view::name)
        .unwrap_or_default();
    session.note("CREATE", &entity.words.model, &id, &called);
    lists::store(session, entity, &id, &body, Write::Create)?;
    if converts {
        return convert::convert(session, &id);
    }
    Ok(Reply::ok(created(session, entity, &id)))
}

fn created(session: &Session<'_>, entity: &Entity, id: &str) -> Value {
    let mut answer = json!({"error": false, "message": entity.words.created});
    if !matches!(entity.name.as_str(), "leads" | "tasks") {
        answer["id"] = json!(id);
    }
    if let Some(case) = session.get("cases", id) {
        answer["cases_obj"] = session.view().row(case);
    }
    answer
}

fn patch(session: &mut Session<'_>) -> Answer {
    update(session, Extent::Partial)
}

/// Empties every list that the body leaves out.
fn replace(session: &mut Session<'_>) -> Answer {
    update(session, Extent::Whole)
}

fn update(session: &mut Session<'_>, extent: Extent) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let id = session.ids[0].clone();
    let old = session.reach(&entity.name, &id, Wish::Change)?.clone();
    let (body, _) = session.call.payload()?;
    if entity.name == "leads" && convert::is_asked(&body) {
        convert::allow(&old)?;
        return convert::convert(session, &id);
    }
    let (mut given, mut faults) = input::read(session, entity, &body, extent);
    if entity.name == "cases" {
        // An account is given once, when the case is made; later ones are ignored.
        given.remove("account");
    }
    derive(entity, Some(&old), &mut given);
    let mut whole = old.data.clone();
    whole.extend(given.clone());
    rules::check(session, entity, Some(&id), &whole, &given, &mut faults);
    faults.refuse()?;
    let custom = rules::custom(session, entity, &old.value("custom_fields"), &body)?;
    given.insert("custom_fields".into(), custom);
    stamp(session, entity, &old, &mut given);
    session.change(&entity.name, &id, |record| record.data.extend(given));
    lists::store(session, entity, &id, &body, Write::Change(extent))?;
    session.note("UPDATE", &entity.words.model, &id, &view::name(&old));
    Ok(Reply::done(&entity.words.updated))
}

/// Values that follow from others.
fn derive(entity: &Entity, old: Option<&Record>, given: &mut Map<String, Value>) {
    if entity.name != "opportunities" {
        return;
    }
    if old.is_none() && given.get("stage").is_none_or(Value::is_null) {
        given.insert("stage".into(), json!("PROSPECTING"));
    }
    let none = given
        .get("probability")
        .is_none_or(|value| value.is_null() || *value == 0);
    let kept =
        old.is_some_and(|old| old.value("probability") != 0) && !given.contains_key("probability");
    if none && !kept {
        let stage = given.get("stage").and_then(Value::as_str);
        let stage = stage
            .or(old.map(|old| old.text("stage")))
            .unwrap_or_default();
        given.insert("probability".into(), json!(rules::usual_probability(stage)));
    }
}

fn stamp(session: &Session<'_>, entity: &Entity, old: &Record, given: &mut Map<String, Value>) {
    let now = json!(session.stamp());
    if entity.name == "opportunities"
        && given
            .get("stage")
            .is_some_and(|stage| *stage != old.value("stage"))
    {
        given.insert("stage_changed_at".into(), now);
    } else if entity.name == "cases" && given.get("status").is_some_and(|status| status == "Closed")
    {
        given.insert("resolved_at".into(), now);
    }
}

fn delete(session: &mut Session<'_>) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let id = session.ids[0].clone();
    let old = session.reach(&entity.name, &id, Wish::Delete)?.clone();
    let billed = session
        .view()
        .all("invoices")
        .any(|invoice| invoice.text("account_id") == id || invoice.text("contact_id") == id);
    if entity.name == "accounts" && billed {
        return Err(Reply::page(500));
    }
    if entity.name == "cases" {
        session.change("cases", &id, |case| case.set("deleted", true));
    } else {
        session.store.remove(&id);
    }
    session.note("DELETE", &entity.words.model, &id, &view::name(&old));
    Ok(Reply::done(&entity.words.deleted))
}

/// Whether an invoice is still to be paid and past its day.
pub(crate) fn is_overdue(invoice: &Record, today: &str) -> bool {
    is_unpaid(invoice) && !invoice.text("due_date").is_empty() && invoice.text("due_date") < today
}
