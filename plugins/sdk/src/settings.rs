//! Settings read into a struct: the struct's field names are the keys that are asked for.
//!
//! Defaults and checks are the host's business, by the schema in the manifest.

use serde::{
    Deserializer,
    de::{DeserializeOwned, Error as _, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use serde_json::Value;

use crate::{call::Host, failure::Failure};

/// Values that were asked for in this call; null stands for a setting that has none.
pub(crate) type Known = Vec<(&'static str, Value)>;

pub(crate) fn read<S: DeserializeOwned>(host: &dyn Host, known: &mut Known) -> Result<S, Failure> {
    let mut keys = Keys(&[]);
    let _ = S::deserialize(&mut keys);
    ask(host, known, keys.0);
    let chosen = known
        .iter()
        .filter(|(key, value)| !value.is_null() && keys.0.contains(key));
    S::deserialize(MapDeserializer::new(
        chosen.map(|(key, value)| (*key, value)),
    ))
    .map_err(|error: serde_json::Error| {
        Failure::internal(format!("a setting cannot be read: {error}"))
    })
}

fn ask(host: &dyn Host, known: &mut Known, keys: &[&'static str]) {
    for &key in keys {
        if !known.iter().any(|(asked, _)| *asked == key) {
            known.push((key, host.setting(key).unwrap_or_default()));
        }
    }
}

/// Learns a struct's field names and refuses to fill them.
struct Keys(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Keys {
    type Error = serde_json::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = fields;
        Err(Self::Error::custom("only the names are wanted"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("settings are a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
