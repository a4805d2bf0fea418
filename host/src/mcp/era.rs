//! What differs between the revisions and rmcp leaves to the handler: who answered, which fields a
//! client knows, and how a request that could not be read is refused.
//!
//! Source: MCP 2026-07-28, base protocol and changelogs of 2025-06-18 and 2025-11-25 (2026-11-20).

use std::sync::LazyLock;

use rmcp::model::{
    CacheScope, CallToolResult, ContentBlock, CustomRequest, ErrorCode, ErrorData, Implementation,
    ListToolsResult, MetaObject, ProtocolVersion,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::blocks;

/// The member of a result's metadata that names who answered; every result of 2026-07-28 has it.
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// Methods that are served with parameters of their own, in every revision.
const SERVED: [&str; 8] = [
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "completion/complete",
];

/// Methods of 2026-07-28 alone.
const SERVED_WITHOUT_HANDSHAKE: [&str; 2] = ["server/discover", "subscriptions/listen"];

static SIGNATURE: LazyLock<Option<Value>> =
    LazyLock::new(|| serde_json::to_value(implementation()).ok());

/// This server, as it names itself.
pub fn implementation() -> Implementation {
    Implementation::new("portcullis", env!("CARGO_PKG_VERSION")).with_title("Portcullis")
}

/// The revision that a request is answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Era {
    /// 2025-03-26: no structured content, no schemas of results, no links to resources.
    TextOnly,
    /// 2025-06-18 and 2025-11-25.
    Handshake,
    /// 2026-07-28.
    Stateless,
}

impl Era {
    /// The era of a request.
    pub fn of(context: &RequestContext<RoleServer>) -> Self {
        let revision = context.protocol_version();
        revision.map_or(Self::Handshake, |revision| Self::at(&revision))
    }

    // Revisions are dates, which compare as text.
    fn at(revision: &ProtocolVersion) -> Self {
        let at_least = |from: &ProtocolVersion| revision.as_str() >= from.as_str();
        if at_least(&ProtocolVersion::V_2026_07_28) {
            Self::Stateless
        } else if at_least(&ProtocolVersion::V_2025_06_18) {
            Self::Handshake
        } else {
            Self::TextOnly
        }
    }

    /// Whether results carry structured content beside their text.
    pub fn has_structure(self) -> bool {
        self != Self::TextOnly
    }

    /// Says who answered, to clients that have not been told in a handshake.
    pub fn sign(self, meta: &mut Option<MetaObject>) {
        if let (Self::Stateless, Some(signature)) = (self, SIGNATURE.as_ref()) {
            let meta = meta.get_or_insert_default();
            meta.insert(SERVER_INFO.to_owned(), signature.clone());
        }
    }

    /// Takes out how long a client may keep a result, where its revision does not know that.
    pub fn hints(self, ttl_ms: &mut Option<u64>, scope: &mut Option<CacheScope>) {
        if self != Self::Stateless {
            (*ttl_ms, *scope) = (None, None);
        }
    }

    /// A result without what the client's revision does not know; the text says the same.
    pub fn result(self, mut result: CallToolResult) -> CallToolResult {
        if !self.has_structure() {
            result.structured_content = None;
            for block in &mut result.content {
                blocks::without_links(block);
            }
        }
        self.sign(&mut result.meta);
        result
    }

    /// A block without what the client's revision does not know.
    pub fn block(self, mut block: ContentBlock) -> ContentBlock {
        if self == Self::TextOnly {
            blocks::without_links(&mut block);
        }
        block
    }

    /// A list without what the client's revision does not know.
    pub fn list(self, mut list: ListToolsResult) -> ListToolsResult {
        if self == Self::TextOnly {
            for tool in &mut list.tools {
                tool.output_schema = None;
                tool.title = None;
            }
        }
        self.hints(&mut list.ttl_ms, &mut list.cache_scope);
        self.sign(&mut list.meta);
        list
    }

