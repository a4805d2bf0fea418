//! What the log tells an operator of snapshots: what serves, and what is wrong.

use std::sync::Arc;

use super::plugin::Origin;
use super::snapshot::Snapshot;

/// What an operator has to know of the first snapshot. The program's own plugins are no news.
pub(super) fn say_at_start(first: &Snapshot) {
    for (id, plugin) in &first.plugins {
        if let Origin::File(path) = &plugin.origin {
            tracing::info!(plugin = %id, version = %plugin.manifest.version, from = %path.display(), "plugin serves");
        }
    }
    say_what_is_wrong(&Snapshot::default(), first);
}

/// What an operator has to know of a snapshot that took the place of another.
pub(super) fn say_what_changed(before: &Snapshot, after: &Snapshot) {
    for (id, plugin) in &after.plugins {
        match before.plugins.get(id) {
            Some(old) if Arc::ptr_eq(old, plugin) => {}
            old => {
                tracing::info!(plugin = %id, version = %plugin.manifest.version, from = %plugin.origin,
                replaced = old.is_some(), "plugin serves");
            }
        }
    }
    for id in before
        .plugins
        .keys()
        .filter(|id| !after.plugins.contains_key(*id))
    {
        tracing::info!(plugin = %id, "plugin removed");
    }
    say_what_is_wrong(before, after);
}

/// Files that were not taken, and warnings, as far as they are new.
fn say_what_is_wrong(before: &Snapshot, after: &Snapshot) {
    for rejected in after
        .rejected
        .iter()
        .filter(|r| !before.rejected.contains(r))
    {
        tracing::warn!(path = %rejected.path.display(), why = %rejected.why, "plugin file not taken");
    }
    for warning in after
        .warnings
        .iter()
        .filter(|w| !before.warnings.contains(w))
    {
        tracing::warn!("{warning}");
    }
}
