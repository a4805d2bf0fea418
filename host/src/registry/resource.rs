//! A resource that a client can read: a plugin's resource on a connection, with what policy granted.
//!
//! Owns what makes a manifest's resources acceptable, but for their routes, which `policy` judges.

use std::sync::Arc;

use portcullis_manifest::{self as manifest, Manifest};
use serde_json::{Map, Value};

use super::Connection;
use super::completes::{self, Completes};
use super::uri::Uri;
use crate::names::ToolName;
use crate::policy::{GrantError, ResourceGrant};
use crate::schema::Schema;

/// More resources than any plugin needs; templates stand for any number of records.
const MOST_RESOURCES: usize = 50;

/// The media type of a page that a client shows with a tool's result (MCP Apps, 2026-01-26).
pub const PAGE: &str = "text/html;profile=mcp-app";

/// One readable resource, or a template of them.
pub struct Resource {
    /// The connection it is read on.
    pub connection: Arc<Connection>,
    /// What its plugin declares.
    pub plugin: Arc<PluginResource>,
    /// The verdict of the operator's rule; one whose grant is not open is not there.
    pub grant: ResourceGrant,
    /// What completes.
    pub completes: Vec<Completes>,
}

/// A resource as its plugin declares it.
pub struct PluginResource {
    /// The declaration.
    pub declared: manifest::Resource,
    /// Its address.
    pub uri: Uri,
    /// What placeholders have to catch; none without placeholders.
    pub arguments: Option<Schema>,
}

impl Resource {
    /// What the operator's rule makes of a resource on a connection.
    ///
    /// # Errors
    /// One of its routes is malformed, which the manifest's judgement prevents.
    pub fn new(
        connection: &Arc<Connection>,
        plugin: &Arc<PluginResource>,
    ) -> Result<Self, GrantError> {
        let name = &connection.config.name;
        Ok(Self {
            connection: Arc::clone(connection),
            plugin: Arc::clone(plugin),
            grant: ResourceGrant::meet(name, &plugin.declared, &connection.rule)?,
            completes: {
                let declared = &plugin.declared;
                Completes::meet(connection, &declared.name, &declared.completes)?
            },
        })
    }

    /// Whether its address has placeholders.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.plugin.uri.placeholders().next().is_some()
    }

    /// Its address on its connection, or its template.
    #[must_use]
    pub fn uri(&self) -> String {
        self.plugin.uri.on(self.connection.config.name.as_str())
    }

    /// What its placeholders catch of an address; nothing where it is another one.
    #[must_use]
    pub fn catch(&self, uri: &str) -> Option<Map<String, Value>> {
        let name = self.connection.config.name.as_str();
        self.plugin.uri.catch(name, uri)
    }
}

/// A manifest's resources with their addresses read and their schemas compiled, and every problem of
/// them and of the tools' pages.
pub fn read(manifest: &Manifest, fixture: bool) -> (Vec<Arc<PluginResource>>, Vec<String>) {
    let (mut resources, mut problems) = (Vec::new(), Vec::new());
    if manifest.resources.len() > MOST_RESOURCES {
        problems.push(format!(
            "it declares {} resources, at most {MOST_RESOURCES} are taken",
            manifest.resources.len()
        ));
        return (resources, problems);
    }
    for (at, declared) in manifest.resources.iter().enumerate() {
        let mut tell =
            |what: String| problems.push(format!("resource `{}`: {what}", declared.name));
        let before = &manifest.resources[..at];
        names(declared, before, manifest)
            .into_iter()
            .for_each(&mut tell);
        match resource(declared) {
            Ok(mut resource) => {
                if fixture {
                    resource.uri = resource.uri.bare();
                }
                resources.push(Arc::new(resource));
            }
            Err(what) => tell(what),
        }
    }
    for tool in &manifest.tools {
        let faults = meta_faults(&tool.meta).into_iter();
        let faults = faults.chain(page_fault(tool, manifest));
        problems.extend(faults.map(|what| format!("tool `{}`: {what}", tool.name)));
    }
    (resources, problems)
}

fn names(
    declared: &manifest::Resource,
    before: &[manifest::Resource],
    manifest: &Manifest,
) -> Vec<String> {
    let mut faults = meta_faults(&declared.meta);
    faults.extend(ToolName::new(&declared.name).err().map(|e| e.to_string()));
    if before.iter().any(|other| other.name == declared.name) {
        faults.push("two resources have this name".to_owned());
    }
    if before.iter().any(|other| other.uri == declared.uri) {
        faults.push("another resource has the same `uri`".to_owned());
    }
    let named_so =
        |tool: &manifest::Tool| tool.name == declared.name || tool.aliases.contains(&declared.name);
    if manifest.tools.iter().any(named_so) {
        faults.push(
            "a tool has this name, and the operator's `tools` could not tell them apart".to_owned(),
        );
    }
    faults
}

fn resource(declared: &manifest::Resource) -> Result<PluginResource, String> {
    let uri = Uri::parse(&declared.uri).map_err(|error| format!("`uri` {error}"))?;
    let arguments = declared.input_schema.as_ref().map(Schema::new).transpose();
    let arguments = arguments.map_err(|error| format!("`input_schema` {error}"))?;
    if uri.placeholders().next().is_some() != arguments.is_some() {
        return Err("`input_schema` belongs to templates, and every template has one".to_owned());
    }
    let names: Vec<&str> = uri.placeholders().collect();
    if let Some(fault) = completes::faults(&declared.completes, &names)
        .into_iter()
        .next()
    {
        return Err(fault);
    }
    Ok(PluginResource {
        declared: declared.clone(),
        uri,
        arguments,
    })
}

/// Keys that MCP keeps for itself (2026-07-28, base protocol, `_meta`): a prefix whose second label is
/// `modelcontextprotocol` or `mcp`.
fn meta_faults(meta: &Map<String, Value>) -> Vec<String> {
    let is_reserved = |key: &&String| {
        let prefix = key.split_once('/').map(|(prefix, _)| prefix);
        let second = prefix.and_then(|prefix| prefix.split('.').nth(1));
        matches!(second, Some("modelcontextprotocol" | "mcp"))
    };
    let reserved = meta.keys().filter(is_reserved);
    reserved
        .map(|key| format!("`meta` holds `{key}`, which belongs to the protocol"))
        .collect()
}

fn page_fault(tool: &manifest::Tool, manifest: &Manifest) -> Option<String> {
    let Some(ui) = tool.meta.get("ui")?.as_object() else {
        return Some("`meta.ui` is no JSON object".to_owned());
    };
    let page = ui.get("resourceUri")?;
    let is_it = |resource: &&manifest::Resource| *page == resource.uri.as_str();
    let found = manifest.resources.iter().find(is_it);
    let fits = found.is_some_and(|r| r.mime_type == PAGE && r.uri.starts_with("ui://"));
    (!fits).then(|| {
        format!("`meta.ui.resourceUri` is no resource of this manifest with the scheme `ui` and the type `{PAGE}`")
    })
}
