//! From configuration and plugins to a snapshot. Pure but for building clients, which dial
//! nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::approval::{Candidate, NewPin, Rules, Waiting};
use super::connection::Lasting;
use super::folder::Folder;
use super::guide::Guide;
use super::lock::Lock;
use super::snapshot::Snapshot;
use super::{Connection, Plugin, PluginTool, Prompt, Resource, Shared, Tool};
use crate::config::{self, Config, Problem};
use crate::names::{self, PluginId};
use crate::policy::{Grant, GrantError};

/// What a snapshot is made of.
pub struct Parts<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The binary's plugins.
    pub embedded: &'a BTreeMap<PluginId, Arc<Plugin>>,
    /// The folder's plugins.
    pub folder: &'a Folder,
    /// What was approved.
    pub lock: &'a Lock,
    /// What connections leave to those that replace them.
    pub lasting: &'a Lasting,
}

/// A snapshot that can be swapped in.
pub struct Assembled {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// What does not fit.
    pub problems: Vec<Problem>,
    /// What the lock has to learn.
    pub pins: BTreeMap<PluginId, NewPin>,
}

/// Builds a snapshot, and tells what does not fit. A connection that does not fit stays as it was
/// in `before`, if it was there with the same configuration.
pub fn assemble(parts: &Parts<'_>, before: &Snapshot) -> Assembled {
    let rules = Rules::of(parts.config, parts.lock, parts.embedded.keys());
    let connections = before.connections.iter();
    let connected: Vec<_> = connections.map(|one| &one.plugin).collect();
    let chosen = parts.folder.choose(&before.plugins, &connected, &rules);
    let mut plugins = parts.embedded.clone();
    plugins.extend(chosen.plugins);
    let mut next = Snapshot {
        plugins,
        rejected: chosen.rejected,
        candidates: chosen.candidates,
        shared: Shared::of(&parts.config.connections),
        ..Snapshot::default()
    };
    let mut problems = Vec::new();
    for wanted in &parts.config.connections {
        match connect(wanted, parts, &next.plugins, before) {
            Ok(Some(connection)) => next.connections.push(connection),
            Ok(None) => wait(wanted, &mut next),
            Err(mut errors) => {
                problems.append(&mut errors);
                next.connections.extend(as_it_was(wanted, before));
            }
        }
    }
    for connection in next.connections.clone() {
        next.warnings.extend(connection.warnings.iter().cloned());
        problems.append(&mut list(&mut next, &connection));
        problems.extend(guide(&mut next, &connection));
        problems.append(&mut list_resources(&mut next, &connection));
        problems.append(&mut list_prompts(&mut next, &connection));
    }
    Assembled {
        snapshot: next,
        problems,
        pins: chosen.pins,
    }
}

fn connect(
    wanted: &config::Connection,
    parts: &Parts<'_>,
    plugins: &BTreeMap<PluginId, Arc<Plugin>>,
    before: &Snapshot,
) -> Result<Option<Arc<Connection>>, Vec<Problem>> {
    let Some(plugin) = plugins.get(&wanted.plugin) else {
        return if parts.config.server.plugins.is_some() {
            Ok(None)
        } else {
            Err(vec![absent(wanted, plugins)])
        };
    };
    if let Some(same) = before
        .connections
        .iter()
        .find(|old| Arc::ptr_eq(&old.plugin, plugin) && old.config.same_as(wanted))
    {
        return Ok(Some(Arc::clone(same)));
    }
    let linked = Connection::link(wanted.clone(), Arc::clone(plugin), parts.lasting);
    linked.map(|connection| Some(Arc::new(connection)))
}

fn as_it_was(wanted: &config::Connection, before: &Snapshot) -> Option<Arc<Connection>> {
    before
        .connections
        .iter()
        .find(|old| old.config.same_as(wanted))
        .cloned()
}

