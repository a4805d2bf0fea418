//! A tool that a client can call: a plugin's tool on a connection, with what policy granted.

use std::sync::Arc;

use super::{Connection, PluginTool};
use crate::policy::Grant;

/// One callable tool.
pub struct Tool {
    /// The name under which MCP lists it.
    pub listed_name: String,
    /// The connection it runs on.
    pub connection: Arc<Connection>,
    /// What its plugin declares.
    pub plugin: Arc<PluginTool>,
    /// The verdict of the operator's rule; a tool whose grant is not open is not listed.
    pub grant: Grant,
}
