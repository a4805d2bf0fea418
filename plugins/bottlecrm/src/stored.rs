//! What became of a write: whether the stored record equals what was sent.

use serde_json::{Value, json};

use crate::{crm::Record, entity::Entity, payload, shape};

/// Fields of a body that the stored record has otherwise: what was sent, and what is stored.
pub(crate) fn differences(entity: &Entity, sent: &Record, stored: &Record) -> Record {
    sent.iter()
        .filter(|(name, _)| *name != "line_items")
        .filter_map(|(name, value)| {
            let found = stored_value(stored, name)?;
            let same = is_same(value, found);
            (!same).then(|| {
                let shown = shape::reduce(found, shape::Depth::Record, 1);
                (name.clone(), json!({"sent": value, "stored": shown}))
            })
        })
        .filter(|(name, _)| entity.field(name).is_some())
        .collect()
}

/// Whether a list is among the fields that differ; the CRM drops members without a word.
pub(crate) fn lost_members(entity: &Entity, differences: &Record) -> bool {
    differences
        .keys()
        .any(|name| payload::list_link(entity, name).is_some())
}

/// The fields of a record that were sent, as they are stored.
pub(crate) fn echo(sent: &Record, stored: &Record) -> Record {
    let shown = shape::record(stored, &[]);
    sent.keys()
        .filter_map(|name| {
            let key = name
                .strip_suffix("_id")
                .filter(|key| shown.contains_key(*key));
            let key = key.unwrap_or(name);
            Some((key.to_owned(), shown.get(key)?.clone()))
        })
        .collect()
}

/// Whether a row has these of the sent values. Lists are not compared, nor what the row lacks.
pub(crate) fn agree(entity: &Entity, sent: &Record, row: &Record, names: &[&String]) -> bool {
    let single = |name: &&&String| {
        payload::list_link(entity, name).is_none() && name.as_str() != "line_items"
    };
    names.iter().filter(single).all(|name| {
        stored_value(row, name).is_none_or(|stored| is_same(&sent[name.as_str()], stored))
    })
}

/// `account_id` is written and `account` is read.
fn stored_value<'r>(stored: &'r Record, name: &str) -> Option<&'r Value> {
    stored
        .get(name)
        .or_else(|| stored.get(name.strip_suffix("_id")?))
}

fn is_same(sent: &Value, stored: &Value) -> bool {
    match (sent, stored) {
        (Value::Array(sent), Value::Array(stored)) => {
            let ids = |list: &[Value]| {
                let mut ids: Vec<String> = list.iter().map(id_of).collect();
                ids.sort_unstable();
                ids
            };
            ids(sent) == ids(stored)
        }
        (Value::Object(sent), Value::Object(stored)) => sent
            .iter()
            .all(|(key, value)| is_same(value, stored.get(key).unwrap_or(&Value::Null))),
        (Value::String(_), Value::Object(_)) => id_of(sent) == id_of(stored),
        _ if shape::is_empty(sent) && shape::is_empty(stored) => true,
        _ => match (number(sent), number(stored)) {
            (Some(sent), Some(stored)) => (sent - stored).abs() < 0.005,
            _ => id_of(sent) == id_of(stored),
        },
    }
}

fn id_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_lowercase(),
        Value::Object(map) => map.get("id").map(id_of).unwrap_or_default(),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_in_other_words() {
        for (sent, stored, same) in [
            (json!("10"), json!("10.00"), true),
            (json!(10), json!("10.00"), true),
            (json!("10"), json!("11.00"), false),
            (json!("a"), json!("a "), true),
            (json!(["1"]), json!([{"id": "1", "name": "x"}]), true),
            (json!(["1", "2"]), json!([{"id": "2"}, {"id": "1"}]), true),
            (json!(["1"]), json!([]), false),
            (json!([]), json!([]), true),
            (json!("1"), json!({"id": "1"}), true),
            (json!(null), json!(""), true),
            (json!(false), json!(null), false),
            (
                json!({"tier": "gold"}),
                json!({"tier": "gold", "more": 1}),
                true,
            ),
            (json!({"tier": "gold"}), json!({}), false),
        ] {
            assert_eq!(is_same(&sent, &stored), same, "{sent} {stored}");
        }
    }
}