    /// What a request gets that rmcp could not read as any it knows: a method that is served was
    /// sent with parameters that do not fit it.
    pub fn unread(self, request: &CustomRequest) -> ErrorData {
        let method = request.method.as_str();
        let served = SERVED.contains(&method)
            || (self == Self::Stateless && SERVED_WITHOUT_HANDSHAKE.contains(&method));
        if served {
            let told = format!("{method}: {}", unfit(request.params.as_ref()));
            return ErrorData::invalid_params(told, None);
        }
        ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method.clone(), None)
    }
}

/// What is wrong with parameters, as far as all methods have them in common.
fn unfit(params: Option<&Value>) -> &'static str {
    let Some(params) = params else {
        return "`params` are missing";
    };
    let wrong =
        |key: &str, fits: fn(&Value) -> bool| params.get(key).is_some_and(|value| !fits(value));
    if wrong("name", Value::is_string) {
        "`name` has to be text"
    } else if wrong("arguments", Value::is_object) {
        "`arguments` has to be an object"
    } else if wrong("_meta", Value::is_object) {
        "`_meta` has to be an object"
    } else {
        "the parameters do not fit, or one that is needed is missing"
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::Tool;
    use serde_json::json;

    use super::*;

    #[test]
    fn revisions() {
        for (revision, era) in [
            (ProtocolVersion::V_2025_03_26, Era::TextOnly),
            (ProtocolVersion::V_2025_06_18, Era::Handshake),
            (ProtocolVersion::V_2025_11_25, Era::Handshake),
            (ProtocolVersion::V_2026_07_28, Era::Stateless),
        ] {
            assert_eq!(Era::at(&revision), era);
        }
    }

    #[test]
    fn only_stateless_clients_are_told_who_answered() {
        for (era, told) in [
            (Era::TextOnly, false),
            (Era::Handshake, false),
            (Era::Stateless, true),
        ] {
            let result = era.result(CallToolResult::success(Vec::new()));
            let name = result.meta.and_then(|meta| meta.get(SERVER_INFO).cloned());
            assert_eq!(name.is_some_and(|info| info["name"] == "portcullis"), told);
        }
    }

    #[test]
    fn the_first_revision_is_told_in_text_alone() {
        let schema = json!({"type": "object"}).as_object().cloned().unwrap();
        let tool = Tool::new("t", "d", schema.clone())
            .with_title("T")
            .with_raw_output_schema(schema.into());
        for (era, known) in [(Era::TextOnly, false), (Era::Handshake, true)] {
            let list = era.list(ListToolsResult::with_all_items(vec![tool.clone()]));
            assert_eq!(list.tools[0].output_schema.is_some(), known);
            assert_eq!(list.tools[0].title.is_some(), known);
            let mut result = CallToolResult::structured(json!({"a": 1}));
            result = era.result(result);
            assert_eq!(result.structured_content.is_some(), known);
            assert!(matches!(result.content[..], [ContentBlock::Text(_)]));
        }
    }

    #[test]
    fn unread_requests() {
        let code = |era: Era, method: &str| era.unread(&CustomRequest::new(method, None)).code;
        for era in [Era::Handshake, Era::Stateless] {
            assert_eq!(code(era, "tools/call"), ErrorCode::INVALID_PARAMS);
            assert_eq!(code(era, "ping"), ErrorCode::METHOD_NOT_FOUND);
            assert_eq!(code(era, "unheard/of"), ErrorCode::METHOD_NOT_FOUND);
        }
        let said = |params: Value| {
            let request = CustomRequest::new("tools/call", Some(params));
            Era::Stateless.unread(&request).message.into_owned()
        };
        assert_eq!(
            said(json!({"name": 5})),
            "tools/call: `name` has to be text"
        );
        assert_eq!(
            said(json!({"name": "x", "arguments": []})),
            "tools/call: `arguments` has to be an object"
        );
        let listen = "subscriptions/listen";
        assert_eq!(code(Era::Stateless, listen), ErrorCode::INVALID_PARAMS);
        assert_eq!(code(Era::Handshake, listen), ErrorCode::METHOD_NOT_FOUND);
    }
}
