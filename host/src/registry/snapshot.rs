//! The registry at one moment: which tools there are, on which connections, and what was not
//! taken.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::approval::{Candidate, Waiting};
use super::folder::Rejected;
use super::{Connection, Plugin, Resource, Shared, Tool};
use crate::config::Problem;
use crate::identity::Issuer;
use crate::names::PluginId;

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
    pub(super) names: HashMap<String, Arc<Tool>>,
}

impl Snapshot {
    /// The tool of a listed name or an alias, also one that the operator did not grant.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<Tool>> {
        self.names.get(name)
    }

    /// The connection of a name.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<&Arc<Connection>> {
        self.connections
            .iter()
            .find(|connection| connection.config.name.as_str() == name)
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

    /// Whether both list the same tools with the same schemas.
    #[must_use]
    pub fn lists_the_same(&self, other: &Self) -> bool {
        self.listed.len() == other.listed.len()
            && self.listed.iter().zip(&other.listed).all(|(a, b)| {
                a.listed_name == b.listed_name
                    && (Arc::ptr_eq(&a.plugin, &b.plugin)
                        || a.plugin.declared() == b.plugin.declared())
            })
    }
}
