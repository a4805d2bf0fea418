//! Resources for rmcp: their lists, what was read, and a tool's metadata as a client may see it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_manifest::CONNECTION;
use rmcp::model::{
    CacheScope, ClientCapabilities, ErrorData, MetaObject, ReadResourceResult, Resource,
    ResourceContents, ResourceTemplate,
};
use serde_json::{Map, Value, json};

use super::{LIST_TTL_MS, untrusted};
use crate::call::Scope;
use crate::error::Kind;
use crate::reading::{Contents, Found, Read};
use crate::registry::{self, PAGE, Snapshot};

/// The extension with which clients say that they show pages (MCP Apps, 2026-01-26).
pub const EXTENSION: &str = "io.modelcontextprotocol/ui";

/// Whether a client shows pages of the type that there are.
pub fn shows_pages(client: Option<&ClientCapabilities>) -> bool {
    let extension = client.and_then(|client| client.extensions.as_ref()?.get(EXTENSION));
    let types = extension.and_then(|extension| extension.get("mimeTypes")?.as_array());
    types.is_some_and(|types| types.iter().any(|known| known == PAGE))
}

/// Whether there is a page to show.
pub fn has_pages(snapshot: &Snapshot) -> bool {
    let mut declared = snapshot.resources.iter().map(|r| &r.plugin.declared);
    declared.any(|declared| declared.mime_type == PAGE)
}

/// The resources with one address, in their fixed order.
pub fn listed(snapshot: &Snapshot, scope: &Scope) -> Vec<Resource> {
    reached(snapshot, scope)
        .filter(|resource| !resource.is_template())
        .map(|resource| {
            let declared = &resource.plugin.declared;
            let listed = Resource::new(resource.uri(), name(resource))
                .with_title(declared.title.clone())
                .with_description(declared.description.clone())
                .with_mime_type(declared.mime_type.clone());
            match meta(&declared.meta) {
                Some(meta) => listed.with_meta(meta),
                None => listed,
            }
        })
        .collect()
}

/// The templates, in their fixed order.
pub fn templates(snapshot: &Snapshot, scope: &Scope) -> Vec<ResourceTemplate> {
    reached(snapshot, scope)
        .filter(|resource| resource.is_template())
        .map(|resource| {
            let declared = &resource.plugin.declared;
            let listed = ResourceTemplate::new(resource.uri(), name(resource))
                .with_title(declared.title.clone())
                .with_description(declared.description.clone())
                .with_mime_type(declared.mime_type.clone());
            match meta(&declared.meta) {
                Some(meta) => listed.with_meta(meta),
                None => listed,
            }
        })
        .collect()
}

fn reached<'s>(
    snapshot: &'s Snapshot,
    scope: &Scope,
) -> impl Iterator<Item = &'s registry::Resource> {
    snapshot
        .resources
        .iter()
        .filter(move |resource| scope.covers(snapshot, &resource.connection))
        .map(AsRef::as_ref)
}

fn name(resource: &registry::Resource) -> String {
    let connection = &resource.connection.config.name;
    format!("{connection}_{}", resource.plugin.declared.name)
}

/// What was read, or an error of the protocol: a reading has no result that is an error.
pub fn result(read: Read, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let not_found =
        |message: String| ErrorData::resource_not_found(message, Some(json!({"uri": uri})));
    match read {
        Err(unknown) => Err(not_found(unknown.to_string())),
        Ok(Ok(found)) => Ok(contents(found, uri)),
        Ok(Err(error)) => Err(match error.kind {
            Kind::NotFound => not_found(error.message.clone()),
            // What is not this caller's is no fault of the server's.
            Kind::BadInput | Kind::Forbidden => {
                ErrorData::invalid_params(error.message.clone(), Some(error.to_json()))
            }
            _ => ErrorData::internal_error(error.message.clone(), Some(error.to_json())),
        }),
    }
}

fn contents(found: Found, uri: &str) -> ReadResourceResult {
    let declared = &found.resource.plugin.declared;
    let contents = match found.contents {
        Contents::Text(text) => ResourceContents::text(text, uri),
        Contents::Bytes(bytes) => ResourceContents::blob(BASE64_STANDARD.encode(bytes), uri),
    };
    let contents = contents.with_mime_type(declared.mime_type.clone());
    let contents = match meta(&marked(declared)) {
        Some(meta) => contents.with_meta(meta),
        None => contents,
    };
    // What can send nothing changes with its plugin and its settings alone; a record at any time.
    let ttl_ms = if declared.routes.is_empty() {
        LIST_TTL_MS
    } else {
        0
    };
    ReadResourceResult::new(vec![contents])
        .with_ttl_ms(ttl_ms)
        .with_cache_scope(CacheScope::Private)
}

/// The declared metadata; what is read of the CRM is marked.
fn marked(declared: &portcullis_manifest::Resource) -> Map<String, Value> {
    let mut members = declared.meta.clone();
    if !declared.routes.is_empty() {
        members.insert(untrusted::KEY.to_owned(), true.into());
    }
    members
}

/// A tool's `_meta` for a client: without `ui` where it shows no pages, else with the page's address on
/// the tool's connection. A client lets a page call every tool of its server that does not say
/// otherwise, other connections' too, so a tool that says nothing is for the model alone.
pub fn of_tool(tool: &registry::Tool, pages: bool) -> Option<MetaObject> {
    let mut members = tool.plugin.declared().meta.clone();
    if !pages {
        members.remove("ui");
    } else if let Value::Object(ui) = members.entry("ui").or_insert_with(|| json!({})) {
        ui.entry("visibility").or_insert_with(|| json!(["model"]));
    }
    let page = members
        .get_mut("ui")
        .and_then(|ui| ui.get_mut("resourceUri"));
    if let Some(Value::String(uri)) = page {
        *uri = uri.replacen(CONNECTION, tool.connection.config.name.as_str(), 1);
    }
    meta(&members)
}

/// Whether a tool is for pages alone, and therefore for no client that shows none.
pub fn is_for_pages(tool: &registry::Tool) -> bool {
    let ui = tool.plugin.declared().meta.get("ui");
    let visibility = ui.and_then(|ui| ui.get("visibility")?.as_array());
    visibility.is_some_and(|callers| !callers.iter().any(|caller| caller == "model"))
}

fn meta(members: &Map<String, Value>) -> Option<MetaObject> {
    (!members.is_empty()).then(|| MetaObject::from(members.clone()))
}
