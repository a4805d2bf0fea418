//! What policy allows of one tool on one connection: the manifest met with the operator's file.
//!
//! Owns the intersection. A grant is never wider than either side: the manifest alone says what a
//! tool may send, the operator alone whether it may run. It must not know calls or callers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_manifest::{Case, Effect, LiveCheck, Route, Tool};
use serde_json::Value;

use super::filter::ToolFilter;
use super::mandate::Mandate;
use super::route::{RouteError, RouteSet};
use crate::names::{ConnectionName, NameError, ToolName};

/// The name under which a plugin's self-test runs; no tool of a client.
pub const LIVE_CHECK: &str = "live_check";

/// What the operator's file says of one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// `allow`: the effects that tools may have.
    pub allow: BTreeSet<Effect>,
    /// `tools`.
    pub tools: ToolFilter,
    /// `confirm`.
    pub confirm: ConfirmRule,
}

/// Which evidence of a confirmation the operator accepts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConfirmRule {
    /// `confirm = "token"`: a person's answer, a token, or the call repeated after its preview.
    #[default]
    Any,
    /// `confirm = "human"`: a person's answer alone.
    Human,
}

/// One tool on one connection, with the verdict on it.
#[derive(Debug, Clone)]
pub struct Grant {
    pub(super) connection: ConnectionName,
    pub(super) tool: ToolName,
    pub(super) effect: Effect,
    pub(super) kind: Kind,
    pub(super) routes: Arc<RouteSet>,
    pub(super) preview_routes: Arc<RouteSet>,
    pub(super) rule: Arc<Rule>,
    /// Arguments with which the tool has another effect and other routes.
    cases: Arc<[GrantedCase]>,
    /// The case that this grant was narrowed to, in the manifest's words.
    pub(super) case: Option<Arc<str>>,
}

/// One of a tool's cases, compiled.
#[derive(Debug)]
struct GrantedCase {
    declared: Case,
    words: Arc<str>,
    routes: Arc<RouteSet>,
    preview_routes: Arc<RouteSet>,
}

/// What is being run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tool that a client called.
    Tool,
    /// The plugin's self-test, which the operator runs.
    LiveCheck,
}

/// A tool that cannot be granted at all; a manifest that `judge` accepted has none.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// Its name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// One of its routes.
    #[error("tool `{tool}`: {error}")]
    Route {
        /// The tool.
        tool: String,
        /// What is wrong.
        error: RouteError,
    },
}

impl Grant {
    /// The manifest's tool, as far as the operator's rule lets it.
    ///
    /// # Errors
    /// The tool's name or one of its routes is malformed.
    pub fn meet(
        connection: &ConnectionName,
        tool: &Tool,
        rule: &Arc<Rule>,
    ) -> Result<Self, GrantError> {
        let compile = |routes: &[Route]| {
            RouteSet::compile(routes)
                .map(Arc::new)
                .map_err(|error| GrantError::Route {
                    tool: tool.name.clone(),
                    error,
                })
        };
        let case = |case: &Case| -> Result<GrantedCase, GrantError> {
            Ok(GrantedCase {
                words: words(case).into(),
                routes: compile(&case.routes)?,
                preview_routes: compile(&case.preview_routes)?,
                declared: case.clone(),
            })
        };
        Ok(Self {
            connection: connection.clone(),
            tool: ToolName::new(&tool.name)?,
            effect: tool.effect,
            kind: Kind::Tool,
            routes: compile(&tool.routes)?,
            preview_routes: compile(&tool.preview_routes)?,
            rule: Arc::clone(rule),
            cases: tool.cases.iter().map(case).collect::<Result<_, _>>()?,
            case: None,
        })
    }

    /// The grant of one call: where the arguments make one of the tool's cases, the case's effect
    /// and routes and nothing of the tool's own.
    #[must_use]
    pub fn for_call(&self, arguments: &Value) -> Cow<'_, Self> {
        if self.cases.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut narrowed = self.clone();
        narrowed.cases = Arc::default();
        if let Some(case) = self
            .cases
            .iter()
            .find(|case| case.declared.holds(arguments))
        {
            narrowed.effect = case.declared.effect;
            narrowed.routes = Arc::clone(&case.routes);
            narrowed.preview_routes = Arc::clone(&case.preview_routes);
            narrowed.case = Some(Arc::clone(&case.words));
        }
        Cow::Owned(narrowed)
    }

    /// The plugin's self-test: its own routes, and always open, since it reads and the operator
    /// alone can run it.
    ///
    /// # Errors
    /// One of its routes is malformed.
    pub fn live_check(connection: &ConnectionName, check: &LiveCheck) -> Result<Self, GrantError> {
        let routes = RouteSet::compile(&check.routes).map_err(|error| GrantError::Route {
            tool: LIVE_CHECK.to_owned(),
            error,
        })?;
        Ok(Self {
            connection: connection.clone(),
            tool: ToolName::new(LIVE_CHECK)?,
            effect: Effect::Read,
            kind: Kind::LiveCheck,
            routes: Arc::new(routes),
            preview_routes: Arc::default(),
            rule: Arc::default(),
            cases: Arc::default(),
            case: None,
        })
    }

    /// Whether the tool may run at all; a tool that may not is not listed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.kind == Kind::LiveCheck || (self.effect_allowed() && self.name_allowed())
    }

    /// Whether it may run for a caller; one that may not is not listed for them.
    #[must_use]
    pub fn is_open_to(&self, mandate: &Mandate) -> bool {
        self.is_open()
            && mandate.reaches(self.connection.as_str())
            && mandate.names(self.tool.as_str())
            && self.effect_given(mandate)
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &ConnectionName {
        &self.connection
    }

    /// The tool, as its plugin names it.
    #[must_use]
    pub fn tool(&self) -> &ToolName {
        &self.tool
    }

    /// What the tool does to the world.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether some call of it may run as far as effects go. Its own effect counts where a call that
    /// is of no case can send something.
    pub(super) fn effect_allowed(&self) -> bool {
        self.some_effect(|effect| self.rule.allow.contains(&effect))
    }

    /// The same where the caller needs it of their mandate as well.
    pub(super) fn effect_given(&self, mandate: &Mandate) -> bool {
        self.some_effect(|effect| self.rule.allow.contains(&effect) && mandate.allows(effect))
    }

    fn some_effect(&self, allows: impl Fn(Effect) -> bool) -> bool {
        let own = self.cases.is_empty() || !self.routes.is_empty();
        (own && allows(self.effect)) || self.cases.iter().any(|c| allows(c.declared.effect))
    }

    pub(super) fn name_allowed(&self) -> bool {
        self.rule.tools.matches(self.tool.as_str())
    }
}

