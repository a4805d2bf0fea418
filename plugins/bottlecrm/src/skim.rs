//! Reading the wanted parts of a large answer. The CRM wraps a page of rows in whole catalogues;
//! what is not wanted is passed over without being built.

use std::fmt;

use portcullis_sdk::{Failure, Response};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// What is wanted of a value.
#[derive(Clone, Copy)]
pub(crate) enum Want<'a> {
    /// All of it.
    All,
    /// These keys of an object.
    Keys(&'a dyn Fn(&str) -> Option<Want<'a>>),
    /// This of every element of a list.
    Each(&'a Want<'a>),
}

/// Reads what is wanted of an answer.
///
/// # Errors
/// The body is no JSON.
pub(crate) fn read(response: &Response, want: Want<'_>) -> Result<Value, Failure> {
    let mut reader = serde_json::Deserializer::from_slice(&response.body);
    match want.deserialize(&mut reader) {
        Ok(value) => Ok(value),
        Err(_) => response.decode(),
    }
}

impl<'de> DeserializeSeed<'de> for Want<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        match self {
            Self::All => Value::deserialize(reader),
            Self::Keys(_) | Self::Each(_) => reader.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Want<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or a list")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = match self {
            Self::Each(inner) => *inner,
            other => other,
        };
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let want = match self {
                Self::Keys(wanted) => wanted(&key),
                other => Some(other),
            };
            match want {
                Some(want) => drop(map.insert(key, entries.next_value_seed(want)?)),
                None => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_wanted_is_built() {
        let body = json!({
            "rows": [{"id": 1, "account": {"id": 2, "contacts": [1, 2]}, "tags": [3]}, {"id": 4}],
            "catalogue": [{"id": 9}], "count": 2, "none": null
        });
        let response = Response {
            status: 200,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        let field = |key: &str| (key != "tags").then_some(Want::All);
        let row = Want::Keys(&field);
        let rows = Want::Each(&row);
        let outer = |key: &str| match key {
            "rows" => Some(rows),
            "count" => Some(Want::All),
            _ => None,
        };
        let value = read(&response, Want::Keys(&outer)).unwrap();
        assert_eq!(
            value,
            json!({"rows": [{"id": 1, "account": {"id": 2, "contacts": [1, 2]}}, {"id": 4}], "count": 2})
        );
    }

    #[test]
    fn what_is_no_json_is_told() {
        let response = Response {
            status: 200,
            headers: Vec::new(),
            body: b"{\"rows\": [".to_vec(),
        };
        let all = |_: &str| Some(Want::All);
        assert!(read(&response, Want::Keys(&all)).is_err());
    }
}
