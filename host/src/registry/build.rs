//! The registry: builds snapshots from configuration and plugins, and swaps them whole.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, join_all};
use moka::sync::Cache;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::Connection;
use super::assemble::{Assembled, Parts, assemble};
use super::connection::Lasting;
use super::door::Door;
use super::embedded::{Embedded, embedded};
use super::folder::Folder;
use super::lock::LockError;
use super::pins::{Pins, Standing};
use super::plugin::{Origin, Plugin, PluginError};
use super::refresh;
use super::said::{say_at_start, say_what_changed};
use super::snapshot::Snapshot;
use crate::config::{self, Config, Problem, Problems};
use crate::keys::Keys;
use crate::names::PluginId;
use crate::policy::{Mandate, Principal};
use crate::runtime::{LoadError, Runtime};
use crate::state::{State, StateError};
use crate::upstream::{FAREWELL, Names};

/// The plugins of the binary, loaded.
pub type EmbeddedPlugins = BTreeMap<PluginId, Arc<Plugin>>;

/// Holds the present snapshot and replaces it.
pub struct Registry {
    runtime: Arc<Runtime>,
    embedded: EmbeddedPlugins,
    present: ArcSwap<Snapshot>,
    changed: watch::Sender<Changed>,
    sources: Mutex<Sources>,
    /// The state is that of the first configuration: another takes effect at the next start.
    lasting: Lasting,
    /// Those of the first configuration's state; none where it ends with the process.
    keys: Option<Arc<Keys>>,
    /// What callers with the same mandate see.
    seen: Cache<Arc<Mandate>, Arc<Snapshot>>,
    /// Connections that were replaced, until their last call is over and their sessions are ended.
    leaving: std::sync::Mutex<JoinSet<()>>,
    /// Looks at the names of connections that came later.
    settling: std::sync::Mutex<JoinSet<()>>,
}

/// How often each list that clients see changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    /// The tools.
    pub tools: u64,
    /// The resources.
    pub resources: u64,
    /// The plugins' prompts.
    pub prompts: u64,
}

struct Sources {
    config: Arc<Config>,
    folder: Folder,
    pins: Pins,
}

/// Why the registry could not start.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A plugin inside the binary does not load.
    #[error("the embedded plugin `{name}`: {error}")]
    Embedded {
        /// Its file's stem.
        name: &'static str,
        /// Why.
        error: PluginError,
    },
    /// The plugin folder cannot be read.
    #[error("the plugin folder {}: {error}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What was approved is not known.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The configuration does not fit the plugins.
    #[error(transparent)]
    Config(#[from] Problems),
    /// API keys are demanded and cannot be read, so nobody could be let in.
    #[error("the API keys that `server.auth` demands cannot be read: {0}")]
    Keys(StateError),
}

/// Mandates whose view is kept; there are as many as differently issued keys are in use.
const MOST_SEEN: u64 = 256;

/// Loads the plugins that the binary carries.
///
/// # Errors
/// One of them does not load, which is a mistake of the build.
pub fn load_embedded(
    runtime: &Arc<Runtime>,
) -> BoxFuture<'_, Result<EmbeddedPlugins, RegistryError>> {
    load_all(runtime).boxed()
}

async fn load_all(runtime: &Arc<Runtime>) -> Result<EmbeddedPlugins, RegistryError> {
    // One task each: reading manifests and compiling schemas takes most of a start.
    let mut tasks = JoinSet::new();
    for Embedded { name, wasm, digest } in embedded() {
        let runtime = Arc::clone(runtime);
        tasks.spawn(async move {
            let wasm = Bytes::from_static(wasm);
            Plugin::load(&runtime, Origin::Embedded, wasm, *digest)
                .await
                .map_err(|error| RegistryError::Embedded { name, error })
        });
    }
    let mut plugins = EmbeddedPlugins::new();
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.map_err(|error| RegistryError::Embedded {
            name: "all",
            error: LoadError::from(error).into(),
        })?;
        let plugin = ended?;
        plugins.insert(plugin.id.clone(), Arc::new(plugin));
    }
    Ok(plugins)
}

