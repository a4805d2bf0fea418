//! Resources: what can be read beside the tools, and the routes that a reading may use.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Completes, Route};

/// Where the host writes the connection's name into a `uri`.
pub const CONNECTION: &str = "{connection}";

/// Something that clients can read by its address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// `[a-z][a-z0-9_]{0,39}`, unique among the plugin's resources and tools.
    pub name: String,
    /// Its address, `<scheme>://{connection}/<segments>`, e.g. `ui://{connection}/task-list`. Further
    /// placeholders, `{name}`, stand for one segment each and make it a template.
    pub uri: String,
    /// A few words for people.
    pub title: String,
    /// What it holds, for a model.
    pub description: String,
    /// The media type of its contents, e.g. `text/html;profile=mcp-app`.
    pub mime_type: String,
    /// JSON Schema (2020-12) of what the placeholders caught, an object of texts; for templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Value>,
    /// What MCP tells as its `_meta`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
    /// For which placeholders values are offered while a user fills them in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub completes: Vec<Completes>,
    /// What reading it may send; judged like the routes of a `read` tool. Pointers of matchers point
    /// into what the placeholders caught.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
}
