//! Bodies held against the table of an entity: values as they are stored, or messages by field.

use serde_json::{Map, Value, json};

use super::answer::Faulty;
use super::dates;
use super::money;
use super::route::is_uuid;
use super::schema::{self, Entity, Field, Kind};
use super::session::Session;

/// How much of a record a body has to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Required fields must be there.
    Whole,
    /// Whatever is there is checked.
    Partial,
}

/// What a body says: scalars ready to be stored. Unknown fields are left out, as in the real one.
pub(crate) fn read(
    session: &Session<'_>,
    entity: &Entity,
    body: &Map<String, Value>,
    extent: Extent,
) -> (Map<String, Value>, Faulty) {
    let (mut values, mut faults) = (Map::new(), Faulty::default());
    for field in &entity.fields {
        if matches!(field.kind, Kind::List(_)) {
            continue;
        }
        let required = entity.requires(&field.name);
        match body.get(&field.name) {
            None if required && extent == Extent::Whole => {
                faults.add(&field.name, "This field is required.");
            }
            None => {}
            Some(given) => match value(session, field, given, required) {
                Ok(value) => {
                    values.insert(field.name.clone(), value);
                }
                Err(message) => faults.add(&field.name, message),
            },
        }
    }
    (values, faults)
}

/// What a record has before anybody says anything.
pub(crate) fn defaults(entity: &Entity) -> Map<String, Value> {
    let mut values = Map::new();
    for field in &entity.fields {
        let value = match &field.kind {
            Kind::Bool(usual) => json!(usual),
            Kind::Plain(_) => json!(""),
            Kind::Percent => json!(0),
            Kind::List(_) => json!([]),
            _ => Value::Null,
        };
        values.insert(field.name.clone(), value);
    }
    values
}

fn value(
    session: &Session<'_>,
    field: &Field,
    given: &Value,
    required: bool,
) -> Result<Value, String> {
    if given.is_null() {
        return match field.kind {
            Kind::Bool(_) | Kind::Plain(_) => Err("This field may not be null.".into()),
            _ if required => Err("This field may not be null.".into()),
            _ => Ok(Value::Null),
        };
    }
    match &field.kind {
        Kind::Text(most) | Kind::Plain(most) => text(given, *most, required),
        Kind::Email => shaped(given, 254, is_email, "Enter a valid email address."),
        Kind::Phone => shaped(
            given,
            25,
            is_phone,
            "Enter a valid phone number (7-25 characters, digits and separators only)",
        ),
        Kind::Url => shaped(given, 500, is_url, "Enter a valid URL."),
        Kind::Choice(name) => choice(given, name, required),
        Kind::Decimal => decimal(given),
        Kind::Positive => match decimal(given)? {
            value if money::stored(&value) < 0 => {
                Err("Ensure this value is greater than or equal to 0.".into())
            }
            value => Ok(value),
        },
        Kind::Count => whole(given, 0, i64::from(i32::MAX)),
        Kind::Percent => whole(given, 0, 100),
        Kind::Date => date(given),
        Kind::Bool(_) => boolean(given),
        Kind::Ref(kind) => reference(session, kind, given),
        Kind::Own(kind) => own(session, kind, given),
        Kind::List(_) => Ok(Value::Null),
    }
}

fn text(given: &Value, most: usize, required: bool) -> Result<Value, String> {
    let text = match given {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Err("Not a valid string.".into()),
    };
    if required && text.is_empty() {
        return Err("This field may not be blank.".into());
    }
    if most > 0 && text.chars().count() > most {
        return Err(format!(
            "Ensure this field has no more than {most} characters."
        ));
    }
    Ok(json!(text))
}

fn shaped(
    given: &Value,
    most: usize,
    fits: fn(&str) -> bool,
    otherwise: &str,
) -> Result<Value, String> {
    let value = text(given, most, false)?;
    match value.as_str() {
        Some(text) if !text.is_empty() && !fits(text) => Err(otherwise.to_owned()),
        _ => Ok(value),
    }
}

fn choice(given: &Value, name: &str, required: bool) -> Result<Value, String> {
    let text = match given {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.is_empty() && !required || schema::is_choice(name, &text) {
        return Ok(json!(text));
    }
    Err(format!("\"{text}\" is not a valid choice."))
}

fn decimal(given: &Value) -> Result<Value, String> {
    let cents = money::cents(given).ok_or("A valid number is required.")?;
    Ok(json!(money::text(cents)))
}

fn whole(given: &Value, least: i64, most: i64) -> Result<Value, String> {
    let number = match given {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number.ok_or("A valid integer is required.")? {
        number if number < least => Err(format!(
            "Ensure this value is greater than or equal to {least}."
        )),
        number if number > most => Err(format!(
            "Ensure this value is less than or equal to {most}."
        )),
        number => Ok(json!(number)),
    }
}

fn date(given: &Value) -> Result<Value, String> {
    let text = given.as_str().unwrap_or_default();
    match dates::parse(text) {
        Some(_) => Ok(json!(text)),
        None => Err("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.".into()),
    }
}

fn boolean(given: &Value) -> Result<Value, String> {
    match given {
        Value::Bool(_) => Ok(given.clone()),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(json!(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(json!(false)),
        _ => Err("Must be a valid boolean.".into()),
    }
}

fn reference(session: &Session<'_>, kind: &str, given: &Value) -> Result<Value, String> {
    let id = given.as_str().unwrap_or_default();
    if id.is_empty() {
        return Ok(Value::Null);
    }
    if !is_uuid(id) {
        return Err(format!("\u{201c}{id}\u{201d} is not a valid UUID."));
    }
    session
        .get(kind, id)
        .filter(|record| !record.is("deleted"))
        .map(|record| json!(record.id))
        .ok_or_else(|| format!("Invalid pk \"{id}\" - object does not exist."))
}

fn own(session: &Session<'_>, kind: &str, given: &Value) -> Result<Value, String> {
    let id = given.as_str().unwrap_or_default();
    if !is_uuid(id) {
        return Err("Must be a valid UUID.".into());
    }
    let name = schema::find(kind).map_or("Record", |entity| &entity.words.label);
    session
        .get(kind, id)
        .map(|record| json!(record.id))
        .ok_or_else(|| format!("{name} not found or does not belong to your organization"))
}

pub(crate) fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |text: &str| !text.contains([' ', '@', '<', '>', ',']);
    !name.is_empty() && plain(name) && plain(host) && host.contains('.') && !host.ends_with('.')
}

fn is_phone(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_digit() || " -()+.".contains(letter);
    (7..=25).contains(&text.chars().count()) && text.chars().all(allowed)
}

fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.contains('.') && !rest.contains(' '))
}
