//! Checking what a write is going to send. The CRM ignores unknown attributes, stores wrong types as
//! something else and leaves out what its pages would fill in, so nothing unchecked is sent.

use portcullis_sdk::{Call, Failure, code, datetime};
use serde_json::{Map, Value};

use crate::{
    fields::{Attribute, Part, parts},
    metadata::{self, Defs, Field},
    schema::is_script,
    settings::Settings,
    values,
};

type Data = Map<String, Value>;

/// What a create is going to send, and which attributes were filled in.
pub(crate) fn for_create(
    call: &Call<'_>,
    entity: &str,
    defs: &Defs,
    data: &Data,
) -> Result<(Data, Vec<String>), Failure> {
    let mut data = checked(call, entity, defs, data)?;
    let filled = fill_in(&Settings::of(call)?, defs, &mut data);
    check_note(entity, &data)?;
    check_span(&data)?;
    for (name, field) in defs.fields.iter() {
        if is_missing(name, field, &data) {
            return Err(missing(entity, name, field));
        }
    }
    Ok((data, filled))
}

/// What an update is going to send.
pub(crate) fn for_update(
    call: &Call<'_>,
    entity: &str,
    defs: &Defs,
    data: &Data,
) -> Result<Data, Failure> {
    let data = checked(call, entity, defs, data)?;
    for (name, value) in &data {
        if let Some(attribute) = defs.attribute(name)
            && attribute.def.required
            && matches!(attribute.part, Part::Value | Part::Id | Part::Ids)
            && is_empty(value)
            && !has_other_part(&attribute, name, &data)
        {
            return Err(missing(entity, attribute.field, attribute.def));
        }
    }
    check_span(&data)?;
    Ok(data)
}

fn checked(call: &Call<'_>, entity: &str, defs: &Defs, data: &Data) -> Result<Data, Failure> {
    let mut sent = Map::new();
    for (name, value) in data {
        let attribute = defs
            .attribute(name)
            .ok_or_else(|| unknown(entity, defs, name))?;
        if attribute.is_read_only() {
            return Err(read_only(entity, defs, name, &attribute));
        }
        let value = values::fit(&attribute, value).map_err(|why| misfit(entity, name, &why))?;
        check_limits(call, entity, name, &attribute, &value)?;
        if attribute.def.kind == "linkParent" {
            check_parent(entity, data, attribute.field)?;
        }
        sent.insert(name.clone(), value);
    }
    Ok(sent)
}