/// A case for messages, e.g. ``with `/action` "send"``: words of the manifest, none of a call.
fn words(case: &Case) -> String {
    let conditions = case.when.iter().map(|(pointer, values)| {
        let values: Vec<_> = values.iter().map(Value::to_string).collect();
        format!("`{pointer}` {}", values.join(" or "))
    });
    format!("with {}", conditions.collect::<Vec<_>>().join(" and "))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    pub(crate) fn tool(name: &str, effect: Effect) -> Tool {
        serde_json::from_value(json!({
            "name": name, "title": "", "description": "", "effect": effect,
            "input_schema": {}, "output_schema": {},
            "routes": [{ "method": "DELETE", "path": "{e}/{id}" }],
            "preview_routes": [{ "method": "GET", "path": "{e}/{id}" }]
        }))
        .unwrap()
    }

    pub(crate) fn grant(name: &str, effect: Effect, rule: Rule) -> Grant {
        let connection = ConnectionName::new("sales").unwrap();
        Grant::meet(&connection, &tool(name, effect), &Arc::new(rule)).unwrap()
    }

    pub(crate) fn any_effect() -> impl Strategy<Value = Effect> {
        prop::sample::select(vec![
            Effect::Read,
            Effect::Write,
            Effect::Destructive,
            Effect::Outward,
        ])
    }

    pub(crate) fn any_rule() -> impl Strategy<Value = Rule> {
        let allow = prop::collection::btree_set(any_effect(), 0..5);
        let tools = prop::collection::vec("!?[ab*]{1,3}", 0..4);
        let tools = tools.prop_filter_map("a list", |list| ToolFilter::parse(&list).ok());
        (allow, tools, any::<bool>()).prop_map(|(allow, tools, human)| Rule {
            allow,
            tools,
            confirm: if human {
                ConfirmRule::Human
            } else {
                ConfirmRule::Any
            },
        })
    }

    #[test]
    fn a_self_test_is_always_open_and_reads() {
        let check: LiveCheck =
            serde_json::from_value(json!({ "routes": [{ "method": "GET", "path": "App/user" }] }))
                .unwrap();
        let grant = Grant::live_check(&ConnectionName::new("sales").unwrap(), &check).unwrap();
        assert!(grant.is_open());
        assert_eq!(grant.effect(), Effect::Read);
        assert_eq!((grant.routes.len(), grant.preview_routes.len()), (1, 0));
    }

    #[test]
    fn a_call_has_the_effect_and_the_routes_of_its_case_alone() {
        let mut declared = tool("run", Effect::Destructive);
        declared.cases = serde_json::from_value(json!([
            { "when": { "/action": ["note"] }, "effect": "write", "routes": [{ "method": "POST", "path": "notes" }] },
            { "when": { "/dry": [true, null] }, "effect": "read", "routes": [] }
        ]))
        .unwrap();
        let of = |allow: &[Effect], declared: &Tool| {
            let rule = Rule {
                allow: allow.iter().copied().collect(),
                ..Rule::default()
            };
            Grant::meet(
                &ConnectionName::new("sales").unwrap(),
                declared,
                &Arc::new(rule),
            )
            .unwrap()
        };
        let grant = of(&[Effect::Write], &declared);
        assert!(grant.is_open());
        for (arguments, effect, routes, previews, open) in [
            (json!({ "action": "note" }), Effect::Write, 1, 0, true),
            (json!({ "action": "x" }), Effect::Read, 0, 0, false),
            (
                json!({ "action": "x", "dry": false }),
                Effect::Destructive,
                1,
                1,
                false,
            ),
        ] {
            let call = grant.for_call(&arguments);
            assert_eq!(
                (call.effect(), call.is_open()),
                (effect, open),
                "{arguments}"
            );
            assert_eq!(
                (call.routes.len(), call.preview_routes.len()),
                (routes, previews)
            );
        }
        assert!(!of(&[Effect::Outward], &declared).is_open());
        declared.routes.clear();
        assert!(!of(&[Effect::Destructive], &declared).is_open());
    }

    proptest! {
        #[test]
        fn never_wider_than_either_side(name in "[ab]{1,3}", effect in any_effect(), rule in any_rule()) {
            let grant = grant(&name, effect, rule.clone());
            prop_assert_eq!(grant.is_open(), rule.allow.contains(&effect) && rule.tools.matches(&name));
            let tool = tool(&name, effect);
            prop_assert_eq!(grant.routes.len(), tool.routes.len());
            prop_assert_eq!(grant.preview_routes.len(), tool.preview_routes.len());
        }
    }
}
