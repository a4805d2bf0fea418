//! Tools: what a client sees, and the routes that each may use.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Route;

/// What a tool does to the world; policy and confirmation follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes records in a way that a next call can undo.
    Write,
    /// Cannot be undone by the next call: delete, merge, convert, mass changes.
    Destructive,
    /// Reaches a person outside: sends a mail, an invoice.
    Outward,
}

impl Effect {
    /// The word used in manifests, configuration and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destructive => "destructive",
            Self::Outward => "outward",
        }
    }

    /// Whether the host asks for a preview and a confirmation first.
    #[must_use]
    pub const fn needs_confirmation(self) -> bool {
        matches!(self, Self::Destructive | Self::Outward)
    }
}

/// One tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `[a-z][a-z0-9_]{0,39}`, unique in the plugin.
    pub name: String,
    /// A few words for people.
    pub title: String,
    /// What it does, for a model.
    pub description: String,
    /// What it does to the world.
    pub effect: Effect,
    /// Whether calling it twice with the same arguments has the effect of calling it once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// Further names under which it can be called; they are not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// JSON Schema (2020-12) of the arguments, an object schema.
    pub input_schema: Value,
    /// JSON Schema (2020-12) of the result, an object schema.
    pub output_schema: Value,
    /// What it may send.
    pub routes: Vec<Route>,
    /// What its preview may send; for destructive and outward tools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preview_routes: Vec<Route>,
}

/// A read-only self-test of a connection: `invoke("live_check", {})` answers
/// `{"findings":[{"level":"ok|warn|error","subject":"…","message":"…","suggestion":"…"}]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LiveCheck {
    /// What it may send; judged like the routes of a `read` tool.
    pub routes: Vec<Route>,
}