fn check_limits(
    call: &Call<'_>,
    entity: &str,
    name: &str,
    attribute: &Attribute<'_>,
    value: &Value,
) -> Result<(), Failure> {
    let refuse = |why: String| Err(misfit(entity, name, &why));
    let field = attribute.def;
    match value {
        Value::String(text) if attribute.part == Part::Value => {
            if let Some(most) = field
                .max_length
                .filter(|most| text.chars().count() as u64 > *most)
            {
                return refuse(format!("at most {most} characters fit"));
            }
            if field.kind == "enum" && !text.is_empty() {
                let options = metadata::options(call, field)?.unwrap_or_default();
                if !options.is_empty() && !options.contains(text) {
                    let options: Vec<_> = options
                        .into_iter()
                        .filter(|option| !option.is_empty())
                        .collect();
                    return refuse(format!("it is one of: {}", options.join(", ")));
                }
            }
            Ok(())
        }
        Value::Number(number) if attribute.part == Part::Value => {
            let given = number.as_f64().unwrap_or_default();
            match (&field.min, &field.max) {
                (Some(min), _) if min.as_f64().is_some_and(|min| given < min) => {
                    refuse(format!("it is at least {min}"))
                }
                (_, Some(max)) if max.as_f64().is_some_and(|max| given > max) => {
                    refuse(format!("it is at most {max}"))
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// A parent is a type and an id; the CRM ignores one without the other.
fn check_parent(entity: &str, data: &Data, field: &str) -> Result<(), Failure> {
    let (kind, id) = (format!("{field}Type"), format!("{field}Id"));
    let given = |key: &str| data.get(key).is_some_and(|value| !is_empty(value));
    let absent = match (given(&kind), given(&id)) {
        (true, false) => id,
        (false, true) => kind,
        _ => return Ok(()),
    };
    Err(Failure::bad_input(
        code::MISSING_REQUIRED_FIELD,
        format!("{entity}.{field} needs both {field}Type and {field}Id"),
    )
    .at(format!("/data/{absent}")))
}

/// What the CRM's pages would fill in: the owner, and the end of an event from its duration.
fn fill_in(settings: &Settings, defs: &Defs, data: &mut Data) -> Vec<String> {
    let mut filled = Vec::new();
    if let Some(owner) = &settings.default_assignee
        && defs
            .fields
            .get("assignedUser")
            .is_some_and(|field| field.kind == "link")
        && !data.contains_key("assignedUserId")
    {
        data.insert("assignedUserId".to_owned(), owner.as_str().into());
        filled.push("assignedUserId".to_owned());
    }
    let start = data
        .get("dateStart")
        .and_then(Value::as_str)
        .and_then(datetime::seconds);
    let duration = data.get("duration").and_then(Value::as_i64);
    if let (Some(start), Some(duration)) = (start, duration)
        && defs.fields.contains("dateEnd")
        && !data.contains_key("dateEnd")
    {
        data.insert(
            "dateEnd".to_owned(),
            datetime::from_seconds(start + duration).into(),
        );
        filled.push("dateEnd".to_owned());
    }
    filled
}

/// The CRM would store an empty note, and a note without a record.
fn check_note(entity: &str, data: &Data) -> Result<(), Failure> {
    if entity != "Note" {
        return Ok(());
    }
    for name in ["post", "parentType", "parentId"] {
        if data
            .get(name)
            .and_then(Value::as_str)
            .is_none_or(|text| text.trim().is_empty())
        {
            return Err(Failure::bad_input(
                code::MISSING_REQUIRED_FIELD,
                format!("a note needs {name}"),
            )
            .at(format!("/data/{name}"))
            .suggest("add_note takes care of it"));
        }
    }
    Ok(())
}

/// The CRM accepts an end before the start.
fn check_span(data: &Data) -> Result<(), Failure> {
    for (start, end) in [("dateStart", "dateEnd"), ("dateStartDate", "dateEndDate")] {
        let at = |key: &str| data.get(key).and_then(Value::as_str);
        if let (Some(from), Some(to)) = (at(start), at(end))
            && to < from
        {
            return Err(Failure::bad_input(
                code::INVALID_FIELD_VALUE,
                format!("{end} lies before {start}"),
            )
            .at(format!("/data/{end}")));
        }
    }
    Ok(())
}

fn is_missing(name: &str, field: &Field, data: &Data) -> bool {
    let server_fills = field
        .default
        .as_ref()
        .is_some_and(|default| !is_script(default))
        || name.starts_with("pipeline");
    if !field.required
        || field.read_only
        || server_fills
        || matches!(field.kind.as_str(), "personName" | "address")
    {
        return false;
    }
    let carries = |part: Part| {
        matches!(
            part,
            Part::Value | Part::Id | Part::Ids | Part::DateOnly | Part::Data
        )
    };
    !parts(&field.kind).iter().any(|(suffix, part)| {
        carries(*part)
            && data
                .get(&format!("{name}{suffix}"))
                .is_some_and(|value| !is_empty(value))
    })
}

fn has_other_part(attribute: &Attribute<'_>, name: &str, data: &Data) -> bool {
    let others = parts(&attribute.def.kind)
        .iter()
        .map(|(suffix, _)| format!("{}{suffix}", attribute.field))
        .filter(|other| other != name);
    others
        .into_iter()
        .any(|other| data.get(&other).is_some_and(|value| !is_empty(value)))
}

pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn missing(entity: &str, name: &str, field: &Field) -> Failure {
    let attribute = parts(&field.kind)
        .iter()
        .find(|(_, part)| matches!(part, Part::Value | Part::Id | Part::Ids))
        .map_or(name.to_owned(), |(suffix, _)| format!("{name}{suffix}"));
    let failure = Failure::bad_input(
        code::MISSING_REQUIRED_FIELD,
        format!("{entity} needs {attribute}"),
    )
    .at(format!("/data/{attribute}"));
    match name {
        "assignedUser" => failure.suggest("search User for the person's id; the operator may set settings.default_assignee for all new records"),
        "dateEnd" => failure.suggest("send dateEnd, or duration in seconds"),
        _ => failure.suggest(format!("get_schema of {entity} shows what is required")),
    }
}

fn unknown(entity: &str, defs: &Defs, name: &str) -> Failure {
    let failure = Failure::bad_input(
        code::INVALID_FIELD,
        format!("{entity} has no attribute {name}"),
    )
    .at(format!("/data/{name}"));
    let link = name
        .strip_suffix("Ids")
        .filter(|link| defs.links.contains(link));
    match (name, link) {
        ("id", _) => failure.suggest("the CRM gives a new record its id"),
        ("skipDuplicateCheck" | "_skipDuplicateCheck", _) => {
            failure.suggest("skipDuplicateCheck stands beside data, not in it")
        }
        (_, Some(link)) => failure.suggest(format!("use the tool link with link `{link}`")),
        _ => failure.suggest_some(defs.suggest(name)),
    }
}

fn read_only(entity: &str, defs: &Defs, name: &str, attribute: &Attribute<'_>) -> Failure {
    let failure = Failure::bad_input(
        code::INVALID_FIELD,
        format!("{entity}.{name} cannot be set"),
    )
    .at(format!("/data/{name}"));
    if attribute.def.kind == "personName" {
        return failure.suggest("send firstName and lastName");
    }
    if attribute.part == Part::Shown {
        failure.suggest_some(defs.suggest(attribute.field))
    } else {
        failure.suggest("the CRM computes it")
    }
}

fn misfit(entity: &str, name: &str, why: &str) -> Failure {
    Failure::bad_input(
        code::INVALID_FIELD_VALUE,
        format!("the value of {entity}.{name} does not fit: {why}"),
    )
    .at(format!("/data/{name}"))
}
