//! From the data of a create or an update to the body that the CRM gets: every field known, every
//! value of its kind, every name resolved. All that is wrong is told at once.

use portcullis_sdk::{Call, Failure, Kind as FailureKind, code, text};
use serde_json::{Map, Value, json};

use crate::{
    choices::Choices,
    crm::Record,
    directory::{self, Extra},
    entity::Entity,
    fields::{self, Field, Kind, Link, Write},
    ids, resolve, schema,
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
    flaws.extend(rules(entity, data));
    all_at_once(flaws)?;
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
            Ok(empty(field.kind))
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
    let place = Place {
        entity,
        name,
        at: &at,
    };
    checked(call, &place, field.kind, value)
}

/// Where a value stands, for messages.
struct Place<'a> {
    entity: &'static Entity,
    name: &'a str,
    at: &'a str,
}

impl Place<'_> {
    fn wrong(&self, takes: &str, value: &Value) -> Failure {
        let mut shown = value.to_string();
        text::cut(&mut shown, 80);
        Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!("{} takes {takes}, not {shown}", self.name),
        )
        .at(self.at)
    }
}

/// A value, checked against its kind and with names resolved.
fn checked(
    call: &Call<'_>,
    place: &Place<'_>,
    kind: Kind,
    value: &Value,
) -> Result<Value, Failure> {
    let said = value.as_str();
    let fits = |yes: bool, takes: &str| {
        if yes {
            Ok(value.clone())
        } else {
            Err(place.wrong(takes, value))
        }
    };
    match kind {
        Kind::Text(most) => fits(
            said.is_some_and(|text| most == 0 || text.chars().count() <= most),
            &if most == 0 {
                "a text".to_owned()
            } else {
                format!("a text of at most {most} characters")
            },
        ),
        Kind::Email => fits(
            said.is_some_and(|text| text.is_empty() || is_email(text)),
            "an e-mail address",
        ),
        Kind::Phone => fits(
            said.is_some_and(|text| text.is_empty() || is_phone(text)),
            "a phone number: 7 to 25 digits, blanks and -().+",
        ),
        Kind::Url => fits(
            said.is_some_and(|text| {
                text.is_empty()
                    || ["http://", "https://"]
                        .iter()
                        .any(|start| text.starts_with(start))
            }),
            "an address that begins with https:// or http://",
        ),
        Kind::Date => fits(said.is_some_and(ids::is_date), "a day, YYYY-MM-DD"),
        Kind::DateTime => fits(
            said.is_some_and(ids::is_moment),
            "a moment with its zone, e.g. 2026-11-20T09:00:00Z",
        ),
        Kind::Decimal => fits(is_decimal(value), "a decimal number"),
        Kind::Whole(least, most) => fits(
            value
                .as_i64()
                .is_some_and(|number| (least..=most).contains(&number)),
            &format!("a whole number from {least} to {most}"),
        ),
        Kind::Bool => fits(value.is_boolean(), "true or false"),
        Kind::Choice(choices) => choice(call, place, choices, value),
        Kind::Country => fits(
            said.is_some_and(|text| {
                text.is_empty()
                    || text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
            }),
            "a country as two capital letters, e.g. DE",
        ),
        Kind::One(link) => {
            let word = resolve::word(value, place.at)?;
            Ok(resolve::one(call, link, &word, place.at)?.into())
        }
        Kind::Many(link) => Ok(resolve::many(call, link, value, place.at)?.into()),
        Kind::Lines => lines(call, place, value),
        Kind::Id => fits(said.is_some_and(ids::is_uuid), "an id, a UUID"),
        Kind::Ids => fits(
            value.as_array().is_some_and(|items| {
                items
                    .iter()
                    .all(|item| item.as_str().is_some_and(ids::is_uuid))
            }),
            "a list of ids, UUIDs",
        ),
        Kind::Custom => custom(call, place, value),
    }
}

/// What clears a field.
fn empty(kind: Kind) -> Value {
    match kind {
        Kind::Many(_) | Kind::Lines => json!([]),
        Kind::Custom => json!({}),
        _ => Value::Null,
    }
}

fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    let labels = domain.split('.').all(|label| !label.is_empty());
    !name.is_empty()
        && domain.contains('.')
        && labels
        && !domain.contains('@')
        && !text.contains(char::is_whitespace)
}

fn is_phone(text: &str) -> bool {
    (7..=25).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_whitespace() || "-().+".contains(c))
}

fn is_decimal(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
            let all =
                |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            all(whole) && all(part)
        }
        _ => false,
    }
}

/// A value of a closed list. The tables may be older than the CRM, so its schema is asked before a
/// value is refused.
fn choice(
    call: &Call<'_>,
    place: &Place<'_>,
    choices: Choices,
    value: &Value,
) -> Result<Value, Failure> {
    let Some(said) = value.as_str() else {
        return Err(place.wrong(
            &format!("one of {}", crate::entity::join(choices.iter().copied())),
            value,
        ));
    };
    if said.is_empty() || choices.contains(&said) {
        return Ok(value.clone());
    }
    let published = match place.at.starts_with("/data/") {
        true => schema::choices(call, place.entity, place.name)?,
        false => Vec::new(),
    };
    if published.iter().any(|known| known == said) {
        return Ok(value.clone());
    }
    let known: Vec<&str> = if published.is_empty() {
        choices.to_vec()
    } else {
        published.iter().map(String::as_str).collect()
    };
    let list = crate::entity::join(known.iter().copied());
    Err(place
        .wrong(&format!("one of {list}"), value)
        .suggest_some(text::did_you_mean(said, known)))
}

fn lines(call: &Call<'_>, place: &Place<'_>, value: &Value) -> Result<Value, Failure> {
    let Some(items) = value.as_array() else {
        return Err(place.wrong("a list of lines", value));
    };
    let mut lines = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("{}/{index}", place.at);
        let Some(line) = item
            .as_object()
            .filter(|line| line.contains_key("name") || line.contains_key("product"))
        else {
            return Err(Place { at: &at, ..*place }.wrong("a line with a name or a product", item));
        };
        lines.push(Value::Object(parts(
            call,
            place.entity,
            fields::LINE,
            line,
            &at,
        )?));
    }
    Ok(Value::Array(lines))
}

/// The fields of something within the data, or of an action's parameters.
pub(crate) fn parts(
    call: &Call<'_>,
    entity: &'static Entity,
    known: &[Field],
    given: &Record,
    at: &str,
) -> Result<Record, Failure> {
    let mut body = Record::new();
    let mut flaws = Vec::new();
    for (name, value) in given {
        let at = format!("{at}/{name}");
        let Some(field) = known.iter().find(|field| field.name == name) else {
            let names = known.iter().map(|field| field.name);
            flaws.push(
                Failure::bad_input(
                    code::INVALID_FIELD,
                    format!(
                        "{name} is not known here; known are {}",
                        crate::entity::join(names.clone())
                    ),
                )
                .at(&at)
                .suggest_some(text::did_you_mean(name, names)),
            );
            continue;
        };
        let place = Place {
            entity,
            name,
            at: &at,
        };
        if value.is_null() {
            body.insert(name.clone(), Value::Null);
            continue;
        }
        match checked(call, &place, field.kind, value) {
            Ok(value) => drop(body.insert(name.clone(), value)),
            Err(flaw) => flaws.push(flaw),
        }
    }
    let absent = known
        .iter()
        .filter(|field| field.write == Write::Required && !given.contains_key(field.name));
    flaws.extend(absent.map(|field| {
        Failure::bad_input(
            code::MISSING_REQUIRED_FIELD,
            format!("{} is required", field.name),
        )
        .at(format!("{at}/{}", field.name))
    }));
    all_at_once(flaws)?;
    Ok(body)
}

