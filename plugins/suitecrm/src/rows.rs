//! Rows as v4_1 and V8 write them, made into records: name → value, entities decoded, date-times in
//! ISO 8601.

use portcullis_sdk::{Call, datetime};
use serde_json::{Map, Value};

use crate::{entities, metadata::Module};

pub(crate) type Record = Map<String, Value>;

/// One row of v4_1.
pub(crate) enum Row {
    /// A record.
    Found(Record),
    /// The CRM's way to say that the record was deleted or does not exist: a list that holds a
    /// warning instead of an object of fields.
    Missing,
}

/// A row `{id, module_name, name_value_list}`.
pub(crate) fn row(raw: &Value, module: Option<&Module>) -> Row {
    match &raw["name_value_list"] {
        Value::Object(fields) => Row::Found(record(fields, module)),
        Value::Array(list) if list.iter().any(|pair| pair["name"] == "warning") => Row::Missing,
        _ => Row::Found(Record::new()),
    }
}

/// Fields `{name: {name, value}}`.
pub(crate) fn record(fields: &Map<String, Value>, module: Option<&Module>) -> Record {
    fields
        .iter()
        .map(|(name, pair)| {
            let value = pair.get("value").unwrap_or(&Value::Null);
            (name.clone(), shown(name, value, module))
        })
        .collect()
}

/// The attributes of a V8 resource; the id stands beside them.
pub(crate) fn resource(data: &Value, module: Option<&Module>) -> Record {
    let id = ("id".to_owned(), data["id"].clone());
    let attributes = data["attributes"].as_object().into_iter().flatten();
    std::iter::once(id)
        .chain(attributes.map(|(name, value)| (name.clone(), shown(name, value, module))))
        .collect()
}

/// The address of a record's page.
pub(crate) fn url(call: &Call<'_>, module: &str, id: &str) -> String {
    let root = call.connection().url.trim_end_matches('/');
    format!("{root}/index.php?module={module}&action=DetailView&record={id}")
}

fn shown(name: &str, value: &Value, module: Option<&Module>) -> Value {
    let Value::String(text) = value else {
        return value.clone();
    };
    let is_time = match module.and_then(|module| module.field(name)) {
        Some(field) => field.is_datetime(),
        None => name.starts_with("date_"),
    };
    match is_time.then(|| iso(text)).flatten() {
        Some(time) => time.into(),
        None => entities::decode(text).into(),
    }
}

/// A date-time in ISO 8601. V8 cuts the seconds off and writes `:00`, which is no precision, so its
/// times are shown to the minute.
pub(crate) fn iso(text: &str) -> Option<String> {
    let utc = datetime::to_utc(text)?.replace(' ', "T");
    let from_v8 = text.contains('T') && utc.ends_with(":00");
    Some(if from_v8 {
        format!("{}Z", utc.get(..16)?)
    } else {
        format!("{utc}Z")
    })
}

/// A text of a record.
pub(crate) fn text<'r>(record: &'r Record, name: &str) -> &'r str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}
