//! What can be called at one moment, and how that changes.
//!
//! A `Snapshot` is built off to the side and swapped whole; a running call keeps the one that it
//! began with. Plugins come from the binary and from a watched folder, connections from the
//! operator's configuration; tools exist only where the two meet. This module must not know MCP.

mod approval;
mod assemble;
mod authority;
mod build;
mod completes;
mod connection;
mod door;
mod embedded;
mod folder;
mod guide;
mod lock;
mod manifest;
mod pins;
mod plugin;
mod prompt;
mod refresh;
mod resource;
mod said;
mod shared;
mod shown;
mod signature;
mod slots;
mod snapshot;
mod tokens;
mod tool;
mod uri;
mod watch;
mod zones;

pub use approval::{Candidate, NewPin, Reason, Rules, Verdict, Waiting, decide};
pub use authority::Authority;
pub use build::{
    Changed, EmbeddedPlugins, Registry, RegistryError, load_embedded, misfits, state_of,
};
pub use completes::Completes;
pub use connection::{Connection, Lasting};
pub use door::{Door, Unproved};
pub use embedded::embedded;
pub use folder::{Folder, Rejected, read as read_component};
pub use guide::Guide;
pub use lock::{FILE as LOCK_FILE, Lock, LockError, Pin, path_of as lock_of};
pub use manifest::{ManifestError, manifest_schema, read as read_manifest};
pub use pins::Standing;
pub use plugin::{Origin, Plugin, PluginError, PluginTool};
pub use prompt::Prompt;
pub use resource::{PAGE, PluginResource, Resource};
pub use shared::{Shared, one_issuer};
pub use signature::{Signed, beside as signature_of, check as check_signature};
pub use snapshot::{DifferentIssuers, Snapshot};
pub use tokens::description;
pub use tool::Tool;
pub use watch::{Reread, watch, watch_folder};
