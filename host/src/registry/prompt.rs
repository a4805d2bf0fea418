//! A prompt of a plugin on a connection, with what policy granted.
//!
//! Owns what makes a manifest's prompts acceptable, but for their routes, which `policy` judges.

use std::collections::HashSet;
use std::sync::Arc;

use portcullis_manifest::{self as manifest, Manifest};

use super::completes::{self, Completes};
use super::{Connection, Plugin};
use crate::names::{self, ToolName};
use crate::policy::{GrantError, ResourceGrant};

/// More prompts than any user would look through.
const MOST_PROMPTS: usize = 50;

/// More arguments than any user would fill in.
const MOST_ARGUMENTS: usize = 20;

/// One prompt that can be had.
pub struct Prompt {
    /// The name under which MCP lists it.
    pub listed_name: String,
    /// The connection it is of.
    pub connection: Arc<Connection>,
    /// The verdict of the operator's rule; one whose grant is not open is not there.
    pub grant: ResourceGrant,
    /// What completes.
    pub completes: Vec<Completes>,
    plugin: Arc<Plugin>,
    at: usize,
}

impl Prompt {
    /// What the operator's rule makes of the plugin's prompt at this place.
    ///
    /// # Errors
    /// One of its routes is malformed, which the manifest's judgement prevents.
    pub fn new(connection: &Arc<Connection>, at: usize) -> Result<Self, GrantError> {
        let plugin = Arc::clone(&connection.plugin);
        let declared = &plugin.manifest.prompts[at];
        let (name, rule) = (&declared.name, &connection.rule);
        let of = &connection.config.name;
        Ok(Self {
            listed_name: names::listed(&connection.config.prefix, name),
            connection: Arc::clone(connection),
            grant: ResourceGrant::of(of, name, &declared.routes, rule)?,
            completes: Completes::meet(connection, name, &declared.completes)?,
            plugin,
            at,
        })
    }

    /// The declaration.
    #[must_use]
    pub fn declared(&self) -> &manifest::Prompt {
        &self.plugin.manifest.prompts[self.at]
    }
}

/// Every problem of a manifest's prompts.
pub fn faults(manifest: &Manifest) -> Vec<String> {
    if manifest.prompts.len() > MOST_PROMPTS {
        let many = manifest.prompts.len();
        return vec![format!(
            "it declares {many} prompts, at most {MOST_PROMPTS} are taken"
        )];
    }
    let mut faults = Vec::new();
    for (at, prompt) in manifest.prompts.iter().enumerate() {
        let mut tell = |what: String| faults.push(format!("prompt `{}`: {what}", prompt.name));
        let before = &manifest.prompts[..at];
        if let Err(error) = ToolName::new(&prompt.name) {
            tell(error.to_string());
        }
        if before.iter().any(|other| other.name == prompt.name) {
            tell("two prompts have this name".to_owned());
        }
        if manifest.tools.iter().any(|tool| tool.name == prompt.name) {
            tell(
                "a tool has this name, and the operator's `tools` could not tell them apart"
                    .to_owned(),
            );
        }
        arguments(prompt).into_iter().for_each(&mut tell);
    }
    faults
}

fn arguments(prompt: &manifest::Prompt) -> Vec<String> {
    let names = prompt
        .arguments
        .iter()
        .map(|argument| argument.name.as_str());
    let names: Vec<&str> = names.collect();
    let mut faults = completes::faults(&prompt.completes, &names);
    if names.len() > MOST_ARGUMENTS {
        let many = names.len();
        faults.push(format!(
            "it has {many} arguments, at most {MOST_ARGUMENTS} are taken"
        ));
    }
    let mut seen = HashSet::new();
    for name in names {
        if name.is_empty() || name.len() > 64 || name.contains(char::is_control) {
            faults.push(format!(
                "`{}` is no name of an argument",
                name.escape_debug()
            ));
        }
        if !seen.insert(name) {
            faults.push(format!("two arguments are called `{name}`"));
        }
    }
    faults
}
