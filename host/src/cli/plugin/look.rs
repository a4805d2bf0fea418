//! What the commands about one plugin look at: the folder, the lock, and the program's own plugins.
//!
//! A configuration with mistakes, or with variables that are set for the server alone, still says where
//! the folder is; that suffices here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::setup::engine;
use super::super::{Exit, complain};
use crate::config::{self, Config, PluginKey, Source, process_environment};
use crate::registry::{EmbeddedPlugins, Folder, Lock, Pin, Plugin, Rules, load_embedded, lock_of};
use crate::runtime::Runtime;

/// The folder, the lock and the program's own plugins.
pub struct Look {
    pub runtime: Arc<Runtime>,
    pub embedded: EmbeddedPlugins,
    pub folder: Folder,
    pub lock: Lock,
    /// Where the lock is; none where no folder is configured.
    pub lock_path: Option<PathBuf>,
    config: Option<Config>,
}

impl Look {
    /// Looks, without running anything but the plugins' descriptions of themselves.
    pub async fn at(given: Option<&Path>) -> Result<Self, Exit> {
        let config = read(given)?;
        let runtime = engine(config.as_ref())?;
        let embedded = load_embedded(&runtime)
            .await
            .map_err(|error| complain(Exit::Internal, error))?;
        let folder = match config.as_ref().and_then(|c| c.server.plugins.as_ref()) {
            None => Folder::default(),
            Some(path) => Folder::default()
                .look(path, keys(config.as_ref()), &runtime)
                .await
                .map_err(|error| {
                    let path = path.display();
                    complain(
                        Exit::Config,
                        format_args!("the plugin folder {path}: {error}"),
                    )
                })?,
        };
        let lock_path = config.as_ref().and_then(lock_of);
        let lock = match &lock_path {
            None => Lock::default(),
            Some(path) => Lock::read(path).map_err(|error| complain(Exit::Config, error))?,
        };
        Ok(Self {
            runtime,
            embedded,
            folder,
            lock,
            lock_path,
            config,
        })
    }

    /// Whose signature files need.
    pub fn keys(&self) -> &[PluginKey] {
        keys(self.config.as_ref())
    }

    /// The plugin folder.
    pub fn folder_path(&self) -> Option<&Path> {
        self.config.as_ref()?.server.plugins.as_deref()
    }

    /// What would stand in the lock for a plugin.
    pub fn pin(&self, plugin: &Plugin) -> Pin {
        self.rules().pin(plugin)
    }

    /// By what plugins of the folder are judged, as if connections named all of them.
    pub fn rules(&self) -> Rules<'_> {
        let approval = self.config.as_ref().map(|config| config.server.approval);
        Rules {
            approval: approval.unwrap_or_default(),
            lock: &self.lock,
            keys: self.keys(),
            named: self.folder.ids().collect(),
            embedded: self.embedded.keys().collect(),
        }
    }

    /// The ids of the folder's plugins.
    pub fn ids(&self) -> String {
        let ids: BTreeSet<String> = self.folder.ids().map(ToString::to_string).collect();
        match ids.is_empty() {
            true => "none".to_owned(),
            false => ids.into_iter().collect::<Vec<_>>().join(", "),
        }
    }
}

fn keys(config: Option<&Config>) -> &[PluginKey] {
    config.map_or(&[], |config| &config.server.plugin_keys)
}

fn read(given: Option<&Path>) -> Result<Option<Config>, Exit> {
    let located = config::locate(given, &process_environment);
    let Source::File(path) = &located.source else {
        return Ok(None);
    };
    match Config::from_file(path, &process_environment) {
        Ok(config) => Ok(Some(config)),
        Err(problems) => match problems.rest() {
            Some(rest) => Ok(Some(rest.clone())),
            None => Err(complain(Exit::Config, problems)),
        },
    }
}