/// The organisation's own fields. A token that may not read their definitions leaves the check to
/// the CRM.
fn custom(call: &Call<'_>, place: &Place<'_>, value: &Value) -> Result<Value, Failure> {
    let Some(values) = value.as_object() else {
        return Err(place.wrong("an object of the organisation's own fields", value));
    };
    let Some(extras) = known_extras(call, place.entity)? else {
        return Ok(value.clone());
    };
    for (key, value) in values {
        let at = format!("{}/{key}", place.at);
        let Some(extra) = extras.iter().find(|extra| extra.key == *key) else {
            let keys = extras.iter().map(|extra| extra.key.as_str());
            return Err(Failure::bad_input(
                code::INVALID_FIELD,
                format!("there is no custom field {key} on {}", place.entity.name),
            )
            .at(at)
            .suggest_some(text::did_you_mean(key, keys)));
        };
        let place = Place {
            entity: place.entity,
            name: key,
            at: &at,
        };
        extra_value(&place, extra, value)?;
    }
    Ok(value.clone())
}

fn extra_value(place: &Place<'_>, extra: &Extra, value: &Value) -> Result<(), Failure> {
    if value.is_null() {
        return Ok(());
    }
    let said = value.as_str();
    let (fits, takes) = match extra.field_type.as_str() {
        "number" => (is_decimal(value), "a number".to_owned()),
        "date" => (
            said.is_some_and(ids::is_date),
            "a day, YYYY-MM-DD".to_owned(),
        ),
        "checkbox" => (value.is_boolean(), "true or false".to_owned()),
        "dropdown" => {
            let known = extra.values();
            (
                said.is_some_and(|text| known.contains(&text)),
                format!("one of {}", known.join(", ")),
            )
        }
        _ => (said.is_some(), "a text".to_owned()),
    };
    if fits {
        return Ok(());
    }
    let near = said.and_then(|text| text::did_you_mean(text, extra.values()));
    Err(place.wrong(&takes, value).suggest_some(near))
}

fn known_extras(call: &Call<'_>, entity: &Entity) -> Result<Option<Vec<Extra>>, Failure> {
    let Some(model) = entity.model else {
        return Ok(Some(Vec::new()));
    };
    match directory::extras(call, model) {
        Ok(extras) => Ok(Some(extras)),
        Err(failure) if failure.kind == FailureKind::Forbidden => Ok(None),
        Err(failure) => Err(failure),
    }
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
    let wanted = known_extras(call, entity)
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

/// Rules between fields that the CRM breaks over only after it began, or with few words.
fn rules(entity: &Entity, data: &Record) -> Vec<Failure> {
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
    let extra = known_extras(call, entity)?
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

/// One failure of several.
fn all_at_once(mut flaws: Vec<Failure>) -> Result<(), Failure> {
    if flaws.len() < 2 {
        return flaws.pop().map_or(Ok(()), Err);
    }
    // A failure that is no flaw of the data, such as an unreachable CRM, speaks for itself.
    if let Some(at) = flaws
        .iter()
        .position(|flaw| flaw.kind != FailureKind::BadInput)
    {
        return Err(flaws.swap_remove(at));
    }
    let message = flaws
        .iter()
        .map(|flaw| flaw.message.as_str())
        .collect::<Vec<_>>()
        .join("; ");
    let mut merged = Failure::bad_input(flaws[0].code.clone(), message);
    for field in flaws.iter().flat_map(|flaw| &flaw.fields) {
        merged = merged.at(field);
    }
    let hints: Vec<String> = flaws
        .iter()
        .filter_map(|flaw| flaw.suggestion.clone())
        .collect();
    let details: Map<String, Value> = flaws
        .iter()
        .filter_map(|flaw| Some((flaw.fields.first()?.clone(), flaw.details.clone()?)))
        .collect();
    let merged = merged.suggest_some((!hints.is_empty()).then(|| hints.join("; ")));
    Err(if details.is_empty() {
        merged
    } else {
        merged.details(Value::Object(details))
    })
}

/// The link of a list field, if the field is one.
pub(crate) fn list_link(entity: &Entity, name: &str) -> Option<Link> {
    match entity.field(name)?.kind {
        Kind::Many(link) => Some(link),
        _ => None,
    }
}