impl Registry {
    /// Builds the first snapshot; `names` are those of all connections, for as long as it lives.
    ///
    /// # Errors
    /// The folder cannot be read, or the configuration does not fit the plugins; all problems are
    /// told.
    pub async fn start(
        runtime: Arc<Runtime>,
        embedded: EmbeddedPlugins,
        config: Config,
        names: Arc<Names>,
    ) -> Result<Arc<Self>, RegistryError> {
        let config = Arc::new(config);
        let folder = look(&Folder::default(), &config, &runtime).await?;
        let mut pins = Pins::default().read(&config).await?;
        let state = state_of(&config);
        let keys = state.clone().map(|state| Arc::new(Keys::of(state)));
        let lasting = Lasting {
            refresh_tokens: refresh::store(state),
            names,
        };
        let parts = Parts {
            config: &config,
            embedded: &embedded,
            folder: &folder,
            lock: &pins.lock,
            lasting: &lasting,
        };
        let Assembled {
            mut snapshot,
            problems,
            pins: new,
        } = assemble(&parts, &Snapshot::default());
        fits(problems)?;
        pins.learn(new).await;
        snapshot.door = Door::of(&config.server, keys.as_ref()).await?;
        say_at_start(&snapshot);
        Ok(Arc::new(Self {
            runtime,
            embedded,
            present: ArcSwap::from_pointee(snapshot),
            changed: watch::Sender::default(),
            sources: Mutex::new(Sources {
                config,
                folder,
                pins,
            }),
            lasting,
            keys,
            seen: Cache::new(MOST_SEEN),
            leaving: std::sync::Mutex::default(),
            settling: std::sync::Mutex::default(),
        }))
    }

    /// The present moment; what a call holds does not change under it.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.present.load_full()
    }

    /// The present moment as a caller sees it: without what their mandate is not for. Made once for all
    /// callers with the same mandate.
    #[must_use]
    pub fn snapshot_for(&self, caller: &Principal) -> Arc<Snapshot> {
        let present = self.snapshot();
        let Some(mandate) = caller.mandate() else {
            return present;
        };
        let kept = self.seen.get(mandate);
        if let Some(kept) = kept.filter(|kept| kept.revision == present.revision) {
            return kept;
        }
        let seen = Arc::new(present.seen_with(mandate));
        self.seen.insert(Arc::clone(mandate), Arc::clone(&seen));
        seen
    }

    /// Looks after the API keys, if there can be any; idle until they are demanded. Runs until it is
    /// dropped.
    pub async fn watch_keys(&self) {
        if let Some(keys) = &self.keys {
            keys.watch().await;
        }
    }

    /// Tells when a list that clients see changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Changed> {
        self.changed.subscribe()
    }

    /// The configuration that is in force.
    pub async fn config(&self) -> Arc<Config> {
        Arc::clone(&self.sources.lock().await.config)
    }

    /// Writes into the lock which plugins were taken up, now and from now on. For a host that serves; one
    /// that only looks leaves the file alone.
    pub async fn begin_to_pin(&self) {
        self.sources.lock().await.pins.begin_to_write().await;
    }

    /// How a plugin that serves stands.
    pub async fn standing(&self, plugin: &Plugin) -> Standing {
        self.sources.lock().await.pins.standing(plugin)
    }

    /// Looks at the plugin folder and at the lock again. A plugin that does not fit a connection leaves
    /// that connection as it was.
    ///
    /// # Errors
    /// The folder or the lock cannot be read.
    pub async fn look_again(&self) -> Result<(), RegistryError> {
        let mut sources = self.sources.lock().await;
        let config = Arc::clone(&sources.config);
        let (next, mut assembled) = self.next(&sources, config).await?;
        assembled.snapshot.door.clone_from(&self.snapshot().door);
        for problem in &assembled.problems {
            tracing::warn!(%problem, "a connection stays as it was");
        }
        *sources = next;
        self.take_up(&mut sources, assembled).await;
        Ok(())
    }

    /// Takes a new configuration, all or nothing.
    ///
    /// # Errors
    /// It does not fit the plugins; the old one stays in force.
    pub async fn reconfigure(&self, config: Config) -> Result<(), RegistryError> {
        let mut sources = self.sources.lock().await;
        let (next, mut assembled) = self.next(&sources, Arc::new(config)).await?;
        fits(std::mem::take(&mut assembled.problems))?;
        let server = &next.config.server;
        assembled.snapshot.door = Door::of(server, self.keys.as_ref()).await?;
        *sources = next;
        self.take_up(&mut sources, assembled).await;
        Ok(())
    }

    async fn next(
        &self,
        sources: &Sources,
        config: Arc<Config>,
    ) -> Result<(Sources, Assembled), RegistryError> {
        let folder = look(&sources.folder, &config, &self.runtime).await?;
        let pins = sources.pins.read(&config).await?;
        let parts = Parts {
            config: &config,
            embedded: &self.embedded,
            folder: &folder,
            lock: &pins.lock,
            lasting: &self.lasting,
        };
        let assembled = assemble(&parts, &self.present.load());
        let next = Sources {
            config,
            folder,
            pins,
        };
        Ok((next, assembled))
    }

    async fn take_up(&self, sources: &mut Sources, assembled: Assembled) {
        self.swap(assembled.snapshot);
        sources.pins.learn(assembled.pins).await;
    }

    /// The problems of a configuration, with what the plugins say of the rest of it.
    pub async fn all_of(&self, problems: &Problems) -> Problems {
        let more = match problems.rest() {
            Some(rest) => misfits(&self.runtime, &self.embedded, rest).await,
            None => Vec::new(),
        };
        problems.and(more)
    }

    /// Ends the sessions at the CRMs, as far as that is possible within a few seconds. For the end of
    /// the host, after its last call.
    pub async fn close(&self) {
        let snapshot = self.snapshot();
        let present = snapshot.connections.iter();
        let present = join_all(present.map(|connection| connection.link.upstream.close()));
        let mut leaving = std::mem::take(&mut *self.leaving());
        let left = async { while leaving.join_next().await.is_some() {} };
        let left = tokio::time::timeout(FAREWELL, left);
        let (_, in_time) = futures::future::join(present, left).await;
        if in_time.is_err() {
            tracing::debug!("calls of replaced connections were still running");
        }
    }

    fn see_off(&self, before: &Snapshot, after: &Snapshot) {
        let stays = |old: &Arc<Connection>| after.connections.iter().any(|c| Arc::ptr_eq(c, old));
        let mut leaving = self.leaving();
        while leaving.try_join_next().is_some() {}
        for connection in before.connections.iter().filter(|old| !stays(old)) {
            leaving.spawn(connection.leave());
        }
    }

    /// At once, so that the moment of a connection's first call decides nothing.
    fn settle(&self, before: &Snapshot, after: &Snapshot) {
        let is_new =
            |new: &&Arc<Connection>| !before.connections.iter().any(|c| Arc::ptr_eq(c, new));
        let settling = self.settling.lock();
        let mut settling = settling.unwrap_or_else(std::sync::PoisonError::into_inner);
        while settling.try_join_next().is_some() {}
        for connection in after.connections.iter().filter(is_new) {
            let connection = Arc::clone(connection);
            settling.spawn(async move { connection.settle().await });
        }
    }

    fn leaving(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        let leaving = self.leaving.lock();
        leaving.unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn swap(&self, mut next: Snapshot) {
        let before = self.present.load_full();
        next.revision = before.revision + 1;
        let changed = *self.changed.borrow();
        let changed = Changed {
            tools: changed.tools + u64::from(!before.lists_the_same(&next)),
            resources: changed.resources + u64::from(!before.lists_the_same_resources(&next)),
            prompts: changed.prompts + u64::from(!before.lists_the_same_prompts(&next)),
        };
        say_what_changed(&before, &next);
        self.see_off(&before, &next);
        self.settle(&before, &next);
        self.present.store(Arc::new(next));
        self.changed
            .send_if_modified(|present| std::mem::replace(present, changed) != changed);
    }
}

