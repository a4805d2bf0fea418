//! From the data of a create or an update to the body that the CRM gets: every field known, every
//! value of its kind, every name resolved. All that is wrong is told at once.

use portcullis_sdk::{Call, Failure, code, text};
use serde_json::Value;

use crate::{
    crm::Record,
    directory,
    entity::Entity,
    fields::{Kind, Link, Write},
    flaws, schema, values,
};

/// What the data is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Create,
    Update,
}

/// The body of a create or an update.
///
/// # Errors
/// Everything that is wrong with the data, in one failure.
pub(crate) fn build(
    call: &Call<'_>,
    entity: &'static Entity,
    data: &Record,
    mode: Mode,
) -> Result<Record, Failure> {
    if data.is_empty() && !(mode == Mode::Create && entity.name == "leads") {
        return Err(
            Failure::bad_input(code::MISSING_REQUIRED_FIELD, "data holds no field")
                .at("/data")
                .suggest(format!("crm_describe shows the fields of {}", entity.name)),
        );
    }
    let mut body = Record::new();
    let mut flaws = Vec::new();
    for (name, value) in data {
        match field(call, entity, name, value, mode) {
            Ok(value) => drop(body.insert(name.clone(), value)),
            Err(flaw) => flaws.push(flaw),
        }
    }
    flaws.extend(missing(call, entity, data, mode));
    flaws.extend(one_parent(entity, data));
    if mode == Mode::Create {
        flaws.extend(closed_with(entity, data));
    }
    flaws::all_at_once(flaws)?;
    Ok(body)
}

fn field(
    call: &Call<'_>,
    entity: &'static Entity,
    name: &str,
    value: &Value,
    mode: Mode,
) -> Result<Value, Failure> {
    let at = format!("/data/{name}");
    let Some(field) = entity.field(name) else {
        return match schema::takes(call, entity, name, mode)? {
            true => Ok(value.clone()),
            false => Err(unknown(call, entity, name, &at)?),
        };
    };
    match field.write {
        Write::Never(instead) => return Err(closed(entity, name, &at, instead)),
        Write::Once(why) if mode == Mode::Update => return Err(closed(entity, name, &at, why)),
        _ => {}
    }
    if value.is_null() {
        let required = field.write == Write::Required;
        return if required {
            Err(needed(entity, name, &at))
        } else {
            Ok(values::empty(field.kind))
        };
    }
    if entity.name == "leads" && name == "status" && value == "converted" {
        return Err(closed(
            entity,
            "status = converted",
            &at,
            "crm_action convert converts a lead, after a confirmation",
        ));
    }
    let place = values::Place {
        entity,
        name,
        at: &at,
    };
    values::checked(call, &place, field.kind, value)
}

fn missing(call: &Call<'_>, entity: &'static Entity, data: &Record, mode: Mode) -> Vec<Failure> {
    if mode == Mode::Update {
        return Vec::new();
    }
    let absent = |name: &&'static str| data.get(*name).is_none_or(|value| value == "");
    let mut flaws: Vec<Failure> = entity
        .fields
        .iter()
        .filter(|field| field.write == Write::Required)
        .map(|field| field.name)
        .filter(absent)
        .map(|name| needed(entity, name, &format!("/data/{name}")))
        .collect();
    let given = data.get("custom_fields").and_then(Value::as_object);
    let wanted = directory::known_extras(call, entity)
        .ok()
        .flatten()
        .unwrap_or_default();
    for extra in wanted.iter().filter(|extra| extra.is_required) {
        if given.is_none_or(|given| given.get(&extra.key).is_none_or(Value::is_null)) {
            let name = format!("custom_fields.{}", extra.key);
            flaws.push(needed(
                entity,
                &name,
                &format!("/data/custom_fields/{}", extra.key),
            ));
        }
    }
    flaws
}

/// What a record needs to be made closed. Of a change the CRM decides, which knows what is stored.
fn closed_with(entity: &Entity, data: &Record) -> Vec<Failure> {
    let is = |field: &str, value: &str| data.get(field).is_some_and(|given| given == value);
    let needs: &[&str] = match entity.name {
        "opportunities" if is("stage", "CLOSED_WON") => &["closed_on", "amount"],
        "opportunities" if is("stage", "CLOSED_LOST") => &["closed_on"],
        "cases" if is("status", "Closed") => &["closed_on"],
        _ => &[],
    };
    let absent = |name: &&&str| data.get(**name).is_none_or(Value::is_null);
    let missing = needs.iter().filter(absent);
    missing
        .map(|name| {
            Failure::bad_input(
                code::MISSING_REQUIRED_FIELD,
                format!("a closed {} needs {name}", entity.one),
            )
            .at(format!("/data/{name}"))
        })
        .collect()
}

/// The CRM refuses a task with two parents with few words.
fn one_parent(entity: &Entity, data: &Record) -> Vec<Failure> {
    let given = |name: &&&str| data.get(**name).is_some_and(|value| !value.is_null());
    let parents = ["account", "opportunity", "case", "lead"];
    let parents: Vec<&&str> = parents.iter().filter(given).collect();
    if entity.name == "tasks" && parents.len() > 1 {
        let names = parents.iter().map(|name| **name);
        return vec![
            Failure::bad_input(
                code::INVALID_FIELD_VALUE,
                format!(
                    "a task belongs to one record at most, not to {}",
                    crate::entity::join(names)
                ),
            )
            .at(format!("/data/{}", parents[1])),
        ];
    }
    Vec::new()
}

fn needed(entity: &Entity, name: &str, at: &str) -> Failure {
    Failure::bad_input(
        code::MISSING_REQUIRED_FIELD,
        format!("{name} is required for {}", entity.name),
    )
    .at(at)
}

fn closed(entity: &Entity, name: &str, at: &str, instead: &str) -> Failure {
    Failure::bad_input(
        code::INVALID_FIELD,
        format!("{name} of {} cannot be set so", entity.name),
    )
    .at(at)
    .suggest(instead)
}

fn unknown(
    call: &Call<'_>,
    entity: &'static Entity,
    name: &str,
    at: &str,
) -> Result<Failure, Failure> {
    let extra = directory::known_extras(call, entity)?
        .unwrap_or_default()
        .into_iter()
        .any(|extra| extra.key == name);
    let failure = Failure::bad_input(
        code::INVALID_FIELD,
        format!(
            "{} have no writable field {name}; the CRM would ignore it",
            entity.name
        ),
    )
    .at(at);
    let names = entity.fields.iter().map(|field| field.name);
    Ok(if extra {
        failure.suggest(format!(
            "it is a custom field: write {{\"custom_fields\": {{\"{name}\": …}}}}"
        ))
    } else {
        failure.suggest_some(
            text::did_you_mean(name, names)
                .or_else(|| Some(format!("crm_describe shows the fields of {}", entity.name))),
        )
    })
}

/// The link of a list field, if the field is one.
pub(crate) fn list_link(entity: &Entity, name: &str) -> Option<Link> {
    match entity.field(name)?.kind {
        Kind::Many(link) => Some(link),
        _ => None,
    }
}
