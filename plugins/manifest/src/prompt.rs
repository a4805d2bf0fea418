//! Prompts of a plugin's own, and arguments for which it offers values.

use serde::{Deserialize, Serialize};

use crate::Route;

/// A prompt that clients offer their users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// `[a-z][a-z0-9_]{0,39}`, unique among the plugin's prompts and tools.
    pub name: String,
    /// A few words for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// What the user fills in, texts all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<PromptArgument>,
    /// For which arguments values are offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub completes: Vec<Completes>,
    /// What getting it may send; judged like the routes of a `read` tool. Pointers of matchers point
    /// into the arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
}

/// What a user fills in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// What belongs there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the prompt needs it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

/// Arguments for which the plugin offers values while they are typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Completes {
    /// Names of arguments, or of placeholders of a resource's address.
    pub arguments: Vec<String>,
    /// What finding the values may send; judged like the routes of a `read` tool. Pointers of matchers
    /// point into the arguments that are known, the one that is being typed among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
}
