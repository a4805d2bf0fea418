//! A plugin: a compiled component with its manifest, and what the host made of both.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use portcullis_manifest::{Manifest, Tool};
use serde_json::{Map, Value, json};

use super::manifest::{self, ManifestError};
use super::resource::{self, PluginResource};
use crate::config::Limits;
use crate::names::{PluginId, ToolName};
use crate::runtime::{Compiled, Digest, Fault, LoadError, Runtime};
use crate::schema::Schema;

/// Where a plugin came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The binary.
    Embedded,
    /// A file of the watched folder.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A plugin that serves.
pub struct Plugin {
    /// Its identity.
    pub id: PluginId,
    /// Where it came from.
    pub origin: Origin,
    /// What it asks for.
    pub manifest: Manifest,
    /// Its tools, in the manifest's order.
    pub tools: Vec<Arc<PluginTool>>,
    /// What can be read beside them, in the manifest's order.
    pub resources: Vec<Arc<PluginResource>>,
    /// Its component.
    pub compiled: Compiled,
}

/// A tool as its plugin declares it, with its schemas compiled.
pub struct PluginTool {
    /// The declaration.
    pub declared: Tool,
    /// Its name.
    pub name: ToolName,
    /// What its arguments must satisfy.
    pub arguments: Schema,
    /// What its results must satisfy.
    pub results: Schema,
    /// The input schema that is listed: with the confirmation's arguments where there are any.
    pub listed_input: Arc<Map<String, Value>>,
    /// The output schema that is listed.
    pub listed_output: Arc<Map<String, Value>>,
    /// Whether it wants arguments in HTTP headers as well (`x-mcp-header`).
    pub headers: bool,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// It is no connector.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its `describe` failed.
    #[error("its `describe` failed: {0}")]
    Describe(Fault),
    /// Its manifest is not acceptable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

impl Plugin {
    /// Compiles, describes and judges.
    ///
    /// # Errors
    /// Why it is not taken.
    pub async fn load(
        runtime: &Arc<Runtime>,
        origin: Origin,
        wasm: Bytes,
        digest: Digest,
    ) -> Result<Self, PluginError> {
        let compiled = runtime.load(wasm, digest).await?;
        let described = runtime
            .describe(&compiled, &Limits::default())
            .await
            .map_err(PluginError::Describe)?;
        let manifest = manifest::read(described)?;
        let id = PluginId::new(&manifest.id).map_err(|e| ManifestError(vec![e.to_string()]))?;
        let tools = tools(&manifest)?;
        let resources = resources(&manifest, &compiled)?;
        Ok(Self {
            id,
            origin,
            manifest,
            tools,
            resources,
            compiled,
        })
    }
}

/// The tools with their schemas compiled, or every schema that does not compile.
fn tools(manifest: &Manifest) -> Result<Vec<Arc<PluginTool>>, ManifestError> {
    let mut problems = Vec::new();
    let mut tools = Vec::new();
    for declared in &manifest.tools {
        match plugin_tool(declared) {
            Ok(tool) => tools.push(tool),
            Err(problem) => problems.push(format!("tool `{}`: {problem}", declared.name)),
        }
    }
    if problems.is_empty() {
        Ok(tools)
    } else {
        Err(ManifestError(problems))
    }
}

/// The resources. What is declared can be read, and what can be read is declared.
fn resources(
    manifest: &Manifest,
    compiled: &Compiled,
) -> Result<Vec<Arc<PluginResource>>, ManifestError> {
    let mismatch = match (manifest.resources.is_empty(), compiled.has_resources()) {
        (false, false) => {
            "it declares `resources`, and the component does not export portcullis:plugin/resources; with the SDK, `export!(plugin, resources)` does"
        }
        (true, true) => {
            "the component exports portcullis:plugin/resources, and the manifest declares no `resources`"
        }
        _ => return Ok(resource::read(manifest).0),
    };
    Err(ManifestError(vec![mismatch.to_owned()]))
}

fn plugin_tool(declared: &Tool) -> Result<Arc<PluginTool>, String> {
    let arguments =
        Schema::new(&declared.input_schema).map_err(|error| format!("`input_schema` {error}"))?;
    let results =
        Schema::new(&declared.output_schema).map_err(|error| format!("`output_schema` {error}"))?;
    let name = ToolName::new(&declared.name).map_err(|error| error.to_string())?;
    Ok(Arc::new(PluginTool {
        listed_input: Arc::new(listed_input(declared, &arguments.text)),
        listed_output: Arc::new(results.text.clone()),
        headers: names_key(&declared.input_schema, "x-mcp-header"),
        declared: declared.clone(),
        name,
        arguments,
        results,
    }))
}

/// Whether a key stands anywhere in a value.
fn names_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| name == key || names_key(member, key)),
        Value::Array(items) => items.iter().any(|item| names_key(item, key)),
        _ => false,
    }
}

fn listed_input(declared: &Tool, schema: &Map<String, Value>) -> Map<String, Value> {
    let mut listed = schema.clone();
    if declared.needs_confirmation()
        && let Value::Object(properties) = listed.entry("properties").or_insert_with(|| json!({}))
    {
        properties.insert(
            "confirm".into(),
            json!({"type": "boolean", "description":
                "Set to true to run the tool after its preview was shown and agreed to; a first call without it only shows the preview."}),
        );
        properties.insert(
            "confirmation_token".into(),
            json!({"type": "string", "description": "The token that came with the preview; single use."}),
        );
    }
    listed
}
