//! The sandbox under attack: one hostile guest per test and one sin per guest. What it tries ends where
//! a limit is, says which, costs a neighbour on the same host nothing, and leaves nothing for the next
//! caller.
//!
//! A guest without a test of its name does not compile: see `every_guest` below.

mod bodies;
mod loading;
mod memory;
mod output;
mod reach;
mod requests;
mod strays;
mod time;
mod traps;

use serde_json::Value;

use crate::support::text;

/// The tests of all guests, wherever they stand.
mod named {
    pub use super::bodies::*;
    pub use super::loading::*;
    pub use super::memory::*;
    pub use super::output::*;
    pub use super::reach::*;
    pub use super::requests::*;
    pub use super::strays::*;
    pub use super::time::*;
    pub use super::traps::*;
    pub use crate::approval::{good_two, newly_safe};
    pub use crate::blocks::conformance;
    pub use crate::bound::{changes_others, mixes_rows, widens_query};
    pub use crate::confirmation::writes_in_preview;
    pub use crate::confirmation_attacks::removes;
    pub use crate::effects::attack::impersonates;
    pub use crate::forward::forwards;
    pub use crate::plugin_files::good_one;
    pub use crate::readings::{
        export_without_resources, page, resources_without_export, trap_in_read, unsafe_resource,
        writes_in_read,
    };
    pub use crate::resource::issued;
    pub use crate::secrets::guest::dumps;
    pub use crate::suitecrm::forms::bypasses_forms;
}

portcullis_guests::every_guest!(crate::sandbox::named);

/// A failure of the plugin: the caller sees that, the call's id, and nothing else.
fn assert_plain(answer: &Value) {
    let error = &answer["error"];
    assert_eq!(
        (text(error, "/code"), text(error, "/message")),
        ("PLUGIN_FAILED", "the plugin failed"),
        "{answer}"
    );
    assert_eq!(error["outcome"], "not-done", "{answer}");
    assert!(text(answer, "/call_id").len() >= 8, "{answer}");
    assert!(
        !answer.to_string().contains("words for the log"),
        "{answer}"
    );
}

/// A failure that names the limit at which it happened.
fn assert_names(answer: &Value, limit: &str) {
    assert_eq!(answer["error"]["code"], "PLUGIN_LIMIT", "{answer:.2000}");
    assert!(text(answer, "/error/message").contains(limit), "{answer}");
}
