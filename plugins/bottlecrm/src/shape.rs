//! What an answer shows of the CRM's values: people as people, records by id and name, secrets
//! hidden, dead weight dropped.
//!
//! Shapes are told by the keys that an object has, since the CRM nests the same objects under many
//! names.

use portcullis_sdk::Cut;
use serde_json::{Map, Value, json};

use crate::crm::Record;

/// Keys whose values open the customer's portal to whoever has them.
const SECRET: &[&str] = &["public_token", "public_url"];
const HIDDEN: &str = "[hidden: opens the customer's portal; name it in `fields` to see it]";
/// Characters after which a text of a row is cut, unless the operator says otherwise: most texts of a
/// row are long, and twenty rows stay under 10 KB.
pub(crate) const ROW_TEXT: u32 = 80;
/// Deeper than this an object is shown as it is reduced, whatever it holds.
const DEEPEST: usize = 6;

/// How much is shown of what a record refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// A row of a list: people by e-mail address, tags by name.
    Row,
    /// One record.
    Record,
}

/// The wanted fields of a row, empty ones left out unless they were asked for by name.
pub(crate) fn row(record: &Record, wanted: &[&str], asked: bool) -> Record {
    cut_row(record, wanted, asked, &mut Cut::after(ROW_TEXT))
}

/// The same; what was cut is told to `cut`.
pub(crate) fn cut_row(record: &Record, wanted: &[&str], asked: bool, cut: &mut Cut) -> Record {
    let mut row = Record::new();
    for &name in wanted {
        let value = derived(record, name);
        let mut value = reduce(&value, Depth::Row, 0);
        if !asked && is_empty(&value) {
            continue;
        }
        if !asked {
            shorten(name, &mut value, cut);
        } else if SECRET.contains(&name) {
            value = derived(record, name);
        }
        row.insert(name.to_owned(), value);
    }
    row
}

/// A whole record, without what only repeats it. Fields named in `asked` are shown even if secret.
pub(crate) fn record(record: &Record, asked: &[&str]) -> Record {
    record
        .iter()
        .filter(|(key, _)| !is_noise(key))
        .map(|(key, value)| {
            let shown = if SECRET.contains(&key.as_str()) && !asked.contains(&key.as_str()) {
                hide(value)
            } else {
                reduce(value, Depth::Record, 0)
            };
            (key.clone(), shown)
        })
        .collect()
}

/// A value, reduced.
pub(crate) fn reduce(value: &Value, depth: Depth, level: usize) -> Value {
    match value {
        Value::Array(items) => items
            .iter()
            .map(|item| reduce(item, depth, level + 1))
            .collect(),
        Value::Object(map) => object(map, depth, level),
        other => other.clone(),
    }
}

fn hide(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(text) if text.is_empty() => value.clone(),
        _ => HIDDEN.into(),
    }
}

