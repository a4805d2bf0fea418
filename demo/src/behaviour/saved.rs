//! Values a run has learned or saved, and putting them in place of `{{name}}`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Named texts: the run's word, what was learned, what steps saved.
#[derive(Clone, Debug, Default)]
pub struct Saved(BTreeMap<String, String>);

impl Saved {
    /// Keeps a value under a name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// A value, unless it is absent or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A text with every known `{{name}}` replaced.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(&format!("{{{{{name}}}}}"), value);
        }
        filled
    }

    /// A value with every text in it, keys included, filled.
    #[must_use]
    pub fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(map) => Value::Object(self.filled_map(map)),
            other => other.clone(),
        }
    }

    /// A map with every text in it, keys included, filled.
    #[must_use]
    pub fn filled_map(&self, map: &Map<String, Value>) -> Map<String, Value> {
        map.iter()
            .map(|(key, value)| (self.fill(key), self.filled(value)))
            .collect()
    }
}
