//! Reading JSON into types: from the text itself, and through a [`Value`] where that is needed.

use serde::de::DeserializeOwned;
use serde_json::{Error, Value};

/// Reads a type from a text. Some types cannot be read from a text that holds numbers, because
/// serde buffers them (`flatten`, `untagged`); those, and errors, go through a [`Value`], whose
/// error counts.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(text).or_else(|_| through_value(text))
}

/// Why a text was not read.
pub(crate) enum Fault {
    /// It is no JSON.
    Text(Error),
    /// It is JSON of another shape.
    Shape(Error),
}

/// Kept apart because it is seldom needed.
#[cold]
#[inline(never)]
fn through_value<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    let value: Value = serde_json::from_slice(text).map_err(Fault::Text)?;
    T::deserialize(&value).map_err(Fault::Shape)
}