fn object(map: &Record, depth: Depth, level: usize) -> Value {
    if let Some(person) = map.get("user_details").and_then(Value::as_object) {
        return self::person(map.get("id"), person, depth);
    }
    if map.contains_key("email") && map.contains_key("profile_pic") {
        return person(None, map, depth);
    }
    if map.contains_key("slug") && map.contains_key("name") {
        return match depth {
            Depth::Row => map["name"].clone(),
            Depth::Record => keep(map, &["id", "name"]),
        };
    }
    if map.contains_key("commented_on") {
        return comment(map);
    }
    if map.contains_key("unit_price") {
        return line(map);
    }
    if map.contains_key("first_name") && map.contains_key("last_name") && map.contains_key("id") {
        let mut short = json!({"id": map["id"], "name": full_name(map)});
        if depth == Depth::Record
            && let Some(email) = map.get("email")
        {
            short["email"] = email.clone();
        }
        return short;
    }
    if map.contains_key("id") && level <= DEEPEST {
        if map.contains_key("name") && !map.contains_key("children") {
            return keep(map, &["id", "name", "status", "stage"]);
        }
        if map.contains_key("file_name") {
            return keep(map, &["id", "file_name", "created_at"]);
        }
    }
    map.iter()
        .filter(|(key, _)| !is_noise(key))
        .map(|(key, value)| {
            let shown = if SECRET.contains(&key.as_str()) {
                hide(value)
            } else {
                reduce(value, depth, level + 1)
            };
            (key.clone(), shown)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// `id` is the profile's, by which the CRM assigns; users have another, which is not shown.
fn person(id: Option<&Value>, user: &Record, depth: Depth) -> Value {
    let email = user.get("email").cloned().unwrap_or_default();
    if depth == Depth::Row {
        return email;
    }
    let mut person = Map::new();
    if let Some(id) = id {
        person.insert("id".to_owned(), id.clone());
    }
    if let Some(name) = user.get("name").filter(|name| !name.is_null()) {
        person.insert("name".to_owned(), name.clone());
    }
    person.insert("email".to_owned(), email);
    Value::Object(person)
}

/// A comment: who said what, and when.
pub(crate) fn comment(map: &Record) -> Value {
    let by = map
        .get("commented_by")
        .and_then(|by| by.pointer("/user_details/email"))
        .cloned()
        .unwrap_or_default();
    let mut comment = json!({
        "id": map.get("id"), "comment": map.get("comment"), "on": map.get("commented_on"), "by": by,
    });
    if map.get("is_internal") == Some(&Value::Bool(true)) {
        comment["is_internal"] = true.into();
    }
    comment
}

fn line(map: &Record) -> Value {
    map.iter()
        .filter(|(key, value)| !key.starts_with("formatted_") && !is_empty(value) && !is_noise(key))
        .filter(|(key, _)| !matches!(key.as_str(), "created_at" | "updated_at" | "order"))
        .map(|(key, value)| (key.clone(), reduce(value, Depth::Record, 1)))
        .collect::<Map<_, _>>()
        .into()
}

fn keep(map: &Record, keys: &[&str]) -> Value {
    keys.iter()
        .filter_map(|&key| Some((key.to_owned(), map.get(key)?.clone())))
        .filter(|(_, value)| !value.is_null() && !value.is_object())
        .collect::<Map<_, _>>()
        .into()
}

/// Keys that say nothing to a reader, or that repeat another.
fn is_noise(key: &str) -> bool {
    matches!(
        key,
        "org"
            | "country_display"
            | "created_on_arrow"
            | "humanized_time"
            | "is_sample"
            | "kanban_order"
            | "accepted_ip"
            | "accepted_user_agent"
            | "profile_pic"
            | "formatted_unit_price"
            | "formatted_total"
            | "opportunity_amount_display"
    )
}

/// A field of a row that some answers have under another name, or only as a part of another.
fn derived(record: &Record, name: &str) -> Value {
    let own = record.get(name);
    let elsewhere = match name {
        "full_name" => return own.cloned().unwrap_or_else(|| full_name(record).into()),
        "account" => record
            .get("account_detail")
            .filter(|value| !value.is_null()),
        "account_name" if own.is_none() => record
            .get("account")
            .and_then(|account| account.get("name")),
        "name" | "email" if own.is_none() => {
            record.get("user_details").and_then(|user| user.get(name))
        }
        "is_sla_breached" if own.is_none() => return breached(record),
        _ => None,
    };
    elsewhere.or(own).cloned().unwrap_or_default()
}

fn breached(record: &Record) -> Value {
    let is = |key: &str| record.get(key) == Some(&Value::Bool(true));
    (is("is_sla_first_response_breached") || is("is_sla_resolution_breached")).into()
}

pub(crate) fn full_name(record: &Record) -> String {
    ["first_name", "last_name"]
        .iter()
        .filter_map(|key| record.get(*key)?.as_str())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Keys of the CRM's rows that a field of ours is made of.
pub(crate) fn sources(name: &str) -> &'static [&'static str] {
    match name {
        "full_name" => &["first_name", "last_name"],
        "account" => &["account_detail"],
        "account_name" => &["account"],
        "name" | "email" => &["user_details"],
        "is_sla_breached" => &[
            "is_sla_first_response_breached",
            "is_sla_resolution_breached",
        ],
        _ => &[],
    }
}

pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Cuts the texts of a row, and its lists after five.
fn shorten(name: &str, value: &mut Value, cut: &mut Cut) {
    match value {
        Value::String(text) => {
            cut.text(name, text);
        }
        Value::Array(items) => {
            if items.len() > 5 {
                let more = items.len() - 5;
                items.truncate(5);
                items.push(format!("and {more} more").into());
            }
            items.iter_mut().for_each(|item| shorten(name, item, cut));
        }
        Value::Object(map) => map.values_mut().for_each(|item| shorten(name, item, cut)),
        _ => {}
    }
}
