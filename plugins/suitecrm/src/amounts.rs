//! How many records, and from where: numbers as clients of suitecrm-mcp send them.
//!
//! That program takes whole numbers also as text, and brings what lies outside into its range.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

/// The most that a page may be asked for.
const LARGEST_PAGE: i64 = 100;
/// The farthest that a list may be read.
const FARTHEST: i64 = 1_000_000;

/// What a client may send for either.
pub(crate) struct Amount;

impl JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["integer", "string", "null"], "pattern": r"^\s*-?[0-9]{1,15}\s*$"})
    }
}

/// `max_results`: 1 to 100; what is outside is brought inside.
pub(crate) fn rows<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let rows = whole(from)?.map(|rows| rows.clamp(1, LARGEST_PAGE));
    Ok(rows.and_then(|rows| u32::try_from(rows).ok()))
}

/// `offset`: 0 to 1,000,000; what is outside is brought inside.
pub(crate) fn offset<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let offset = whole(from)?.unwrap_or(0).clamp(0, FARTHEST);
    Ok(u32::try_from(offset).unwrap_or(0))
}

fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let number = match Value::deserialize(from)? {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .map(Some)
        .ok_or_else(|| D::Error::custom("it has to be a whole number"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_brought_into_their_range() {
        for (sent, size, from) in [
            (json!(7), Some(7), 7),
            (json!("20"), Some(20), 20),
            (json!(0), Some(1), 0),
            (json!(-3), Some(1), 0),
            (json!(500), Some(100), 500),
            (json!(" 2000000 "), Some(100), 1_000_000),
            (json!(null), None, 0),
        ] {
            assert_eq!(rows(&sent).unwrap(), size, "{sent}");
            assert_eq!(offset(&sent).unwrap(), from, "{sent}");
        }
        for wrong in [json!("many"), json!(1.5), json!(true), json!([1])] {
            assert!(rows(&wrong).is_err(), "{wrong}");
        }
    }
}
