//! What became of the attributes that a write sent: the CRM answers 200 and drops what it does not
//! like, so the answer is compared.

use serde_json::{Map, Value, json};

use crate::{crm::Record, fields::Part, metadata::Defs, payload::is_empty};

/// The comparison.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// `{attribute, sent, stored}` of each that differs.
    pub(crate) not_applied: Vec<Value>,
    /// Attributes that the answer does not show.
    pub(crate) not_visible: Vec<String>,
    /// Attributes that are stored as sent.
    pub(crate) applied: Vec<String>,
}

pub(crate) fn compare(defs: &Defs, sent: &Map<String, Value>, stored: &Record) -> Applied {
    let mut applied = Applied::default();
    for (name, value) in sent {
        let (kind, part) = defs.attribute(name).map_or(("", Part::Value), |attribute| {
            (attribute.def.kind.as_str(), attribute.part)
        });
        match stored.get(name) {
            _ if matches!(part, Part::Data | Part::Columns) || kind == "password" => {
                applied.applied.push(name.clone());
            }
            None if is_empty(value) => applied.applied.push(name.clone()),
            None => applied.not_visible.push(name.clone()),
            Some(now) if is_same(kind, value, &now) => applied.applied.push(name.clone()),
            Some(now) => applied
                .not_applied
                .push(json!({"attribute": name, "sent": value, "stored": now})),
        }
    }
    applied
}

fn is_same(kind: &str, sent: &Value, stored: &Value) -> bool {
    if is_empty(sent) || is_empty(stored) {
        return is_empty(sent) && is_empty(stored) || sent == &json!(false) && stored.is_null();
    }
    match (sent, stored) {
        (Value::Array(sent), Value::Array(stored)) => {
            sent.len() == stored.len() && sent.iter().all(|item| stored.contains(item))
        }
        (Value::Object(_), _) | (_, Value::Object(_)) => true,
        _ => is_same_text(kind, &plain(sent), &plain(stored)),
    }
}

fn is_same_text(kind: &str, sent: &str, stored: &str) -> bool {
    match kind {
        // The CRM cleans markup.
        "wysiwyg" => true,
        "email" => sent.eq_ignore_ascii_case(stored),
        "phone" => digits(sent) == digits(stored),
        "url" => bare(sent) == bare(stored),
        "float" | "currency" | "int" | "decimal" | "duration" => is_same_number(sent, stored),
        _ => sent.replace("\r\n", "\n").trim() == stored.replace("\r\n", "\n").trim(),
    }
}

/// Amounts may be rounded to the currency's decimals.
fn is_same_number(sent: &str, stored: &str) -> bool {
    match (sent.parse::<f64>(), stored.parse::<f64>()) {
        (Ok(sent), Ok(stored)) => (sent - stored).abs() <= 0.005,
        _ => sent == stored,
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn bare(url: &str) -> &str {
    url.trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/')
}
