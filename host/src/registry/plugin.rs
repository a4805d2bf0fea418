//! A plugin: a compiled component with its manifest, and what the host made of both.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use portcullis_manifest::{Manifest, Tool};
use serde_json::{Map, Value, json};

use super::manifest::{self, ManifestError};
use super::resource::{self, PluginResource};
use super::signature::Signed;
use crate::config::Limits;
use crate::names::{PluginId, ToolName};
use crate::policy::Asks;
use crate::runtime::{Compiled, Digest, Fault, LoadError, Loaded, Optional, Runtime};
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
    pub manifest: Arc<Manifest>,
    /// What a connection's settings must satisfy, where the plugin has settings.
    pub settings: Option<Schema>,
    /// Its tools, in the manifest's order.
    pub tools: Vec<Arc<PluginTool>>,
    /// What can be read beside them, in the manifest's order.
    pub resources: Vec<Arc<PluginResource>>,
    /// Its component.
    pub compiled: Compiled,
    /// Who signed its file, where that was asked for.
    pub signed: Option<Signed>,
}

/// A tool as its plugin declares it, with its schemas.
pub struct PluginTool {
    manifest: Arc<Manifest>,
    index: usize,
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
    /// Compiles, describes and judges. A component that was found acceptable before comes from the
    /// cache: it is judged again by what it told then, and neither runs nor has its schemas compiled.
    ///
    /// # Errors
    /// Why it is not taken.
    pub async fn load(
        runtime: &Arc<Runtime>,
        origin: Origin,
        wasm: Bytes,
        digest: Digest,
    ) -> Result<Self, PluginError> {
        let Loaded {
            compiled,
            described,
        } = runtime.load(wasm, digest).await?;
        if let Some(described) = described {
            return Ok(Self::judge(origin, compiled, described, Schema::known)?);
        }
        let described = runtime
            .describe(&compiled, &Limits::default())
            .await
            .map_err(PluginError::Describe)?;
        let mut plugin = Self::judge(origin, compiled.clone(), described.clone(), Schema::new)?;
        plugin.compiled = runtime.keep(compiled, &described).await;
        Ok(plugin)
    }

    /// Whether it came from this file.
    #[must_use]
    pub fn is_of(&self, path: &Path) -> bool {
        matches!(&self.origin, Origin::File(file) if file == path)
    }

    /// What it asks for.
    #[must_use]
    pub fn asks(&self) -> Asks {
        let (imports, exports) = self.compiled.interfaces();
        Asks::of(&self.manifest, &imports, &exports)
    }

    fn judge(
        origin: Origin,
        compiled: Compiled,
        described: Value,
        schema: ReadSchema,
    ) -> Result<Self, ManifestError> {
        let manifest = Arc::new(manifest::read(described)?);
        let id = PluginId::new(&manifest.id).map_err(|e| ManifestError(vec![e.to_string()]))?;
        let settings = manifest.settings.as_ref().map(schema).transpose();
        let settings =
            settings.map_err(|error| ManifestError(vec![format!("`settings` {error}")]))?;
        let tools = tools(&manifest, schema)?;
        let resources = resources(&manifest, &compiled)?;
        Ok(Self {
            id,
            origin,
            manifest,
            settings,
            tools,
            resources,
            compiled,
            signed: None,
        })
    }
}

/// How a schema is read: compiled at once, or known to compile.
type ReadSchema = fn(&Value) -> Result<Schema, String>;

impl PluginTool {
    /// The declaration.
    #[must_use]
    pub fn declared(&self) -> &Tool {
        &self.manifest.tools[self.index]
    }
}

/// The tools with their schemas, or every schema that does not compile.
fn tools(
    manifest: &Arc<Manifest>,
    schema: ReadSchema,
) -> Result<Vec<Arc<PluginTool>>, ManifestError> {
    let mut problems = Vec::new();
    let mut tools = Vec::new();
    for (index, declared) in manifest.tools.iter().enumerate() {
        match plugin_tool(manifest, index, schema) {
            Ok(tool) => tools.push(Arc::new(tool)),
            Err(problem) => problems.push(format!("tool `{}`: {problem}", declared.name)),
        }
    }
    if problems.is_empty() {
        Ok(tools)
    } else {
        Err(ManifestError(problems))
    }
}

/// The resources of a component that exports what its manifest needs, and nothing that it does not.
fn resources(
    manifest: &Manifest,
    compiled: &Compiled,
) -> Result<Vec<Arc<PluginResource>>, ManifestError> {
    let mismatches: Vec<_> = Optional::ALL
        .into_iter()
        .filter_map(|export| mismatch(export, declares(manifest, export), compiled.offers(export)))
        .collect();
    if !mismatches.is_empty() {
        return Err(ManifestError(mismatches));
    }
    Ok(resource::read(manifest, compiled.is_fixture()).0)
}

/// Whether a manifest needs an optional export, and where it says so.
fn declares(manifest: &Manifest, export: Optional) -> (bool, &'static str) {
    match export {
        Optional::Resources => (!manifest.resources.is_empty(), "`resources`"),
        Optional::Prompts => (!manifest.prompts.is_empty(), "`prompts`"),
        Optional::Completion => (completes(manifest), "`completes` at a resource or prompt"),
        Optional::Interaction => (
            manifest.tools.iter().any(|tool| tool.asks),
            "a tool that `asks`",
        ),
    }
}

fn completes(manifest: &Manifest) -> bool {
    let resources = manifest.resources.iter().map(|one| &one.completes);
    let prompts = manifest.prompts.iter().map(|one| &one.completes);
    resources
        .chain(prompts)
        .any(|declared| !declared.is_empty())
}

fn mismatch(export: Optional, (declared, what): (bool, &str), offered: bool) -> Option<String> {
    let name = export.name();
    match (declared, offered) {
        (true, false) => Some(format!(
            "it declares {what}, and the component does not export portcullis:plugin/{name}; with the SDK, `export!(plugin, {name})` does"
        )),
        (false, true) => Some(format!(
            "the component exports portcullis:plugin/{name}, and the manifest declares no {what}",
            what = what.trim_start_matches("a ")
        )),
        _ => None,
    }
}

fn plugin_tool(
    manifest: &Arc<Manifest>,
    index: usize,
    schema: ReadSchema,
) -> Result<PluginTool, String> {
    let declared = &manifest.tools[index];
    let arguments =
        schema(&declared.input_schema).map_err(|error| format!("`input_schema` {error}"))?;
    let results =
        schema(&declared.output_schema).map_err(|error| format!("`output_schema` {error}"))?;
    let name = ToolName::new(&declared.name).map_err(|error| error.to_string())?;
    Ok(PluginTool {
        manifest: Arc::clone(manifest),
        index,
        name,
        listed_input: listed_input(declared, &arguments.text),
        listed_output: Arc::clone(&results.text),
        headers: names_key(&declared.input_schema, "x-mcp-header"),
        arguments,
        results,
    })
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

fn listed_input(declared: &Tool, schema: &Arc<Map<String, Value>>) -> Arc<Map<String, Value>> {
    if !declared.needs_confirmation() {
        return Arc::clone(schema);
    }
    let mut listed = Map::clone(schema);
    if let Value::Object(properties) = listed.entry("properties").or_insert_with(|| json!({})) {
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
    Arc::new(listed)
}
