//! Rules that look at more than one field, at other records, or at custom fields.

use serde_json::{Map, Value, json};

use super::answer::{Faulty, Reply};
use super::schema::Entity;
use super::session::Session;
use super::view::PARENTS;

/// Holds what will be stored, the old values under the new, against the entity's rules.
pub(crate) fn check(
    session: &Session<'_>,
    entity: &Entity,
    id: Option<&str>,
    whole: &Map<String, Value>,
    given: &Map<String, Value>,
    faults: &mut Faulty,
) {
    unique(session, entity, id, given, faults);
    match entity.name.as_str() {
        "opportunities" => closing_deal(whole, faults),
        "cases" => closing_case(whole, faults),
        "tasks" => one_parent(given, faults),
        _ => {}
    }
}

fn unique(
    session: &Session<'_>,
    entity: &Entity,
    id: Option<&str>,
    given: &Map<String, Value>,
    faults: &mut Faulty,
) {
    let field = entity.words.unique.as_str();
    let Some(value) = given.get(field).and_then(Value::as_str) else {
        return;
    };
    let taken = session
        .store
        .all(&session.who.org, &entity.name)
        .filter(|record| Some(record.id.as_str()) != id)
        .any(|record| record.text(field).to_lowercase() == value.to_lowercase());
    if !value.is_empty() && taken {
        faults.add(field, entity.words.taken.as_str());
    }
}

fn is_empty(values: &Map<String, Value>, field: &str) -> bool {
    match values.get(field) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

fn text<'a>(values: &'a Map<String, Value>, field: &str) -> &'a str {
    values
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn closing_deal(whole: &Map<String, Value>, faults: &mut Faulty) {
    let stage = text(whole, "stage");
    if stage.starts_with("CLOSED") && is_empty(whole, "closed_on") {
        faults.add(
            "closed_on",
            "A deal cannot be closed without the date it closed on.",
        );
    }
    if stage == "CLOSED_WON" && is_empty(whole, "amount") {
        faults.add("amount", "A won deal has to record what it was worth.");
    }
}

fn closing_case(whole: &Map<String, Value>, faults: &mut Faulty) {
    if text(whole, "status") == "Closed" && is_empty(whole, "closed_on") {
        faults.add("closed_on", "Closed date is required when closing a case");
    }
}

fn one_parent(given: &Map<String, Value>, faults: &mut Faulty) {
    let named: Vec<&str> = PARENTS
        .iter()
        .map(|(field, _)| *field)
        .filter(|field| !is_empty(given, field))
        .collect();
    if let [first, _, ..] = named[..] {
        let text = format!(
            "A task can only be linked to one parent entity (Account, Opportunity, Case, or Lead). \
             Currently set: {}",
            named.join(", ")
        );
        faults.add(first, text);
    }
}

/// The probability that goes with a stage when none was given.
pub(crate) fn usual_probability(stage: &str) -> u8 {
    match stage {
        "PROSPECTING" => 10,
        "QUALIFICATION" => 25,
        "PROPOSAL" => 50,
        "NEGOTIATION" => 75,
        "CLOSED_WON" => 100,
        _ => 0,
    }
}

/// The custom fields of a body on top of those stored; unknown keys are left out.
pub(crate) fn custom(
    session: &Session<'_>,
    entity: &Entity,
    old: &Value,
    body: &Map<String, Value>,
) -> Result<Value, Reply> {
    let mut merged = old.as_object().cloned().unwrap_or_default();
    let Some(given) = body.get("custom_fields").and_then(Value::as_object) else {
        return Ok(Value::Object(merged));
    };
    let mut problems = Map::new();
    let definitions = session
        .store
        .all(&session.who.org, "custom_fields")
        .filter(|one| one.text("target_model") == entity.words.model && one.is("is_active"));
    for definition in definitions {
        let key = definition.text("key");
        let Some(value) = given.get(key) else {
            continue;
        };
        match custom_problem(
            definition.text("field_type"),
            &definition.value("options"),
            value,
        ) {
            Some(problem) => problems.insert(key.to_owned(), json!(problem)),
            None => merged.insert(key.to_owned(), value.clone()),
        };
    }
    if problems.is_empty() {
        return Ok(Value::Object(merged));
    }
    let mut faults = Faulty::default();
    faults.put("custom_fields", Value::Object(problems));
    faults.refuse().map(|()| Value::Null)
}

fn custom_problem(kind: &str, options: &Value, value: &Value) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let values: Vec<&str> = options
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|option| option["value"].as_str())
        .collect();
    match kind {
        "dropdown" if !value.as_str().is_some_and(|text| values.contains(&text)) => {
            let quoted: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
            Some(format!("must be one of [{}]", quoted.join(", ")))
        }
        "number" if !value.is_number() => Some("must be a number".into()),
        "checkbox" if !value.is_boolean() => Some("must be true or false".into()),
        "date" if value.as_str().and_then(super::dates::parse).is_none() => {
            Some("must be a date in YYYY-MM-DD".into())
        }
        _ => None,
    }
}
