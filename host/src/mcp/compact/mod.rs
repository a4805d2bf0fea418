//! A connection that shows three tools in place of its list: one finds the others by words, one
//! describes them, one runs them.
//!
//! What is run goes the way of every call, under the tool's own name: this module only says which call
//! is meant. The tools that are not shown can still be called by their names, since a prompt or an
//! older client may know them.

mod find;
mod show;

use portcullis_manifest::Effect;
use rmcp::model::{CallToolRequestParams, JsonObject};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::resources::is_for_pages;
use crate::call::Scope;
use crate::error::{Kind, ToolError};
use crate::registry::{Connection, Guide, Snapshot, Tool};
pub use show::tools;

/// What a call of a guide comes to.
pub enum Step {
    /// It is answered at once.
    Answer(Result<Value, ToolError>),
    /// This call is meant.
    Call(CallToolRequestParams),
}

/// What to run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    tool: String,
    #[serde(default)]
    arguments: JsonObject,
    confirm: Option<Value>,
    confirmation_token: Option<Value>,
}

/// What to describe.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Describe {
    tool: String,
    #[serde(default)]
    output_schema: bool,
}

/// The guide that a name stands for where a client connected, and its connection.
pub fn guide<'s>(
    snapshot: &'s Snapshot,
    scope: &Scope,
    name: &str,
) -> Option<(Guide, &'s Connection)> {
    let (guide, connection) = snapshot.guide(name)?;
    let reached = scope.covers(snapshot, connection) && !shown(snapshot, connection).is_empty();
    reached.then_some((guide, connection.as_ref()))
}

/// What a call of a guide comes to.
pub fn step(
    snapshot: &Snapshot,
    (guide, connection): (Guide, &Connection),
    mut request: CallToolRequestParams,
) -> Step {
    let arguments = request.arguments.take().unwrap_or_default();
    let tools = shown(snapshot, connection);
    if let Err(error) = show::checked(guide, &arguments) {
        let see = format!("see the input schema of `{}`", request.name);
        return Step::Answer(Err(error.suggest(see)));
    }
    let done = match guide {
        Guide::Find => read(arguments).map(|asked| find::find(&asked, &tools, connection)),
        Guide::Describe => read(arguments).and_then(|asked: Describe| {
            let tool = named(&asked.tool, &tools)?;
            Ok(described(tool, asked.output_schema))
        }),
        Guide::Run => match read(arguments).and_then(|asked| meant(asked, &tools)) {
            Ok((name, arguments)) => {
                request.name = name.into();
                request.arguments = Some(arguments);
                return Step::Call(request);
            }
            Err(error) => Err(error),
        },
    };
    Step::Answer(done)
}

/// The tools that a connection's guides know: those that are granted, but for what only pages call.
fn shown<'s>(snapshot: &'s Snapshot, connection: &Connection) -> Vec<&'s Tool> {
    let name = &connection.config.name;
    let tools = snapshot.listed.iter().map(AsRef::as_ref);
    tools
        .filter(|tool: &&Tool| tool.connection.config.name == *name && !is_for_pages(tool))
        .collect()
}

fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, ToolError> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| invalid(error.to_string()))
}

fn invalid(message: String) -> ToolError {
    ToolError::new(Kind::BadInput, "INVALID_ARGUMENT", message)
}

/// The call that is meant. A confirmation may stand beside the arguments as well as among them, where
/// the tool's own schema has it.
fn meant(asked: Run, tools: &[&Tool]) -> Result<(String, JsonObject), ToolError> {
    let tool = named(&asked.tool, tools)?;
    let mut arguments = asked.arguments;
    let beside = [
        ("confirm", asked.confirm),
        ("confirmation_token", asked.confirmation_token),
    ];
    for (key, value) in beside {
        let Some(value) = value else { continue };
        if arguments.get(key).is_some_and(|within| *within != value) {
            let message =
                format!("`{key}` stands beside `arguments` and, with another value, in them");
            return Err(invalid(message).at(vec![format!("/{key}")]));
        }
        arguments.insert(key.to_owned(), value);
    }
    Ok((tool.listed_name.clone(), arguments))
}

/// A tool by its name with or without the connection's prefix, or by an alias.
fn named<'s>(name: &str, tools: &[&'s Tool]) -> Result<&'s Tool, ToolError> {
    let is_it = |tool: &&&Tool| {
        let aliases = &tool.plugin.declared().aliases;
        tool.listed_name == name
            || tool.plugin.name.as_str() == name
            || aliases.iter().any(|alias| alias == name)
    };
    tools.iter().find(is_it).copied().ok_or_else(|| {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
        let known: Vec<&str> = tools.iter().map(|tool| tool.plugin.name.as_str()).collect();
        invalid(format!("/tool: there is no tool `{shown}` here"))
            .at(vec!["/tool".to_owned()])
            .suggest(format!("there are {}", known.join(", ")))
    })
}

fn described(tool: &Tool, output_schema: bool) -> Value {
    let declared = tool.plugin.declared();
    let mut shown = json!({
        "name": declared.name,
        "title": declared.title,
        "description": declared.description,
        "effect": effect(tool),
        "confirmed": declared.needs_confirmation(),
        "input_schema": *tool.plugin.listed_input,
    });
    if output_schema {
        shown["output_schema"] = json!(*tool.plugin.listed_output);
    }
    shown
}

/// The effects that its calls can have, e.g. `write` or `read/destructive`.
fn effect(tool: &Tool) -> String {
    let effects = tool.plugin.declared().effects();
    let words: Vec<_> = effects.into_iter().map(Effect::as_str).collect();
    words.join("/")
}
