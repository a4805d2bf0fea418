//! The registry at one moment: which tools there are, on which connections, and what was not
//! taken.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::folder::Rejected;
use super::{Connection, Plugin, Shared, Tool};
use crate::config::Problem;
use crate::names::PluginId;

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
    /// All tools of all connections, also those that are not granted.
    pub existing: Vec<Arc<Tool>>,
    /// Files that were not taken, and why.
    pub rejected: Vec<Rejected>,
    /// Things to know: connections that wait for their plugin, short secrets.
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

    /// Whether both list the same tools with the same schemas.
    #[must_use]
    pub fn lists_the_same(&self, other: &Self) -> bool {
        self.listed.len() == other.listed.len()
            && self.listed.iter().zip(&other.listed).all(|(a, b)| {
                a.listed_name == b.listed_name
                    && (Arc::ptr_eq(&a.plugin, &b.plugin) || a.plugin.declared == b.plugin.declared)
            })
    }
}
