//! How the three tools are listed.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_manifest::Effect;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use super::find::MOST;
use super::shown;
use crate::registry::{self, Connection, Guide, Snapshot};

/// The three tools of a connection.
pub fn tools(snapshot: &Snapshot, connection: &Connection) -> Vec<Tool> {
    let behind = shown(snapshot, connection);
    Guide::ALL
        .into_iter()
        .map(|guide| tool(guide, connection, &behind))
        .collect()
}

fn tool(guide: Guide, connection: &Connection, behind: &[&registry::Tool]) -> Tool {
    let name = guide.listed_name(connection);
    let described = Guide::Describe.listed_name(connection);
    let names: Vec<&str> = behind
        .iter()
        .map(|tool| tool.plugin.name.as_str())
        .collect();
    let plugin = &connection.plugin.id;
    match guide {
        Guide::Find => listed(
            name,
            "Find a tool",
            format!("Finds tools of {plugin} by words. All: {}.", names.join(", ")),
            json!({
                "query": {"type": "string", "maxLength": 200, "description": "What to do, e.g. `log a call`."},
                "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 5},
                "offset": {"type": "integer", "minimum": 0, "default": 0},
            }),
            &[],
        )
        .with_annotations(told()),
        Guide::Describe => listed(
            name,
            "Describe a tool",
            "What a tool does and takes. Call it before the first run of a tool.".to_owned(),
            json!({
                "tool": {"type": "string"},
                "output_schema": {"type": "boolean", "default": false, "description": "Also what it answers."},
            }),
            &["tool"],
        )
        .with_annotations(told()),
        Guide::Run => listed(
            name,
            "Run a tool",
            format!("Runs a tool. Errors name places in `arguments`, which {described} shows. A tool that deletes or sends answers with a preview first."),
            json!({
                "tool": {"type": "string"},
                "arguments": {"type": "object"},
                "confirm": {"type": "boolean"},
                "confirmation_token": {"type": "string"},
            }),
            &["tool"],
        )
        .with_annotations(run(behind)),
    }
}

fn listed(
    name: String,
    title: &str,
    description: String,
    properties: Value,
    required: &[&str],
) -> Tool {
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties);
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    Tool::new(name, description, Arc::new(schema)).with_title(title)
}

/// The hints of what is answered from this server's own lists.
fn told() -> ToolAnnotations {
    ToolAnnotations::new()
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false)
}

/// The hints of what may be any of these tools: the worst of each.
fn run(behind: &[&registry::Tool]) -> ToolAnnotations {
    let effects: BTreeSet<Effect> = behind
        .iter()
        .flat_map(|tool| tool.plugin.declared().effects())
        .collect();
    let reads = effects.iter().all(|effect| *effect == Effect::Read);
    ToolAnnotations::new()
        .read_only(reads)
        .destructive(effects.into_iter().any(Effect::needs_confirmation))
        .idempotent(reads)
        .open_world(true)
}
