//! Watches the plugin folder, the configuration file and the lock, and tells the registry when one of them
//! came to rest. Other folders are watched for others.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::{Registry, lock, signature};
use crate::config::{Config, Server, Source};

/// How long a folder has to be quiet before it is looked at: a copy writes in many steps.
const QUIET: Duration = Duration::from_millis(150);

/// However restless it is, it is looked at this often.
const AT_LEAST_EVERY: Duration = Duration::from_secs(2);

/// Reads the configuration again; the caller knows from where.
pub type Reread = Box<dyn Fn() -> Result<Config, crate::config::Problems> + Send + Sync>;

/// Runs until it is dropped.
///
/// # Errors
/// The system refuses to watch; the host then serves what it has.
pub async fn watch(registry: Arc<Registry>, reread: Reread) -> notify::Result<()> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let files = own_files(&*registry.config().await);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| matters(&event, &files)) {
            tell.send(()).ok();
        }
    })?;
    let mut watched = watch_all(&mut watcher, &*registry.config().await, &[])?;
    let mut said = String::new();
    look(&registry, &reread, &mut said).await;
    while told.recv().await.is_some() {
        come_to_rest(&mut told).await;
        look(&registry, &reread, &mut said).await;
        watched = watch_all(&mut watcher, &*registry.config().await, &watched)?;
    }
    Ok(())
}

/// Calls `tell` whenever files of an extension in a folder came to rest. Runs until it is dropped.
///
/// # Errors
/// The folder cannot be watched.
pub async fn watch_folder(
    folder: &Path,
    extension: &'static str,
    told: impl Fn(),
) -> notify::Result<()> {
    let (tell, mut events) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| concerns(&event, extension)) {
            tell.send(()).ok();
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    while events.recv().await.is_some() {
        come_to_rest(&mut events).await;
        told();
    }
    Ok(())
}

fn concerns(event: &Event, extension: &str) -> bool {
    let has = |path: &PathBuf| path.extension().is_some_and(|known| known == extension);
    !event.kind.is_access() && (event.need_rescan() || event.paths.iter().any(has))
}

/// Reading is no change, and of a folder only plugins, the configuration's own file and the lock matter: a
/// log file beside them would otherwise feed on itself. A configuration that is mounted as a link
/// changes by its folder's other entries, so links count too.
fn matters(event: &Event, files: &[OsString]) -> bool {
    let relevant = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default();
        extension == "wasm"
            || extension == signature::EXTENSION
            || files.iter().any(|file| path.file_name() == Some(file))
            || path.is_symlink()
    };
    !event.kind.is_access() && (event.need_rescan() || event.paths.iter().any(relevant))
}

/// The names of the configuration file and of what stands beside it.
fn own_files(config: &Config) -> Vec<OsString> {
    match &config.source {
        Source::File(path) => {
            let file = path.file_name().map(OsStr::to_owned);
            file.into_iter().chain([lock::FILE.into()]).collect()
        }
        Source::Environment => Vec::new(),
    }
}

/// Watches the folders that matter now; `already` are watched.
fn watch_all(
    watcher: &mut RecommendedWatcher,
    config: &Config,
    already: &[PathBuf],
) -> notify::Result<Vec<PathBuf>> {
    let wanted = folders(config);
    for folder in already.iter().filter(|folder| !wanted.contains(folder)) {
        watcher.unwatch(folder).ok();
    }
    for folder in wanted.iter().filter(|folder| !already.contains(folder)) {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    Ok(wanted)
}

fn folders(config: &Config) -> Vec<PathBuf> {
    let of_file = match &config.source {
        Source::File(path) => path.parent().map(Path::to_owned),
        Source::Environment => None,
    };
    let of_file = of_file.map(|folder| {
        if folder.as_os_str().is_empty() {
            ".".into()
        } else {
            folder
        }
    });
    let mut folders: Vec<PathBuf> = of_file
        .into_iter()
        .chain(config.server.plugins.clone())
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

async fn come_to_rest(told: &mut mpsc::UnboundedReceiver<()>) {
    let latest = tokio::time::Instant::now() + AT_LEAST_EVERY;
    loop {
        let quiet = tokio::time::Instant::now() + QUIET;
        match tokio::time::timeout_at(quiet.min(latest), told.recv()).await {
            Ok(Some(())) if tokio::time::Instant::now() < latest => {}
            _ => return,
        }
    }
}

async fn look(registry: &Registry, reread: &Reread, said: &mut String) {
    reconfigure(registry, reread, said).await;
    if let Err(error) = registry.look_again().await {
        tracing::error!(%error, "what was loaded keeps serving");
    }
}

fn same(one: &Config, other: &Config) -> bool {
    one.server == other.server
        && one.connections.len() == other.connections.len()
        && one
            .connections
            .iter()
            .zip(&other.connections)
            .all(|(a, b)| a.same_as(b))
}

/// Whether something changed that is read at the start alone.
fn waits(next: &Server, before: &Server) -> bool {
    let taken_up = Server {
        plugins: before.plugins.clone(),
        approval: before.approval,
        plugin_keys: before.plugin_keys.clone(),
        access: before.access.clone(),
        ..next.clone()
    };
    taken_up != *before
}

/// Takes up the configuration if it changed; what is wrong with it is said once.
async fn reconfigure(registry: &Registry, reread: &Reread, said: &mut String) {
    let before = registry.config().await;
    let refused = match reread() {
        Ok(config) if same(&config, &before) => String::new(),
        Ok(config) => {
            if waits(&config.server, &before.server) {
                tracing::warn!(
                    "changes of [server] other than `plugins`, `approval`, `plugin_keys` and `auth` take effect at the next start"
                );
            }
            match registry.reconfigure(config).await {
                Ok(()) => {
                    tracing::info!("configuration taken up");
                    String::new()
                }
                Err(error) => error.to_string(),
            }
        }
        Err(problems) => registry.all_of(&problems).await.to_string(),
    };
    if !refused.is_empty() && refused != *said {
        tracing::error!("configuration not taken up, the old one stays in force:\n{refused}");
    }
    *said = refused;
}
