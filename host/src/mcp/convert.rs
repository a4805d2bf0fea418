//! Our types to rmcp's.

use std::sync::Arc;

use rmcp::model::{CallToolResult, ContentBlock, ProtocolVersion, Tool, ToolAnnotations};
use serde_json::Value;

use crate::call::{Answered, Scope};
use crate::error::ToolError;
use portcullis_manifest::Effect;

use super::{blocks, compact, resources, table, untrusted};
use crate::registry::{self, Connection, Snapshot};

/// The revisions that this server speaks, newest first.
pub const VERSIONS: &[ProtocolVersion] = &[
    ProtocolVersion::V_2026_07_28,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_03_26,
];

/// Those that begin with a handshake, with the one in which HTTP+SSE was the transport.
pub const HANDSHAKE_VERSIONS: &[ProtocolVersion] = &[
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2024_11_05,
];

/// The list that a client sees, in its fixed order; `pages` says whether there are pages and it
/// shows them.
pub fn tools(snapshot: &Snapshot, scope: &Scope, pages: bool) -> Vec<Tool> {
    let reached = snapshot
        .listed
        .iter()
        .filter(|tool| scope.covers(snapshot, &tool.connection))
        .filter(|tool| pages || !resources::is_for_pages(tool));
    let mut tools = Vec::new();
    let mut compact: Option<&Arc<Connection>> = None;
    for tool in reached {
        if !tool.connection.is_compact() {
            tools.push(shown(tool, pages));
        } else if !compact.is_some_and(|known| Arc::ptr_eq(known, &tool.connection)) {
            compact = Some(&tool.connection);
            tools.extend(compact::tools(snapshot, &tool.connection));
        }
    }
    tools
}

/// A tool as its own connection lists it, whatever else that shows.
pub fn shown(tool: &registry::Tool, pages: bool) -> Tool {
    let listed = listed(tool, tool.listed_name.clone());
    match resources::of_tool(tool, pages) {
        Some(meta) => listed.with_meta(meta),
        None => listed,
    }
}

/// One tool by its listed name or an alias.
pub fn tool(snapshot: &Snapshot, name: &str) -> Option<Tool> {
    if let Some(tool) = snapshot.find(name) {
        return tool.grant.is_open().then(|| listed(tool, name.to_owned()));
    }
    let (_, connection) = snapshot.guide(name)?;
    let mut guides = compact::tools(snapshot, connection).into_iter();
    guides.find(|tool| tool.name == name)
}

fn listed(tool: &registry::Tool, name: String) -> Tool {
    let declared = tool.plugin.declared();
    Tool::new(
        name,
        declared.description.clone(),
        Arc::clone(&tool.plugin.listed_input),
    )
    .with_title(declared.title.clone())
    .with_raw_output_schema(Arc::clone(&tool.plugin.listed_output))
    .with_annotations(annotations(
        &declared.title,
        declared.effect,
        declared.idempotent,
    ))
}

/// Hints that follow the effect.
fn annotations(title: &str, effect: Effect, idempotent: bool) -> ToolAnnotations {
    ToolAnnotations::with_title(title)
        .read_only(effect == Effect::Read)
        .destructive(effect.needs_confirmation())
        .idempotent(idempotent || effect == Effect::Read)
        .open_world(true)
}

/// An answer of this server's own, in which nobody else's text stands.
pub fn own(answer: Result<Value, ToolError>) -> CallToolResult {
    let mut result = result(answer.map(Answered::from), Text::Json);
    result.meta = None;
    result
}

/// How the text of a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// As the JSON that it is.
    Json,
    /// As a table.
    Table,
}

/// The answer to a call: structured content and the same as text with the tool's blocks behind it, or an
/// error as text alone, because clients validate structured content against the output schema even
/// then.
pub fn result(result: Result<Answered, ToolError>, text: Text) -> CallToolResult {
    match result {
        Ok(answered) => {
            let table = (text == Text::Table)
                .then(|| table::written(&answered.value))
                .flatten();
            let text = || table.unwrap_or_else(|| answered.value.to_string());
            let first = (!answered.plain).then(|| ContentBlock::text(text()));
            let mut result = CallToolResult::success(first.into_iter().collect());
            result.meta = untrusted::mark(&answered.value);
            result.structured_content = Some(answered.value);
            let more = answered.blocks.into_iter().map(blocks::block);
            result.content.extend(more);
            result
        }
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_json().to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use serde_json::json;

    #[test]
    fn success_is_said_twice_and_failure_once() {
        let good = result(Ok(json!({"amount": 1}).into()), Text::Table);
        assert_eq!(good.structured_content, Some(json!({"amount": 1})));
        assert_eq!(good.content.len(), 1);
        let bad = result(Err(ToolError::new(Kind::NotFound, "X", "y")), Text::Table);
        assert_eq!((bad.structured_content, bad.is_error), (None, Some(true)));
    }

    #[test]
    fn hints_follow_the_effect() {
        for (effect, read_only, destructive) in [
            (Effect::Read, true, false),
            (Effect::Write, false, false),
            (Effect::Destructive, false, true),
            (Effect::Outward, false, true),
        ] {
            let hints = annotations("t", effect, false);
            assert_eq!(hints.read_only_hint, Some(read_only));
            assert_eq!(hints.destructive_hint, Some(destructive));
        }
    }
}
