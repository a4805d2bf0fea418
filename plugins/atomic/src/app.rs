//! The page that shows a task list inside a client that can (MCP Apps, 2026-01-26).
//!
//! One file without anything from elsewhere; it gets its tasks from the result of `display_task_list`
//! and completes them through `complete_task`, so it can do nothing that the client's user could not.

use portcullis_sdk::{Call, Failure, PAGE, Resource};
use serde_json::{Map, Value, json};

use crate::settings::Settings;

/// The page's address; the tool names it.
pub(crate) const TASK_LIST: &str = "ui://{connection}/task-list";

const HTML: &str = include_str!("../app/task-list.html");

pub(crate) fn task_list() -> Resource {
    Resource::at("task_list", TASK_LIST, "Task list", PAGE, page)
        .about("The page that shows the tasks of display_task_list.")
        .meta(meta)
}

/// Nothing is loaded from anywhere, which is what a client grants a page that names no domain.
fn meta() -> Map<String, Value> {
    Map::from_iter([("ui".to_owned(), json!({"prefersBorder": false}))])
}

fn page(call: &Call<'_>) -> Result<String, Failure> {
    let settings = Settings::of(call)?;
    let complete = call.connection().tool("complete_task");
    Ok(HTML
        .replace("{{complete_tool}}", &complete)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{crm_url}}", &attribute(&settings.crm_url)))
}

/// A text as it stands in a quoted attribute.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}
