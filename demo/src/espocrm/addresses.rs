//! E-mail addresses and phone numbers: one primary value and the list it stands in.

use serde_json::{Value, json};

use super::input::Input;
use super::schema::{Entity, Field};
use super::store::Record;

/// Brings the primary value and the list in line with what the client sent.
pub(crate) fn sync(entity: &Entity, record: &mut Record, input: &Input) {
    for field in entity
        .fields
        .iter()
        .filter(|field| matches!(field.kind.as_str(), "email" | "phone"))
    {
        let data = format!("{}Data", field.name);
        if input.has(&data) {
            adopt_list(field, record, &data);
        } else if input.has(&field.name) {
            replace_primary(field, record, &data);
        }
    }
}

/// The key of an address within an entry of the list.
fn key(field: &Field) -> &'static str {
    if field.kind == "email" {
        "emailAddress"
    } else {
        "phoneNumber"
    }
}

fn adopt_list(field: &Field, record: &mut Record, data: &str) {
    let sent = record.get(data).as_array().cloned().unwrap_or_default();
    let rows: Vec<Value> = sent.iter().map(|row| entry(field, row)).collect();
    let primary = rows
        .iter()
        .find(|row| row["primary"] == true)
        .or(rows.first());
    let value = primary.map_or(Value::Null, |row| row[key(field)].clone());
    record.set(&field.name, value);
    record.set(data, rows);
    set_flags(field, record);
}

fn replace_primary(field: &Field, record: &mut Record, data: &str) {
    let value = record.get(&field.name).clone();
    let others = record
        .get(data)
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row["primary"] != true)
        .cloned();
    let first =
        (!value.is_null()).then(|| entry(field, &json!({key(field): value, "primary": true})));
    let rows: Vec<Value> = first.into_iter().chain(others).collect();
    record.set(data, rows);
    set_flags(field, record);
}

fn entry(field: &Field, row: &Value) -> Value {
    let address = row[key(field)].as_str().unwrap_or_default();
    let flag = |name: &str| row[name].as_bool().unwrap_or(false);
    let (primary, opt_out, invalid) = (flag("primary"), flag("optOut"), flag("invalid"));
    if field.kind == "email" {
        return json!({"emailAddress": address, "lower": address.to_lowercase(), "primary": primary, "optOut": opt_out, "invalid": invalid});
    }
    let kind = row["type"]
        .as_str()
        .or(field.def.get("defaultType").and_then(Value::as_str));
    json!({"phoneNumber": address, "type": kind, "primary": primary, "optOut": opt_out, "invalid": invalid})
}

fn set_flags(field: &Field, record: &mut Record) {
    for suffix in ["IsOptedOut", "IsInvalid"] {
        record.set(&format!("{}{suffix}", field.name), false);
    }
}
