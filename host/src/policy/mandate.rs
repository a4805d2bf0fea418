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
