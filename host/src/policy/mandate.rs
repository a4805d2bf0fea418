//! What a caller was given: the connections, effects and tools of their API key or access token.
//!
//! Owns how far a caller reaches. It only narrows: a call needs the operator's file as well. It must not
//! know how the caller proved anything.

use std::collections::BTreeSet;

use portcullis_manifest::Effect;

use super::filter::ToolFilter;
use crate::names::ConnectionName;

/// What one caller may do at most. Where it says nothing, the operator's file decides alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mandate {
    /// What it was read from, for messages.
    pub bearer: Bearer,
    /// The connections; all where there is no list.
    pub connections: Option<BTreeSet<ConnectionName>>,
    /// The effects that tools may have; all where there is no list.
    pub effects: Option<BTreeSet<Effect>>,
    /// The tools, by their plugin's names.
    pub tools: ToolFilter,
    /// A rate of its own, in calls per minute.
    pub calls_per_minute: Option<u32>,
}

/// What a caller brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// An API key of this host.
    Key,
    /// An access token, whose scopes say which effects it is for.
    Token,
}

/// All effects, from the one that changes nothing on.
pub const EFFECTS: [Effect; 4] = [
    Effect::Read,
    Effect::Write,
    Effect::Destructive,
    Effect::Outward,
];

/// The scope of access tokens that stands for an effect.
#[must_use]
pub const fn scope(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "crm.read",
        Effect::Write => "crm.write",
        Effect::Destructive => "crm.destructive",
        Effect::Outward => "crm.outward",
    }
}

impl Mandate {
    /// Everything that the operator's file allows.
    #[must_use]
    pub fn everything(bearer: Bearer) -> Self {
        Self {
            bearer,
            connections: None,
            effects: None,
            tools: ToolFilter::default(),
            calls_per_minute: None,
        }
    }

    /// Whether a connection is within reach.
    #[must_use]
    pub fn reaches(&self, connection: &str) -> bool {
        let listed = self.connections.as_ref();
        listed.is_none_or(|listed| listed.contains(connection))
    }

    /// Whether tools of an effect are.
    #[must_use]
    pub fn allows(&self, effect: Effect) -> bool {
        let listed = self.effects.as_ref();
        listed.is_none_or(|listed| listed.contains(&effect))
    }

    /// Whether a tool is, by its plugin's name.
    #[must_use]
    pub fn names(&self, tool: &str) -> bool {
        self.tools.matches(tool)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::denial::Layer;
    use super::super::grant::tests::{any_effect, any_rule, grant};
    use super::super::grant::{ConfirmRule, Rule};
    use super::super::permit::open;
    use super::super::principal::Principal;
    use super::*;

    fn everything() -> Rule {
        Rule {
            allow: EFFECTS.into(),
            tools: ToolFilter::default(),
            confirm: ConfirmRule::Any,
        }
    }

    fn caller(mandate: Mandate) -> Principal {
        Principal::named("key", "ada#k1").within(Arc::new(mandate))
    }

    #[test]
    fn a_denial_says_what_would_do() {
        let (key, token) = (
            Mandate::everything(Bearer::Key),
            Mandate::everything(Bearer::Token),
        );
        let others = Some([ConnectionName::new("other").unwrap()].into());
        let reads = Some([Effect::Read].into());
        for (mandate, layer, model, log) in [
            (
                Mandate {
                    connections: others,
                    ..key.clone()
                },
                Layer::CallersConnections,
                "the API key of this call is not for `sales`",
                "the API key is for other connections; this would allow it: a key issued with `--connections sales`, or without",
            ),
            (
                Mandate {
                    tools: ToolFilter::parse(&["*", "!del*"]).unwrap(),
                    ..key.clone()
                },
                Layer::CallersTools,
                "the API key of this call is not for `delete`",
                "the API key is for other tools; this would allow it: a key issued with these `--tools`: tools = [\"*\", \"!del*\", \"delete\"]",
            ),
            (
                Mandate {
                    effects: reads.clone(),
                    ..key
                },
                Layer::CallersEffects,
                "the API key of this call is not for destructive tools, which `delete` is",
                "it is destructive, and the API key is for other effects; this would allow it: a key issued with `--allow read,destructive`",
            ),
            (
                Mandate {
                    effects: reads,
                    ..token
                },
                Layer::CallersEffects,
                "the access token of this call is not for destructive tools (scope `crm.destructive`), which `delete` is",
                "it is destructive, and the access token is for other effects; this would allow it: a token with the scope `crm.destructive`",
            ),
        ] {
            let grant = grant("delete", Effect::Destructive, everything());
            assert!(!grant.is_open_to(&mandate), "{mandate:?}");
            let denial = open(&caller(mandate), &grant).unwrap_err();
            assert_eq!(
                (denial.layer(), denial.for_model().as_str()),
                (layer, model)
            );
            let whole = format!("key:ada#k1 may not call `delete` on `sales`: {log}");
            assert_eq!(denial.to_string(), whole);
        }
    }

    proptest! {
        #[test]
        fn a_mandate_never_widens(
            effect in any_effect(),
            rule in any_rule(),
            effects in prop::option::of(prop::collection::btree_set(any_effect(), 0..4)),
            here in any::<bool>(),
        ) {
            let name = if here { "sales" } else { "other" };
            let mandate = Mandate {
                connections: Some([ConnectionName::new(name).unwrap()].into()),
                effects,
                ..Mandate::everything(Bearer::Key)
            };
            let grant = grant("get", effect, rule);
            let by_itself = here && mandate.allows(effect);
            prop_assert_eq!(grant.is_open_to(&mandate), grant.is_open() && by_itself);
            let opened = open(&caller(mandate), &grant).is_ok();
            prop_assert_eq!(opened, grant.is_open() && by_itself);
        }
    }
}
