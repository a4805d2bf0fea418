//! Tools: what a client sees, and the routes that each may use.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::route::{self, Route};

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
    /// Arguments with which the tool has another effect and other routes; the first that holds
    /// decides, and without one the tool's own effect and routes do. The tool's own effect is not
    /// milder than any case's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Case>,
    /// What MCP lists as the tool's `_meta`. Under `ui`, `resourceUri` is the `uri` of one of the
    /// manifest's pages, as it is written there; clients that show no pages are not told of `ui`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
    /// Whether it may have to ask the user something, so that it runs by `interaction.step` and not by
    /// `plugin.invoke`. Such a tool is neither destructive nor outward.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
    /// Whether it may work for longer than a client waits, so that clients that know tasks (MCP extension
    /// `io.modelcontextprotocol/tasks`) get one instead of having to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<Long>,
}

/// How a tool takes it that a client knows no tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Long {
    /// It then works while the client waits.
    Allowed,
    /// It then does not work at all.
    Required,
    /// It then does not work at all, and what its first step asks is asked before there is a task.
    Settled,
}

/// What a tool does when its arguments hold certain values. Judged by the host on the checked
/// arguments, before the plugin runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// JSON pointer into the arguments → values, compared with their type; all pointers have to
    /// hold. Null also stands for an argument that is absent.
    pub when: BTreeMap<String, Vec<Value>>,
    /// What it then does to the world.
    pub effect: Effect,
    /// What it may then send, and nothing else.
    pub routes: Vec<Route>,
    /// What its preview may then send; for destructive and outward cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preview_routes: Vec<Route>,
}

impl Case {
    /// Whether a call with these arguments is of this case.
    #[must_use]
    pub fn holds(&self, arguments: &Value) -> bool {
        route::unmet(&self.when, arguments).is_none()
    }
}

impl Tool {
    /// The case of a call with these arguments; none when the tool's own effect and routes count.
    #[must_use]
    pub fn case(&self, arguments: &Value) -> Option<&Case> {
        self.cases.iter().find(|case| case.holds(arguments))
    }

    /// Whether some call of it has to be confirmed.
    #[must_use]
    pub fn needs_confirmation(&self) -> bool {
        self.effects().into_iter().any(Effect::needs_confirmation)
    }

    /// Every effect that a call can have. The tool's own is among them unless it can only be had
    /// by calls that may send nothing.
    #[must_use]
    pub fn effects(&self) -> BTreeSet<Effect> {
        let own = (self.cases.is_empty() || !self.routes.is_empty()).then_some(self.effect);
        self.cases
            .iter()
            .map(|case| case.effect)
            .chain(own)
            .collect()
    }
}

/// A read-only self-test of a connection: `invoke("live_check", {"tools": […]})`, with the names of the
/// tools that the connection lists, answers
/// `{"findings":[{"level":"ok|warn|error","subject":"…","message":"…","suggestion":"…"}]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LiveCheck {
    /// What it may send; judged like the routes of a `read` tool.
    pub routes: Vec<Route>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(routes: &Value) -> Tool {
        serde_json::from_value(json!({
            "name": "run", "title": "", "description": "", "effect": "destructive",
            "input_schema": {}, "output_schema": {}, "routes": routes,
            "cases": [
                {"when": {"/action": ["note"]}, "effect": "write", "routes": []},
                {"when": {"/action": ["send"], "/dry": [true, null]}, "effect": "read", "routes": []},
            ]
        }))
        .unwrap()
    }

    #[test]
    fn the_first_case_whose_pointers_all_hold_decides() {
        let tool = tool(&json!([]));
        for (arguments, effect) in [
            (json!({"action": "note"}), Some(Effect::Write)),
            (json!({"action": "note", "dry": false}), Some(Effect::Write)),
            (json!({"action": "send", "dry": true}), Some(Effect::Read)),
            (json!({"action": "send"}), Some(Effect::Read)),
            (json!({"action": "send", "dry": null}), Some(Effect::Read)),
            (json!({"action": "send", "dry": false}), None),
            (json!({"action": "send", "dry": "true"}), None),
            (json!({"action": "Note"}), None),
            (json!({"action": ["note"]}), None),
            (json!({}), None),
        ] {
            assert_eq!(
                tool.case(&arguments).map(|case| case.effect),
                effect,
                "{arguments}"
            );
        }
    }

    #[test]
    fn the_own_effect_counts_where_something_can_be_sent() {
        let names = |tool: &Tool| {
            tool.effects()
                .into_iter()
                .map(Effect::as_str)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&tool(&json!([]))), ["read", "write"]);
        let own = json!([{"method": "POST", "path": "run"}]);
        assert_eq!(names(&tool(&own)), ["read", "write", "destructive"]);
        let plain = Tool {
            cases: Vec::new(),
            ..tool(&json!([]))
        };
        assert_eq!(names(&plain), ["destructive"]);
    }
}
