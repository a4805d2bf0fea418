//! How the three tools are listed.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use portcullis_manifest::Effect;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use super::find::MOST;
use super::shown;
use crate::call::flawed;
use crate::error::ToolError;
use crate::registry::{self, Connection, Guide, Snapshot};
use crate::schema::Schema;

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
            input(guide),
        )
        .with_annotations(told()),
        Guide::Describe => listed(
            name,
            "Describe a tool",
            "What a tool does and takes. Call it before the first run of a tool.".to_owned(),
            input(guide),
        )
        .with_annotations(told()),
        Guide::Run => listed(
            name,
            "Run a tool",
            format!("Runs a tool. Errors name places in `arguments`, which {described} shows. A tool that deletes or sends answers with a preview first."),
            input(guide),
        )
        .with_annotations(run(behind)),
    }
}

/// What a tool of the three takes.
fn input(guide: Guide) -> JsonObject {
    let (properties, required): (Value, &[&str]) = match guide {
        Guide::Find => (
            json!({
                "query": {"type": "string", "maxLength": 200, "description": "What to do, e.g. `log a call`."},
                "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 5},
                "offset": {"type": "integer", "minimum": 0, "default": 0},
            }),
            &[],
        ),
        Guide::Describe => (
            json!({
                "tool": {"type": "string"},
                "output_schema": {"type": "boolean", "default": false, "description": "Also what it answers."},
            }),
            &["tool"],
        ),
        Guide::Run => (
            json!({
                "tool": {"type": "string"},
                "arguments": {"type": "object"},
                "confirm": {"type": "boolean"},
                "confirmation_token": {"type": "string"},
            }),
            &["tool"],
        ),
    };
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties);
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// What is wrong with arguments of one of the three, in the words that tools of plugins have.
pub(super) fn checked(guide: Guide, arguments: &JsonObject) -> Result<(), ToolError> {
    static SCHEMAS: LazyLock<Vec<(Guide, Schema)>> = LazyLock::new(|| {
        let compiled = |guide| Some((guide, Schema::new(&Value::Object(input(guide))).ok()?));
        Guide::ALL.into_iter().filter_map(compiled).collect()
    });
    let mut known = SCHEMAS.iter();
    let Some((_, schema)) = known.find(|(known, _)| *known == guide) else {
        return Ok(());
    };
    let flaws = schema.flaws(&Value::Object(arguments.clone()));
    if flaws.is_empty() {
        Ok(())
    } else {
        Err(flawed(flaws))
    }
}

fn listed(name: String, title: &str, description: String, schema: JsonObject) -> Tool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_three_take_is_checked() {
        for (guide, arguments, at) in [
            (Guide::Find, json!({"query": "a", "limit": 51}), "/limit"),
            (Guide::Find, json!({"offset": -1}), "/offset"),
            (Guide::Describe, json!({"name": "get"}), ""),
            (
                Guide::Run,
                json!({"tool": "get", "arguments": "{}"}),
                "/arguments",
            ),
        ] {
            let Value::Object(arguments) = arguments else {
                unreachable!("objects all of them")
            };
            let error = checked(guide, &arguments).expect_err("it does not fit");
            let said = error.to_json().to_string();
            assert!(
                said.contains(at) && said.contains("INVALID_ARGUMENT"),
                "{said}"
            );
        }
        for guide in Guide::ALL {
            let fits = json!({"tool": "get"});
            let fits = match guide {
                Guide::Find => json!({}),
                Guide::Describe | Guide::Run => fits,
            };
            let Value::Object(fits) = fits else {
                unreachable!("objects all of them")
            };
            assert!(checked(guide, &fits).is_ok());
            assert!(Schema::new(&Value::Object(input(guide))).is_ok());
        }
    }
}
