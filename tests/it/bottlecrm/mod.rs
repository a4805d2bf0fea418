//! The BottleCRM plugin through the whole host against the CRM in memory.

mod actions;
mod callers;
mod records;
mod standalone;
mod writes;

use crate::support::{done, refused};
