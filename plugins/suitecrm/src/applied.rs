//! Whether what was sent is what is stored now. The CRM answers yes to everything, strips tags and
//! drops what it cannot read.

use portcullis_sdk::datetime;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{metadata::Module, payload::Data, rows::Record};

/// A field whose stored value is not the one that was sent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Otherwise {
    pub(crate) field: String,
    pub(crate) sent: Value,
    pub(crate) stored: Value,
}

/// A change of a field.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Change {
    pub(crate) field: String,
    pub(crate) from: Value,
    pub(crate) to: Value,
}

/// Fields that are stored otherwise than sent. A field that the record does not show is left out.
pub(crate) fn otherwise(module: &Module, sent: &Data, stored: &Record) -> Vec<Otherwise> {
    sent.iter()
        .filter_map(|(name, sent)| {
            let stored = stored.get(name)?;
            (!same(module, name, sent, stored)).then(|| Otherwise {
                field: name.clone(),
                sent: sent.clone(),
                stored: stored.clone(),
            })
        })
        .collect()
}

/// Fields that would change.
pub(crate) fn changes(module: &Module, sent: &Data, before: &Record) -> Vec<Change> {
    sent.iter()
        .filter_map(|(name, to)| {
            let from = before.get(name).cloned().unwrap_or_default();
            (!same(module, name, to, &from)).then(|| Change {
                field: name.clone(),
                from,
                to: to.clone(),
            })
        })
        .collect()
}

/// Whether two values are the same to the CRM: numbers by value, date-times to the precision that
/// the answer has, texts without what it trims.
fn same(module: &Module, name: &str, sent: &Value, stored: &Value) -> bool {
    let (sent, stored) = (plain(sent), plain(stored));
    let kind = module.field(name).map(|field| field.kind().to_owned());
    match kind.as_deref().unwrap_or_default() {
        "datetime" | "datetimecombo" => {
            let both = datetime::to_utc(&sent).zip(datetime::to_utc(&seconds(&stored)));
            match both {
                Some((sent, full)) if stored.len() > 17 => sent == full,
                Some((sent, full)) => sent.get(..16) == full.get(..16),
                None => sent == stored,
            }
        }
        "int" | "float" | "decimal" | "double" | "currency" | "bool" => {
            match (sent.parse::<f64>(), stored.parse::<f64>()) {
                (Ok(sent), Ok(stored)) => (sent - stored).abs() < 0.000_001,
                _ => sent == stored,
            }
        }
        _ => sent == stored,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::String(text) => text.replace("\r\n", "\n").trim_end().to_owned(),
        other => other.to_string(),
    }
}

/// `2026-11-20T11:49Z` with its seconds.
fn seconds(text: &str) -> String {
    match text.strip_suffix('Z') {
        Some(minute) if minute.len() == 16 => format!("{minute}:00Z"),
        _ => text.to_owned(),
    }
}
