//! The lists of tools as they go out, for those who count them.

use rmcp::model::Tool;
use serde::Serialize;
use serde_json::json;

use super::{compact, convert};
use crate::registry::{Connection, Snapshot};

/// A tool as it is written in a list.
pub struct Written {
    /// The name under which it is listed.
    pub name: String,
    /// The whole of it, as `tools/list` has it.
    pub whole: String,
    /// What clients hand on to a model: its name, its description and the schema of its arguments.
    pub for_model: String,
}

/// The tools of a connection in each way of showing them: all, and the three that stand for them. A
/// client that shows no pages sees them so.
#[must_use]
pub fn written(snapshot: &Snapshot, connection: &Connection) -> (Vec<Written>, Vec<Written>) {
    let name = &connection.config.name;
    let all = snapshot
        .listed
        .iter()
        .filter(|tool| tool.connection.config.name == *name)
        .filter(|tool| !super::resources::is_for_pages(tool))
        .map(|tool| write(&convert::shown(tool, false)))
        .collect();
    let compact = compact::tools(snapshot, connection);
    (all, compact.iter().map(write).collect())
}

fn write(tool: &Tool) -> Written {
    let for_model = json!({
        "name": tool.name,
        "description": tool.description,
        "parameters": *tool.input_schema,
    });
    Written {
        name: tool.name.to_string(),
        whole: text(tool),
        for_model: for_model.to_string(),
    }
}

/// A tool is a map of texts, so it is always JSON.
fn text(tool: &impl Serialize) -> String {
    serde_json::to_string(tool).unwrap_or_default()
}
