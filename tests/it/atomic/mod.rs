//! The Atomic CRM plugin through the whole host against the project in memory.

mod callers;
mod reading;
mod standalone;
mod writing;

use serde_json::Value;

use crate::support::{done, refused};

/// The number of a record.
fn number(value: &Value) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}