fn absent(wanted: &config::Connection, plugins: &BTreeMap<PluginId, Arc<Plugin>>) -> Problem {
    let known = plugins
        .keys()
        .map(PluginId::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let known = if known.is_empty() {
        "this build carries none".to_owned()
    } else {
        format!("this build carries {known}")
    };
    wanted.problem(
        "plugin",
        format!("there is no plugin `{}`; {known}; set `server.plugins` to the folder that holds its .wasm", wanted.plugin),
    )
}

/// A connection without a plugin: its file is not there, or not approved.
fn wait(wanted: &config::Connection, next: &mut Snapshot) {
    let candidate = next
        .candidates
        .iter()
        .find(|c| c.plugin.id == wanted.plugin);
    let Some(Candidate { plugin, reason }) = candidate else {
        let message = format!(
            "no plugin `{}` yet; the connection waits for its file in the plugin folder",
            wanted.plugin
        );
        let warning = wanted.problem("plugin", message).into_warning();
        next.warnings.push(warning);
        return;
    };
    let message = format!("has no tools: {}", reason.told(&plugin.id));
    next.warnings.push(wanted.problem("plugin", message));
    next.waiting.push(Waiting {
        config: wanted.clone(),
        plugin: Arc::clone(plugin),
    });
}

/// Adds the tools of a connection.
fn list(next: &mut Snapshot, connection: &Arc<Connection>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for plugin_tool in &connection.plugin.tools {
        let listed_name = names::listed(&connection.config.prefix, plugin_tool.name.as_str());
        let tool = match tool(connection, plugin_tool, &listed_name) {
            Ok(tool) => Arc::new(tool),
            Err(error) => {
                problems.push(connection.config.problem("plugin", error.to_string()));
                continue;
            }
        };
        next.existing.push(Arc::clone(&tool));
        if tool.grant.is_open() {
            next.listed.push(Arc::clone(&tool));
        }
        let aliases = plugin_tool.declared().aliases.iter();
        let aliases = aliases.map(|alias| names::listed(&connection.config.prefix, alias));
        for name in std::iter::once(listed_name).chain(aliases) {
            if let Some(problem) = add(next, name, &tool) {
                // The other tools would say the same again.
                problems.push(problem);
                return problems;
            }
        }
    }
    problems
}

/// Adds the tools that stand for a compact connection's list, where that list is not empty.
fn guide(next: &mut Snapshot, connection: &Arc<Connection>) -> Option<Problem> {
    let is_its = |tool: &Arc<Tool>| Arc::ptr_eq(&tool.connection, connection);
    if !connection.is_compact() || !next.listed.iter().any(is_its) {
        return None;
    }
    for guide in Guide::ALL {
        let name = guide.listed_name(connection);
        if let Some(problem) = taken(next, &name, &connection.config) {
            return Some(problem);
        }
        let entry = (guide, Arc::clone(connection));
        Arc::make_mut(&mut next.guides).insert(name, entry);
    }
    None
}

/// Adds the resources of a connection that may be read.
fn list_resources(next: &mut Snapshot, connection: &Arc<Connection>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for plugin_resource in &connection.plugin.resources {
        match Resource::new(connection, plugin_resource) {
            Ok(resource) if resource.grant.is_open() => next.resources.push(Arc::new(resource)),
            Ok(_) => {}
            Err(error) => problems.push(connection.config.problem("plugin", error.to_string())),
        }
    }
    problems
}

/// Adds the prompts of a connection's plugin that may be had.
fn list_prompts(next: &mut Snapshot, connection: &Arc<Connection>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for at in 0..connection.plugin.manifest.prompts.len() {
        match Prompt::new(connection, at) {
            Ok(prompt) if !prompt.grant.is_open() => {}
            Ok(prompt) => {
                let taken = |other: &Arc<Prompt>| other.listed_name == prompt.listed_name;
                match next.prompts.iter().find(|other| taken(other)) {
                    Some(other) => problems.push(same_prompt(&prompt, other)),
                    None => next.prompts.push(Arc::new(prompt)),
                }
            }
            Err(error) => problems.push(connection.config.problem("plugin", error.to_string())),
        }
    }
    problems
}

fn same_prompt(prompt: &Prompt, other: &Prompt) -> Problem {
    let config = &prompt.connection.config;
    let message = format!(
        "`{}` is a prompt of the connections `{}` and `{}`; give one of them another `prefix`",
        prompt.listed_name, other.connection.config.name, config.name
    );
    config.problem("prefix", message)
}

fn tool(
    connection: &Arc<Connection>,
    tool: &Arc<PluginTool>,
    listed_name: &str,
) -> Result<Tool, GrantError> {
    Ok(Tool {
        listed_name: listed_name.to_owned(),
        connection: Arc::clone(connection),
        plugin: Arc::clone(tool),
        grant: Grant::meet(&connection.config.name, tool.declared(), &connection.rule)?,
    })
}

fn add(next: &mut Snapshot, name: String, tool: &Arc<Tool>) -> Option<Problem> {
    let problem = taken(next, &name, &tool.connection.config);
    if problem.is_none() {
        Arc::make_mut(&mut next.names).insert(name, Arc::clone(tool));
    }
    problem
}

/// Why a name cannot be that of a tool of this connection.
fn taken(next: &Snapshot, name: &str, config: &config::Connection) -> Option<Problem> {
    if name.len() > names::LONGEST_LISTED_NAME {
        let longest = names::LONGEST_LISTED_NAME;
        let message = format!(
            "the tool name `{name}` is longer than {longest} characters; set a shorter `prefix`"
        );
        return Some(config.problem("prefix", message));
    }
    let of_tool = next.names.get(name).map(|tool| &tool.connection);
    let of_guide = || next.guides.get(name).map(|(_, connection)| connection);
    let other = &of_tool.or_else(of_guide)?.config.name;
    let message = format!(
        "`{name}` is a tool of the connections `{other}` and `{}`; give one of them another `prefix`",
        config.name
    );
    Some(config.problem("prefix", message))
}
