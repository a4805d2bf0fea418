//! The registry at one moment: which tools there are, on which connections, and what was not
//! taken.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::approval::{Candidate, Waiting};
use super::folder::Rejected;
use super::guide::{Guide, Guides};
use super::{Connection, Door, Plugin, Prompt, Resource, Shared, Tool};
use crate::config::Problem;
use crate::identity::Issuer;
use crate::names::PluginId;
use crate::policy::Mandate;

/// Connections differ in whose tokens they take, so that one endpoint cannot serve them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DifferentIssuers;

/// One moment; never changed after it was built.
#[derive(Default)]
pub struct Snapshot {
    /// Counts up with every swap.
    pub revision: u64,
    /// The plugins that serve.
    pub plugins: BTreeMap<PluginId, Arc<Plugin>>,
    /// The connections that work, in the file's order.
    pub connections: Vec<Arc<Connection>>,
    /// Which of them the endpoint without a name serves.
    pub shared: Shared,
    /// Granted tools in the order in which they are listed: connections in the file's order,
    /// tools in their manifest's.
    pub listed: Vec<Arc<Tool>>,
    /// Resources that may be read, in the same order.
    pub resources: Vec<Arc<Resource>>,
    /// Prompts of plugins that may be had, in the same order.
    pub prompts: Vec<Arc<Prompt>>,
    /// All tools of all connections, also those that are not granted.
    pub existing: Vec<Arc<Tool>>,
    /// Files that were not taken, and why.
    pub rejected: Vec<Rejected>,
    /// Plugins that wait for approval.
    pub candidates: Vec<Candidate>,
    /// Connections that have no tools because their plugin is among those.
    pub waiting: Vec<Waiting>,
    /// Things to know: connections that wait for their plugin, short secrets. An error among them
    /// stands for what fails when it is called: a credential that is missing.
    pub warnings: Vec<Problem>,
    /// What callers over HTTP have to prove where they would act as the operator's accounts; nothing
    /// without one.
    pub door: Option<Arc<Door>>,
    pub(super) names: Arc<HashMap<String, Arc<Tool>>>,
    pub(super) guides: Arc<Guides>,
}

impl Snapshot {
    /// The tool of a listed name or an alias, also one that the operator did not grant.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<Tool>> {
        self.names.get(name)
    }

    /// The guide of a listed name, and the connection that it stands for.
    #[must_use]
    pub fn guide(&self, name: &str) -> Option<(Guide, &Arc<Connection>)> {
        let (guide, connection) = self.guides.get(name)?;
        Some((*guide, connection))
    }

    /// The connection of a name.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<&Arc<Connection>> {
        self.connections
            .iter()
            .find(|connection| connection.config.name.as_str() == name)
    }

    /// The same moment without what a mandate is not for. Names are still found, so that a call can be
    /// told what is in its way.
    #[must_use]
    pub fn seen_with(&self, mandate: &Mandate) -> Self {
        let tools = self.listed.iter();
        let resources = self.resources.iter();
        let connections = self.connections.iter();
        Self {
            revision: self.revision,
            plugins: self.plugins.clone(),
            connections: connections
                .filter(|connection| mandate.reaches(connection.config.name.as_str()))
                .cloned()
                .collect(),
            shared: self.shared,
            listed: tools
                .filter(|tool| tool.grant.is_open_to(mandate))
                .cloned()
                .collect(),
            resources: resources
                .filter(|resource| resource.grant.is_open_to(mandate))
                .cloned()
                .collect(),
            prompts: {
                let prompts = self.prompts.iter();
                let open = prompts.filter(|prompt| prompt.grant.is_open_to(mandate));
                open.cloned().collect()
            },
            existing: self.existing.clone(),
            rejected: self.rejected.clone(),
            candidates: self.candidates.clone(),
            waiting: self.waiting.clone(),
            warnings: self.warnings.clone(),
            door: self.door.clone(),
            names: Arc::clone(&self.names),
            guides: Arc::clone(&self.guides),
        }
    }

    /// Who issues the tokens of everybody on the endpoint without a name; an error where that is not
    /// the same for all of its connections.
    ///
    /// # Errors
    /// The connections differ in whose tokens they take.
    pub fn shared_issuer(&self) -> Result<Option<&Arc<Issuer>>, DifferentIssuers> {
        let mut issuers = self
            .connections
            .iter()
            .filter(|connection| self.shared.covers(&connection.config))
            .map(|connection| connection.issuer.as_ref());
        let first = issuers.next().flatten();
        let alike = |other: Option<&Arc<Issuer>>| match (first, other) {
            (Some(first), Some(other)) => first.takes_the_same(other),
            (None, None) => true,
            _ => false,
        };
        if issuers.all(alike) {
            Ok(first)
        } else {
            Err(DifferentIssuers)
        }
    }

    /// Whether both list the same resources.
    #[must_use]
    pub fn lists_the_same_resources(&self, other: &Self) -> bool {
        self.resources.len() == other.resources.len()
            && self.resources.iter().zip(&other.resources).all(|(a, b)| {
                a.connection.config.name == b.connection.config.name
                    && a.plugin.declared == b.plugin.declared
            })
    }

    /// Whether both list the same prompts of plugins.
    #[must_use]
    pub fn lists_the_same_prompts(&self, other: &Self) -> bool {
        self.prompts.len() == other.prompts.len()
            && self
                .prompts
                .iter()
                .zip(&other.prompts)
                .all(|(a, b)| a.listed_name == b.listed_name && a.declared() == b.declared())
    }

    /// Whether both list the same tools with the same schemas.
    #[must_use]
    pub fn lists_the_same(&self, other: &Self) -> bool {
        self.listed.len() == other.listed.len()
            && self.listed.iter().zip(&other.listed).all(|(a, b)| {
                a.listed_name == b.listed_name
                    && a.connection.is_compact() == b.connection.is_compact()
                    && (Arc::ptr_eq(&a.plugin, &b.plugin)
                        || a.plugin.declared() == b.plugin.declared())
            })
    }
}
