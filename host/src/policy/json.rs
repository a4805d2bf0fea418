//! A JSON reader that accepts only what every other reader understands in the same way.
//!
//! Owns the refusal of duplicate keys at every level, of deep nesting and of anything after the
//! value. Numbers keep their digits (serde_json alone adds the plus sign of an exponent). It must not
//! know matchers.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The deepest nesting: the records of all known CRMs stay under ten, and recursion has to be
/// bounded well before the stack is.
pub(super) const DEEPEST: usize = 64;

/// The key under which serde_json hands a number to a visitor when it keeps the digits. A guest
/// that spells it out gets a number, and a number is also what is sent: the body is re-encoded.
const NUMBER: &str = "$serde_json::private::Number";

/// Why a text is refused. Says where, not what: the text may hold personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The same key twice in one object.
    #[error("an object has the same key twice")]
    DuplicateKey,
    /// Nested deeper than [`DEEPEST`].
    #[error("it is nested deeper than {DEEPEST} levels")]
    TooDeep,
    /// Not JSON at all, or JSON with something behind it.
    #[error("it is not JSON (line {line}, column {column})")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
}

/// Reads exactly one JSON value.
///
/// # Errors
/// It is not JSON, or JSON that two readers may understand differently.
pub fn read(text: &[u8]) -> Result<Value, JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let mut fault = None;
    let strict = Strict {
        depth: 0,
        fault: &mut fault,
    };
    let value = strict.deserialize(&mut reader);
    let value = value.and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| {
        fault.unwrap_or(JsonError::Syntax {
            line: error.line(),
            column: error.column(),
        })
    })
}

struct Strict<'f> {
    depth: usize,
    fault: &'f mut Option<JsonError>,
}

impl Strict<'_> {
    fn deeper<E: Error>(&mut self) -> Result<Strict<'_>, E> {
        if self.depth >= DEEPEST {
            return Err(self.refuse(JsonError::TooDeep));
        }
        Ok(Strict {
            depth: self.depth + 1,
            fault: self.fault,
        })
    }

    fn refuse<E: Error>(&mut self, fault: JsonError) -> E {
        *self.fault = Some(fault);
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.deeper()?)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.is_empty() && key == NUMBER {
                return number(&entries.next_value::<String>()?);
            }
            let value = entries.next_value_seed(self.deeper()?)?;
            if object.insert(key, value).is_some() {
                return Err(self.refuse(JsonError::DuplicateKey));
            }
        }
        Ok(Value::Object(object))
    }
}

fn number<E: Error>(digits: &str) -> Result<Value, E> {
    Number::from_str(digits)
        .map(Value::Number)
        .map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refused() {
        let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
        for (text, error) in [
            (r#"{"a":1,"a":2}"#, Some(JsonError::DuplicateKey)),
            (r#"{"a":1,"\u0061":2}"#, Some(JsonError::DuplicateKey)),
            (
                r#"[{"b":{"a":1,"x":0,"a":1}}]"#,
                Some(JsonError::DuplicateKey),
            ),
            (deep.as_str(), Some(JsonError::TooDeep)),
            (r#"{"a":1} {"a":2}"#, None),
            (r#"{"a":1,}"#, None),
            ("{'a':1}", None),
            ("", None),
            ("\u{feff}{}", None),
            ("NaN", None),
            (r#""\ud800""#, None),
        ] {
            let found = read(text.as_bytes()).unwrap_err();
            match error {
                Some(error) => assert_eq!(found, error, "{text}"),
                None => assert!(matches!(found, JsonError::Syntax { .. }), "{text}"),
            }
        }
        assert!(read(b"\"\xff\"").is_err());
    }

    #[test]
    fn numbers_and_order_are_kept() {
        for text in [
            r#"{"z":12345678901234567890123,"a":1.10,"e":1e+400,"m":-0.0}"#,
            r#"[0,1.0,"x",null,true,{"b":[],"a":{}}]"#,
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_readers_own_key_is_a_number_before_and_after() {
        let value = read(br#"{"$serde_json::private::Number":"7"}"#).unwrap();
        assert_eq!(value.to_string(), "7");
        assert!(read(br#"{"$serde_json::private::Number":"x"}"#).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}",:0-9ae.\\ -]{0,24}"#) {
            if let Ok(value) = read(text.as_bytes()) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
