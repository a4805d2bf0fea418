//! A small map from names to what is known of them, and lenient reading of JSON.
//!
//! The CRM writes an empty object as `[]` and leaves keys out at will, so nothing here fails.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Names and values in the order in which the CRM gave them. Kept as a list of pairs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Table<T>(Vec<(String, T)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Table<T> {
    /// A table of an object's entries.
    pub(crate) fn of(raw: &Value, read: fn(&Value) -> T) -> Self {
        Self(
            raw.as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), read(value)))
                .collect(),
        )
    }

    /// Keeps the entries that fit.
    pub(crate) fn retain(&mut self, fits: impl Fn(&T) -> bool) {
        self.0.retain(|(_, value)| fits(value));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.entry(name).map(|(_, value)| value)
    }

    pub(crate) fn entry(&self, name: &str) -> Option<(&str, &T)> {
        self.iter().find(|(known, _)| *known == name)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<T> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// Whether a value needs no place in what is kept.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(crate) fn flag(raw: &Value, key: &str) -> bool {
    raw[key].as_bool().unwrap_or(false)
}

pub(crate) fn string(raw: &Value, key: &str) -> Option<String> {
    raw[key].as_str().map(str::to_owned)
}

pub(crate) fn strings(raw: &Value) -> Vec<String> {
    raw.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
