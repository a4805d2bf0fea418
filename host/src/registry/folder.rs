//! The watched folder: which files are there, which of them serve, and why others do not.
//!
//! A file that is half-copied or broken never replaces a good one: what a path served last stays
//! until the file is good again or gone.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::plugin::{Origin, Plugin};
use crate::names::PluginId;
use crate::runtime::{self, Digest, Runtime};

/// The largest file that is looked at, in bytes; a plugin is a few hundred kilobytes, one that
/// carries an interpreter a few megabytes.
const LARGEST_FILE: u64 = 64 << 20;

/// A file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The file.
    pub path: PathBuf,
    /// Why, and what serves instead.
    pub why: String,
}

/// What the folder held at one look.
#[derive(Default, Clone)]
pub struct Folder {
    files: BTreeMap<PathBuf, File>,
}

#[derive(Clone)]
struct File {
    /// Of the bytes seen last, good or not.
    digest: Digest,
    /// What this path served last.
    plugin: Option<Arc<Plugin>>,
    error: Option<String>,
}

impl Folder {
    /// Looks at the folder again; files whose bytes did not change are not loaded again.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn look(&self, folder: &Path, runtime: &Arc<Runtime>) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for path in wasm_files(folder).await? {
            let before = self.files.get(&path);
            let file = look_at(&path, before, runtime).await;
            files.insert(path, file);
        }
        Ok(Self { files })
    }

    /// One plugin per identity, and the files that do not serve. `before` is what served until
    /// now: of two files of one identity the one that serves stays.
    pub fn choose(
        &self,
        before: &BTreeMap<PluginId, Arc<Plugin>>,
    ) -> (BTreeMap<PluginId, Arc<Plugin>>, Vec<Rejected>) {
        let mut chosen: BTreeMap<PluginId, Arc<Plugin>> = BTreeMap::new();
        let mut rejected = Vec::new();
        for (path, file) in &self.files {
            if let Some(error) = &file.error {
                rejected.push(Rejected {
                    path: path.clone(),
                    why: why(error, file.plugin.is_some()),
                });
            }
            let Some(plugin) = &file.plugin else { continue };
            match chosen.get(&plugin.id).cloned() {
                None => {
                    chosen.insert(plugin.id.clone(), Arc::clone(plugin));
                }
                Some(other) => {
                    let stays = stays(&other, plugin, before);
                    let goes = if Arc::ptr_eq(stays, plugin) {
                        &other
                    } else {
                        plugin
                    };
                    rejected.push(second(goes, stays));
                    chosen.insert(plugin.id.clone(), Arc::clone(stays));
                }
            }
        }
        (chosen, rejected)
    }
}

fn stays<'a>(
    one: &'a Arc<Plugin>,
    two: &'a Arc<Plugin>,
    before: &BTreeMap<PluginId, Arc<Plugin>>,
) -> &'a Arc<Plugin> {
    match before.get(&one.id) {
        Some(serving) if serving.origin == two.origin => two,
        _ => one,
    }
}

fn second(goes: &Plugin, stays: &Plugin) -> Rejected {
    let Origin::File(path) = &goes.origin else {
        unreachable!("folders hold files")
    };
    Rejected {
        path: path.clone(),
        why: format!(
            "`{}` is already served from {}; remove one of the two files",
            goes.id, stays.origin
        ),
    }
}

fn why(error: &str, serves: bool) -> String {
    if serves {
        format!("{error}; what this file held before still serves")
    } else {
        error.to_owned()
    }
}

async fn wasm_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let hidden = path
            .file_name()
            .is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|e| e == "wasm") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

async fn look_at(path: &Path, before: Option<&File>, runtime: &Arc<Runtime>) -> File {
    let kept = before.and_then(|file| file.plugin.clone());
    let bytes = match read(path).await {
        Ok(bytes) => bytes,
        Err(error) => {
            return File {
                digest: [0; 32],
                plugin: kept,
                error: Some(format!("cannot be read: {error}")),
            };
        }
    };
    let digest = runtime::digest(&bytes);
    if let Some(before) = before
        && before.digest == digest
    {
        return before.clone();
    }
    match Plugin::load(runtime, Origin::File(path.to_owned()), bytes, digest).await {
        Ok(plugin) => File {
            digest,
            plugin: Some(Arc::new(plugin)),
            error: None,
        },
        // Said once, by whoever takes the snapshot up, with what serves instead.
        Err(error) => File {
            digest,
            plugin: kept,
            error: Some(error.to_string()),
        },
    }
}

async fn read(path: &Path) -> io::Result<Bytes> {
    let size = tokio::fs::metadata(path).await?.len();
    if size > LARGEST_FILE {
        return Err(io::Error::other(format!(
            "{size} bytes are more than the {LARGEST_FILE} that are taken"
        )));
    }
    Ok(tokio::fs::read(path).await?.into())
}
