//! Values in the form that a field takes. The CRM accepts wrong types and stores or compares
//! something else, so they are refused or converted here.
//!
//! Knows field types; not which tool asks.

use portcullis_sdk::datetime;
use serde_json::{Number, Value, json};

use crate::{
    entity,
    fields::{Attribute, Part},
};

/// Why a value does not fit: the rule that it breaks, in words.
pub(crate) type Misfit = String;

/// Converts a value for an attribute; null stays null.
pub(crate) fn fit(attribute: &Attribute<'_>, value: &Value) -> Result<Value, Misfit> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    match attribute.part {
        Part::Id => id(value),
        Part::Ids => list(value, id),
        Part::Type | Part::Currency | Part::Shown => text(value),
        Part::DateOnly => date(value),
        Part::Data => value
            .as_array()
            .map(|_| value.clone())
            .ok_or_else(|| "a list of objects is needed".to_owned()),
        Part::Columns => value
            .as_object()
            .map(|_| value.clone())
            .ok_or_else(|| "an object by id is needed".to_owned()),
        Part::Value => by_kind(&attribute.def.kind, value),
    }
}

fn by_kind(kind: &str, value: &Value) -> Result<Value, Misfit> {
    match kind {
        "int" | "enumInt" | "duration" => integer(value),
        "float" | "enumFloat" | "currency" | "currencyConverted" | "decimal" => number(value),
        "bool" => boolean(value),
        "date" => date(value),
        "datetime" | "datetimeOptional" => date_time(value),
        "multiEnum" | "array" | "checklist" | "urlMultiple" => list(value, text),
        "jsonObject" | "jsonArray" | "base" => Ok(value.clone()),
        _ => text(value),
    }
}

pub(crate) fn text(value: &Value) -> Result<Value, Misfit> {
    match value {
        Value::String(_) => Ok(value.clone()),
        Value::Number(number) => Ok(number.to_string().into()),
        _ => Err("a text is needed".to_owned()),
    }
}

fn id(value: &Value) -> Result<Value, Misfit> {
    match value.as_str() {
        Some(text) if entity::is_id(text) => Ok(value.clone()),
        _ => Err("the id of a record is needed; find it with search".to_owned()),
    }
}

fn list(value: &Value, each: fn(&Value) -> Result<Value, Misfit>) -> Result<Value, Misfit> {
    let items = value.as_array().ok_or("a list is needed")?;
    items
        .iter()
        .map(each)
        .collect::<Result<Vec<_>, _>>()
        .map(Value::from)
}

fn integer(value: &Value) -> Result<Value, Misfit> {
    match number(value)? {
        Value::Number(number)
            if number
                .as_str()
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-') =>
        {
            Ok(Value::Number(number))
        }
        _ => Err("a whole number is needed".to_owned()),
    }
}

/// Digits are kept as they are, so that decimals stay exact.
fn number(value: &Value) -> Result<Value, Misfit> {
    let parsed = match value {
        Value::Number(_) => return Ok(value.clone()),
        Value::String(text) => text.trim().parse::<Number>().ok(),
        _ => None,
    };
    parsed
        .map(Value::Number)
        .ok_or_else(|| "a number is needed".to_owned())
}

fn boolean(value: &Value) -> Result<Value, Misfit> {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) if text == "true" || text == "1" => Ok(json!(true)),
        Value::String(text) if text == "false" || text == "0" => Ok(json!(false)),
        _ => Err("true or false is needed".to_owned()),
    }
}

pub(crate) fn date(value: &Value) -> Result<Value, Misfit> {
    match value.as_str() {
        Some(text) if datetime::is_date(text) => Ok(value.clone()),
        _ => Err("a date like 2026-12-31 is needed".to_owned()),
    }
}

pub(crate) fn date_time(value: &Value) -> Result<Value, Misfit> {
    value
        .as_str()
        .and_then(datetime::to_utc)
        .map(Value::from)
        .ok_or_else(|| "a date-time like 2026-12-31T09:30:00Z is needed".to_owned())
}
