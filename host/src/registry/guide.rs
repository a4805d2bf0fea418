//! The tools that stand for a connection's whole list: their names, and which connection each guides
//! through. What they answer is not known here.

use std::collections::HashMap;
use std::sync::Arc;

use super::Connection;
use crate::names;

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guide {
    /// Finds tools by words.
    Find,
    /// Shows a tool's arguments.
    Describe,
    /// Runs a tool.
    Run,
}

impl Guide {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Find, Self::Describe, Self::Run];

    /// Its name, without the connection's prefix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Find => "find_tool",
            Self::Describe => "describe_tool",
            Self::Run => "run_tool",
        }
    }

    /// The name under which MCP lists it for a connection.
    #[must_use]
    pub fn listed_name(self, connection: &Connection) -> String {
        names::listed(&connection.config.prefix, self.name())
    }
}

/// The guides by their listed names.
pub type Guides = HashMap<String, (Guide, Arc<Connection>)>;
