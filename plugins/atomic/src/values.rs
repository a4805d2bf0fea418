//! Reading single values: numbers, times, e-mail addresses, telephone numbers.
//!
//! Pure functions; a value that does not fit is named with its place.

use portcullis_sdk::{Failure, code, datetime};
use serde_json::{Value, json};

const CONTACT_TYPES: &[&str] = &["Work", "Home", "Other"];

pub(crate) fn wrong(at: &str, message: String) -> Failure {
    Failure::bad_input(code::INVALID_FIELD_VALUE, message).at(at)
}

/// A positive whole number; text of digits counts.
pub(crate) fn id(value: &Value, at: &str) -> Result<u64, Failure> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|id| (1..=i64::MAX.unsigned_abs()).contains(id))
        .ok_or_else(|| wrong(at, format!("an id is a positive whole number, not {value}")))
}

pub(crate) fn ids(value: &Value, at: &str) -> Result<Vec<u64>, Failure> {
    let Some(items) = value.as_array() else {
        return Err(wrong(at, "a list of ids is wanted".to_owned()));
    };
    let mut ids = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let id = id(item, &format!("{at}/{index}"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Whole currency units; the column has no decimals.
pub(crate) fn amount(value: &Value, at: &str) -> Result<Value, Failure> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.map(Value::from).ok_or_else(|| {
        wrong(
            at,
            format!("an amount is a whole number of currency units without decimals, not {value}"),
        )
    })
}

pub(crate) fn text(value: &Value, at: &str) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(wrong(at, format!("a text is wanted, not {value}"))),
    }
}

/// A moment as the database takes it, in UTC; a date alone is its midnight.
pub(crate) fn time(value: &Value, at: &str) -> Result<String, Failure> {
    let given = text(value, at)?;
    let whole = if datetime::is_date(&given) {
        format!("{given} 00:00:00")
    } else {
        given
    };
    let utc = datetime::to_utc(&whole).ok_or_else(|| {
        wrong(
            at,
            format!("`{whole}` is no date and time; write 2026-12-05T09:30:00Z"),
        )
    })?;
    Ok(format!("{}Z", utc.replacen(' ', "T", 1)))
}

pub(crate) fn date(value: &Value, at: &str) -> Result<String, Failure> {
    let given = text(value, at)?;
    let day = given.get(..10).unwrap_or(&given);
    if datetime::is_date(day) && (given.len() == 10 || datetime::seconds(&given).is_some()) {
        Ok(day.to_owned())
    } else {
        Err(wrong(at, format!("`{given}` is no date; write 2026-12-05")))
    }
}

/// With a scheme, as the CRM's pages put it.
pub(crate) fn website(value: &Value, at: &str) -> Result<String, Failure> {
    let given = text(value, at)?;
    let given = given.trim();
    let has_scheme = given.starts_with("http://") || given.starts_with("https://");
    if given.is_empty() || given.contains(char::is_whitespace) {
        return Err(wrong(at, format!("`{given}` is no web address")));
    }
    Ok(if has_scheme {
        given.to_owned()
    } else {
        format!("https://{given}")
    })
}

/// `[{"email","type"}]`; texts are addresses of the type Work. Null for none, as the CRM stores it.
pub(crate) fn emails(value: &Value, at: &str) -> Result<Value, Failure> {
    entries(value, "email", at, |given, at| {
        let address = given.trim().to_lowercase();
        let parts = address.split_once('@');
        let fits = parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
            && !address.contains(char::is_whitespace);
        if fits {
            Ok(address)
        } else {
            Err(wrong(at, format!("`{given}` is no e-mail address")))
        }
    })
}

/// `[{"number","type"}]`; texts are numbers of the type Work. Null for none.
pub(crate) fn phones(value: &Value, at: &str) -> Result<Value, Failure> {
    entries(value, "number", at, |given, at| {
        if given.chars().any(|digit| digit.is_ascii_digit()) {
            Ok(given.trim().to_owned())
        } else {
            Err(wrong(at, format!("`{given}` is no telephone number")))
        }
    })
}

fn entries(
    value: &Value,
    key: &str,
    at: &str,
    check: impl Fn(&str, &str) -> Result<String, Failure>,
) -> Result<Value, Failure> {
    let single = [value.clone()];
    let items = match value {
        Value::Null => return Ok(Value::Null),
        Value::Array(items) => items.as_slice(),
        _ => &single,
    };
    let mut list = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("{at}/{index}");
        let given = match item {
            Value::String(text) => Some(text.as_str()),
            Value::Object(map) => map.get(key).and_then(Value::as_str),
            _ => None,
        };
        let given = given.ok_or_else(|| {
            wrong(
                &at,
                format!("an entry is a text or {{\"{key}\", \"type\"}}"),
            )
        })?;
        let kind = item.get("type").and_then(Value::as_str).unwrap_or("Work");
        let kind = CONTACT_TYPES
            .iter()
            .find(|known| known.eq_ignore_ascii_case(kind))
            .ok_or_else(|| {
                wrong(
                    &format!("{at}/type"),
                    format!("there is no type {kind}; allowed are Work, Home, Other"),
                )
            })?;
        list.push(json!({key: check(given, &at)?, "type": kind}));
    }
    Ok(if list.is_empty() {
        Value::Null
    } else {
        Value::Array(list)
    })
}

/// A list of web addresses.
pub(crate) fn urls(value: &Value, at: &str) -> Result<Value, Failure> {
    let Some(items) = value.as_array() else {
        return Err(wrong(at, "a list of web addresses is wanted".to_owned()));
    };
    items
        .iter()
        .enumerate()
        .map(|(index, item)| Ok(website(item, &format!("{at}/{index}"))?.into()))
        .collect::<Result<Vec<Value>, _>>()
        .map(Value::Array)
}
