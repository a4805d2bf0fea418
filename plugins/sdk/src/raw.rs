//! A record that is passed on: names are read, values stay the text that the CRM wrote.
//!
//! Much cheaper than a map of values, whose every key is hashed and whose every value is built and
//! written again. Knows nothing of requests.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

/// A record whose values stay text, in the CRM's order. Read from a text only, not from a
/// [`Value`]: `serde_json::from_slice`.
#[derive(Debug, Clone, Default)]
pub struct RawRecord(Vec<(String, Box<RawValue>)>);

impl RawRecord {
    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Whether it has a value of this name, be it null.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.keys().any(|known| known == name)
    }

    /// A value, read now.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// A text, read now; none for another kind of value.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// Sets a value, at the end if it is new.
    pub fn set<T: Serialize>(&mut self, name: &str, value: &T) {
        let Ok(value) = to_raw_value(value) else {
            return;
        };
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Keeps the values whose names fit.
    pub fn retain(&mut self, mut fits: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| fits(name));
    }

    /// Visits the texts that may be longer than so many characters; one that `edit` changed, which
    /// it says with `true`, is written back.
    pub fn edit_texts(
        &mut self,
        longer_than: usize,
        mut edit: impl FnMut(&str, &mut String) -> bool,
    ) {
        // A character takes at least a byte, and the quotes take two.
        let long = |value: &RawValue| {
            value.get().len() > longer_than.saturating_add(2) && value.get().starts_with('"')
        };
        for (name, value) in self.0.iter_mut().filter(|(_, value)| long(value)) {
            if let Ok(mut text) = serde_json::from_str::<String>(value.get())
                && edit(name, &mut text)
                && let Ok(changed) = to_raw_value(&text)
            {
                *value = changed;
            }
        }
    }

    fn raw(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.get())
    }
}

impl Serialize for RawRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for RawRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = RawRecord;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawRecord, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(RawRecord(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// The schema of a map of anything.
impl JsonSchema for RawRecord {
    fn inline_schema() -> bool {
        Map::<String, Value>::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        Map::<String, Value>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Map::<String, Value>::json_schema(generator)
    }
}
