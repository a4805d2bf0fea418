//! What became of a write: whether the stored record equals what was sent, and which record a
//! create made when the CRM does not say, or says that it failed.

use portcullis_sdk::{Call, Failure};
use serde_json::{Value, json};

use crate::{
    crm::{self, Record},
    entity::Entity,
    ids,
    lists::{self, Wanted},
    payload, shape,
};

/// Seconds by which the CRM's clock may be behind ours.
const SKEW: i64 = 120;
const DAY: i64 = 86_400;
/// Rows per request while a record is looked for, and how many requests at most.
const LOOKED: usize = 100;
const PAGES: usize = 3;

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

/// When a record that is looked for was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// It was made; the newest that fits is it.
    Surely,
    /// Only if it is younger than the call.
    Perhaps,
}

/// The newest record that has the sent values.
pub(crate) fn find(
    call: &Call<'_>,
    entity: &'static Entity,
    sent: &Record,
    made: Made,
) -> Result<Option<Record>, Failure> {
    let began = ids::seconds(&call.connection().now);
    let mut fields: Vec<&str> = vec!["id", "created_at"];
    fields.extend(sent.keys().map(String::as_str));
    let mut wanted = Wanted {
        entity,
        params: narrow(entity, sent, began),
        fields,
        limit: LOOKED,
        offset: 0,
    };
    let mut best: Option<Record> = None;
    for page in 0..PAGES {
        wanted.offset = page * LOOKED;
        let found = lists::fetch_list(call, &wanted)?;
        let more = wanted.offset + found.rows.len() < found.total && !found.rows.is_empty();
        for row in found.rows {
            let is_it = fits(entity, sent, &row) && (made == Made::Surely || is_young(&row, began));
            let newer = best
                .as_ref()
                .is_none_or(|best| crm::text(best, "created_at") < crm::text(&row, "created_at"));
            if is_it && newer {
                best = Some(row);
            }
        }
        if !more || !entity.paged {
            break;
        }
    }
    Ok(best)
}

/// The filters that leave the fewest rows.
fn narrow(entity: &Entity, sent: &Record, began: Option<i64>) -> Vec<(String, String)> {
    let text = |key: &str| {
        sent.get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let filter = |name: &str| entity.filters.iter().any(|filter| filter.name == name);
    let by = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut params = Vec::new();
    let own = ["email", "name", "title"]
        .into_iter()
        .find_map(|key| Some((key, text(key).filter(|_| filter(key))?)));
    match own {
        Some((key, value)) if entity.name != "leads" || key == "email" => {
            params.push(by(key, value));
        }
        _ if entity.paged => {
            let words = [
                "invoice_title",
                "last_name",
                "first_name",
                "company_name",
                "name",
                "title",
            ];
            let word = words
                .into_iter()
                .filter(|key| entity.name != "leads" || *key != "title")
                .find_map(text);
            params.extend(word.map(|word| by("search", word)));
        }
        _ => {}
    }
    if filter("created_at__gte")
        && let Some(began) = began
    {
        params.push(by("created_at__gte", &ids::day(began - DAY)));
    }
    params
}

fn fits(entity: &Entity, sent: &Record, row: &Record) -> bool {
    sent.iter()
        .filter(|(name, _)| payload::list_link(entity, name).is_none() && *name != "line_items")
        .all(|(name, value)| stored_value(row, name).is_none_or(|stored| is_same(value, stored)))
}

fn is_young(row: &Record, began: Option<i64>) -> bool {
    match (ids::seconds(crm::text(row, "created_at")), began) {
        (Some(created), Some(began)) => created >= began - SKEW,
        _ => false,
    }
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
