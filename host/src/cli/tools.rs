//! `portcullis tools`: the list as a client would see it.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use portcullis_manifest::Effect;
use serde_json::{Value, json};

use super::setup::setup;
use super::{Exit, ToolsArgs, cost, print};
use crate::config::Asked;
use crate::registry::{Guide, Snapshot, Tool};

/// Lists the tools.
pub async fn tools(config: Option<PathBuf>, args: &ToolsArgs) -> Exit {
    let setup = match setup(config, Asked::Nothing, |_| Ok(())).await {
        Ok(setup) => setup,
        Err(exit) => return exit,
    };
    let snapshot = setup.host.app.registry.snapshot();
    if args.cost {
        return cost::print(&snapshot, args.json);
    }
    let tools = chosen(&snapshot, args.all);
    if args.json {
        let list: Vec<Value> = tools.iter().map(|tool| as_json(tool)).collect();
        return print(&format!("{:#}", json!({ "tools": list })));
    }
    print(&format!("{}{}", table(&tools), guides(&snapshot)))
}

fn chosen(snapshot: &Snapshot, all: bool) -> Vec<Arc<Tool>> {
    if all {
        snapshot.existing.clone()
    } else {
        snapshot.listed.clone()
    }
}

fn table(tools: &[Arc<Tool>]) -> String {
    if tools.is_empty() {
        return "no tools; `portcullis check` says why".into();
    }
    let width = tools
        .iter()
        .map(|tool| tool.listed_name.len())
        .max()
        .unwrap_or(0);
    tools.iter().fold(String::new(), |mut text, tool| {
        let open = match (tool.grant.is_open(), tool.connection.forwards()) {
            (false, _) => "  (not allowed)",
            (true, true) => "  (with the caller's own token)",
            (true, false) => "",
        };
        let effect = effects(tool);
        writeln!(
            text,
            "{:width$}  {effect:11}  {}{open}",
            tool.listed_name,
            tool.plugin.declared().title
        )
        .ok();
        text
    })
}

/// What clients see in place of the tools of compact connections.
fn guides(snapshot: &Snapshot) -> String {
    let compact = snapshot.connections.iter().filter(|c| c.is_compact());
    compact.fold(String::new(), |mut text, connection| {
        let names = Guide::ALL.map(|guide| guide.listed_name(connection));
        let name = &connection.config.name;
        writeln!(
            text,
            "`{name}` is compact: clients are shown {}",
            names.join(", ")
        )
        .ok();
        text
    })
}

/// The effects that its calls can have, e.g. `write` or `write/outward`.
fn effects(tool: &Tool) -> String {
    let effects = tool.plugin.declared().effects();
    let words: Vec<_> = effects.into_iter().map(Effect::as_str).collect();
    words.join("/")
}

fn as_json(tool: &Tool) -> Value {
    json!({
        "name": tool.listed_name,
        "title": tool.plugin.declared().title,
        "description": tool.plugin.declared().description,
        "connection": tool.connection.config.name,
        "identity": tool.connection.config.identity.as_str(),
        "effect": tool.plugin.declared().effect,
        "effects": tool.plugin.declared().effects(),
        "allowed": tool.grant.is_open(),
        "inputSchema": *tool.plugin.listed_input,
        "outputSchema": *tool.plugin.listed_output,
    })
}
