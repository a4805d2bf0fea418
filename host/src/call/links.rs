//! Which of a tool's links a caller is given: none that leads to what they may not read.

use crate::capability::{Block, Shown};
use crate::policy::Principal;
use crate::registry::Registry;

use super::Scope;

/// Pages of the web, which are read elsewhere.
const WEB: [&str; 2] = ["https://", "http://"];

/// The blocks without links to resources that this caller has not got where it connected.
pub(super) fn readable(
    mut blocks: Vec<Block>,
    registry: &Registry,
    (principal, scope): (&Principal, &Scope),
) -> Vec<Block> {
    if blocks.is_empty() {
        return blocks;
    }
    let snapshot = registry.snapshot_for(principal);
    let is_read = |uri: &str| {
        snapshot.resources.iter().any(|resource| {
            resource.catch(uri).is_some() && scope.covers(&snapshot, &resource.connection)
        })
    };
    blocks.retain(|block| match &block.shown {
        Shown::Link(link) => {
            WEB.iter().any(|page| link.uri.starts_with(page)) || is_read(&link.uri)
        }
        _ => true,
    });
    blocks
}