/// What does not fit the plugins in a configuration that is refused for other reasons, so that all of
/// it is told at once.
pub async fn misfits(
    runtime: &Arc<Runtime>,
    embedded: &EmbeddedPlugins,
    config: &Config,
) -> Vec<Problem> {
    let folder = look(&Folder::default(), config, runtime).await;
    let folder = folder.unwrap_or_default();
    let pins = Pins::default().read(config).await.unwrap_or_default();
    let parts = Parts {
        config,
        embedded,
        folder: &folder,
        lock: &pins.lock,
        lasting: &Lasting {
            refresh_tokens: refresh::store(state_of(config)),
            names: Arc::default(),
        },
    };
    assemble(&parts, &Snapshot::default()).problems
}

/// The state of a configuration; none where it ends with the process.
#[must_use]
pub fn state_of(config: &Config) -> Option<State> {
    let config::State { file, key } = &config.server.state;
    let key = key.as_ref();
    let key = key.map(|key| Zeroizing::new(key.expose().to_owned()));
    Some(State::at(file.clone()?, key))
}

async fn look(
    before: &Folder,
    config: &Config,
    runtime: &Arc<Runtime>,
) -> Result<Folder, RegistryError> {
    match &config.server.plugins {
        None => Ok(Folder::default()),
        Some(folder) => before
            .look(folder, &config.server.plugin_keys, runtime)
            .await
            .map_err(|error| RegistryError::Folder {
                folder: folder.clone(),
                error,
            }),
    }
}

/// Problems, if there are any, as an error.
fn fits(problems: Vec<Problem>) -> Result<(), Problems> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problems::new(problems))
    }
}
