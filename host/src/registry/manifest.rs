//! What `describe` returned: read strictly and judged. All problems are told at once.
//!
//! Owns what makes a manifest acceptable, except for its routes, which `policy` judges, its resources
//! and prompts, which `resource` and `prompt` do, and its schemas, which are compiled once, in `plugin`.

use std::collections::HashSet;

use portcullis_manifest::{ABI, MANIFEST_REVISION, Manifest, Method, Tool};
use serde_json::Value;

use super::{prompt, resource, shown, tokens};
use crate::names::{PluginId, ToolName};
use crate::policy;

/// More tools than any CRM needs; a list this long serves no model.
const MOST_TOOLS: usize = 200;

/// The most prefixes that a first request tries.
const MOST_PREFIXES: usize = 16;

/// The longest description of a tool, in bytes; it stands in every `tools/list`.
const LONGEST_DESCRIPTION: usize = 8 << 10;

/// Why a manifest is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the manifest is not acceptable: {}", .0.join("; "))]
pub struct ManifestError(pub Vec<String>);

/// The JSON Schema of the manifest, as published in `wit/manifest.schema.json`.
#[must_use]
pub fn manifest_schema() -> Value {
    let mut schema = schemars::schema_for!(Manifest).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".into(), "Portcullis plugin manifest".into());
    }
    schema
}

/// Reads a manifest and checks everything that can be checked without a connection.
///
/// # Errors
/// All problems.
pub fn read(described: Value) -> Result<Manifest, ManifestError> {
    let mut marks = Vec::new();
    shown::judge(&described, &mut marks);
    if !marks.is_empty() {
        return Err(ManifestError(marks));
    }
    let manifest: Manifest = serde_json::from_value(described)
        .map_err(|error| ManifestError(vec![error.to_string()]))?;
    let mut problems = Vec::new();
    identity(&manifest, &mut problems);
    tokens::judge(&manifest, &mut problems);
    tools(&manifest, &mut problems);
    problems.extend(resource::read(&manifest, false).1);
    problems.extend(prompt::faults(&manifest));
    if let Err(policy::Problems(routes)) = policy::judge(&manifest) {
        problems.extend(routes.iter().map(ToString::to_string));
    }
    if problems.is_empty() {
        Ok(manifest)
    } else {
        Err(ManifestError(problems))
    }
}

fn identity(manifest: &Manifest, problems: &mut Vec<String>) {
    if manifest.manifest != MANIFEST_REVISION {
        problems.push(format!(
            "it is written in revision {} of the format, this host reads revision {MANIFEST_REVISION}",
            manifest.manifest
        ));
    }
    if manifest.abi != ABI {
        problems.push(format!(
            "it says ABI {}, this host speaks {ABI}; build the plugin with the SDK of this release",
            manifest.abi
        ));
    }
    if let Err(error) = PluginId::new(&manifest.id) {
        problems.push(error.to_string());
    }
    if let Some(probe) = &manifest.base.probe {
        if !matches!(probe.method, Method::Get | Method::Post) {
            problems.push("`base.probe` has to be a GET or a POST".into());
        }
        if probe.prefixes.len() > MOST_PREFIXES {
            problems.push(format!(
                "`base.probe` names {} prefixes, at most {MOST_PREFIXES} are tried",
                probe.prefixes.len()
            ));
        }
    }
}

fn tools(manifest: &Manifest, problems: &mut Vec<String>) {
    if manifest.tools.is_empty() {
        problems.push("it declares no tool".into());
    }
    if manifest.tools.len() > MOST_TOOLS {
        problems.push(format!(
            "it declares {} tools, at most {MOST_TOOLS} are taken",
            manifest.tools.len()
        ));
        return;
    }
    let mut seen = HashSet::new();
    for tool in &manifest.tools {
        for name in std::iter::once(&tool.name).chain(&tool.aliases) {
            if let Err(error) = ToolName::new(name) {
                problems.push(error.to_string());
            }
            if !seen.insert(name.as_str()) {
                problems.push(format!("two tools are called `{name}`"));
            }
        }
        describe(tool, problems);
    }
}

fn describe(tool: &Tool, problems: &mut Vec<String>) {
    let name = &tool.name;
    if tool.description.len() > LONGEST_DESCRIPTION {
        problems.push(format!(
            "tool `{name}`: its description is longer than {LONGEST_DESCRIPTION} bytes"
        ));
    }
    if tool.asks && tool.needs_confirmation() {
        problems.push(format!(
            "tool `{name}`: a tool that `asks` is neither destructive nor outward; the confirmation of those is the host's question"
        ));
    }
    let properties = tool
        .input_schema
        .get("properties")
        .and_then(Value::as_object);
    let reserved = ["confirm", "confirmation_token"];
    if tool.needs_confirmation()
        && properties.is_some_and(|p| reserved.iter().any(|r| p.contains_key(*r)))
    {
        problems.push(format!(
            "tool `{name}`: `confirm` and `confirmation_token` belong to the host"
        ));
    }
}
