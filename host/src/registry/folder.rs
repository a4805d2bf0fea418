//! The watched folder: which files are there, which of them serve, and why others do not.
//!
//! A file that is half-copied or broken never replaces a good one: what a path served last stays
//! until the file is good again, approved, or gone.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncReadExt;

use super::approval::{Candidate, NewPin, Rules, Verdict};
use super::plugin::{Origin, Plugin};
use super::signature::{self, Signed};
use crate::config::PluginKey;
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
    /// Who signed them, where that was asked for.
    signed: Option<Signed>,
    /// What this path served last.
    plugin: Option<Arc<Plugin>>,
    error: Option<String>,
}

impl Folder {
    /// Looks at the folder again; files whose bytes did not change are not loaded again.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn look(
        &self,
        folder: &Path,
        keys: &[PluginKey],
        runtime: &Arc<Runtime>,
    ) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for path in wasm_files(folder).await? {
            let before = self.files.get(&path);
            let file = look_at(&path, before, keys, runtime).await;
            files.insert(path, file);
        }
        Ok(Self { files })
    }

    /// One plugin per identity, those that wait, and the files that do not serve. `before` is what
    /// was there until now: of two files of one identity the one that was stays, and so does what a
    /// file held before, while what it holds now waits. That is for plugins which served a connection,
    /// the `connected`, and so were judged: one that nothing named never was.
    pub fn choose(
        &self,
        before: &BTreeMap<PluginId, Arc<Plugin>>,
        connected: &[&Arc<Plugin>],
        rules: &Rules<'_>,
    ) -> Chosen {
        let is_connected = |old: &Arc<Plugin>| connected.iter().any(|one| Arc::ptr_eq(one, old));
        let mut chosen = Chosen::default();
        for (path, file) in &self.files {
            let served = before.values().find(|old| old.is_of(path));
            let served = served.filter(|old| is_connected(old) && is_signed(old, rules.keys));
            let takes = match &file.plugin {
                Some(plugin) => chosen.judge(path, plugin, served, rules),
                None => None,
            };
            if let Some(error) = &file.error {
                chosen.reject(path, why(error, takes.is_some()));
            }
            if let Some(plugin) = takes {
                chosen.take(plugin, before);
            }
        }
        for (id, plugin) in &chosen.plugins {
            // One that serves already was pinned when it began to; another host may have its own file.
            let serves = before
                .get(id)
                .is_some_and(|old| Arc::ptr_eq(old, plugin) && is_connected(old));
            match rules.judge(plugin) {
                Verdict::Pinned(new) if !serves || new.instead_of.is_none() => {
                    chosen.pins.insert(id.clone(), *new);
                }
                _ => {}
            }
        }
        chosen
    }

    /// The plugins of an identity that files hold, whether they serve or not.
    #[must_use]
    pub fn of_id(&self, id: &str) -> Vec<&Arc<Plugin>> {
        let plugins = self.files.values().filter_map(|file| file.plugin.as_ref());
        plugins.filter(|plugin| plugin.id.as_str() == id).collect()
    }

    /// The identities of the plugins that files hold.
    pub fn ids(&self) -> impl Iterator<Item = &PluginId> {
        let plugins = self.files.values().filter_map(|file| file.plugin.as_ref());
        plugins.map(|plugin| &plugin.id)
    }

    /// Why files were not loaded.
    pub fn refused(&self) -> impl Iterator<Item = (&Path, &str)> {
        let files = self.files.iter();
        files.filter_map(|(path, file)| Some((path.as_path(), file.error.as_deref()?)))
    }
}

/// What becomes of a folder's files.
#[derive(Default)]
pub struct Chosen {
    /// Those that serve.
    pub plugins: BTreeMap<PluginId, Arc<Plugin>>,
    /// Those that wait for approval.
    pub candidates: Vec<Candidate>,
    /// Files that do not serve, and why.
    pub rejected: Vec<Rejected>,
    /// What the lock has to learn.
    pub pins: BTreeMap<PluginId, NewPin>,
}

impl Chosen {
    /// What a file gives: what it holds, or what it held before while that waits.
    fn judge(
        &mut self,
        path: &Path,
        plugin: &Arc<Plugin>,
        served: Option<&Arc<Plugin>>,
        rules: &Rules<'_>,
    ) -> Option<Arc<Plugin>> {
        let stays = served.filter(|old| rules.keeps(old));
        let serves = stays.is_some_and(|old| Arc::ptr_eq(old, plugin));
        let reason = match rules.judge(plugin) {
            Verdict::Waits(reason) if !serves => reason,
            _ => return Some(Arc::clone(plugin)),
        };
        self.reject(path, why(&reason.told(&plugin.id), stays.is_some()));
        self.candidates.push(Candidate {
            plugin: Arc::clone(plugin),
            reason,
        });
        stays.cloned()
    }

    fn take(&mut self, plugin: Arc<Plugin>, before: &BTreeMap<PluginId, Arc<Plugin>>) {
        let Some(other) = self.plugins.get(&plugin.id).cloned() else {
            self.plugins.insert(plugin.id.clone(), plugin);
            return;
        };
        let stays = Arc::clone(stays(&other, &plugin, before));
        let goes = if Arc::ptr_eq(&stays, &plugin) {
            other
        } else {
            plugin
        };
        self.rejected.push(second(&goes, &stays));
        self.plugins.insert(stays.id.clone(), stays);
    }

    fn reject(&mut self, path: &Path, why: String) {
        self.rejected.push(Rejected {
            path: path.to_owned(),
            why,
        });
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

async fn look_at(
    path: &Path,
    before: Option<&File>,
    keys: &[PluginKey],
    runtime: &Arc<Runtime>,
) -> File {
    let kept = before.and_then(|file| file.plugin.clone());
    let kept = kept.filter(|plugin| is_signed(plugin, keys));
    let refused = |digest: Digest, signed: Option<Signed>, error: String| File {
        digest,
        signed,
        plugin: kept.clone(),
        error: Some(error),
    };
    let bytes = match read(path).await {
        Ok(bytes) => bytes,
        Err(error) => return refused([0; 32], None, format!("cannot be read: {error}")),
    };
    let digest = runtime::digest(&bytes);
    let signed = match signature::check(path, &bytes, keys).await {
        Ok(signed) => signed,
        // Another signature may come for the same bytes, so they count as not seen.
        Err(error) => return refused([0; 32], None, error.to_string()),
    };
    if let Some(before) = before
        && before.digest == digest
        && before.signed == signed
    {
        return before.clone();
    }
    match Plugin::load(runtime, Origin::File(path.to_owned()), bytes, digest).await {
        Ok(plugin) => File {
            digest,
            signed: signed.clone(),
            plugin: Some(Arc::new(Plugin { signed, ..plugin })),
            error: None,
        },
        // Said once, by whoever takes the snapshot up, with what serves instead.
        Err(error) => refused(digest, signed, error.to_string()),
    }
}

/// Whether a plugin has the signature that is asked for, if one is.
fn is_signed(plugin: &Plugin, keys: &[PluginKey]) -> bool {
    let signer = plugin.signed.as_ref().map(|signed| signed.key.as_str());
    keys.is_empty() || keys.iter().any(|key| signer == Some(key.as_str()))
}

/// Reads a component's file.
///
/// # Errors
/// It cannot be read, or is larger than any plugin.
pub async fn read(path: &Path) -> io::Result<Bytes> {
    let bytes = read_at_most(path, LARGEST_FILE).await?;
    bytes.map(Bytes::from).ok_or_else(|| {
        io::Error::other(format!(
            "it has more than the {LARGEST_FILE} bytes that are taken"
        ))
    })
}

/// What a file holds; nothing where that is more than `most` bytes. A pipe or a device is no file: to read
/// one may never end.
pub(super) async fn read_at_most(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await?;
    file.take(most + 1).read_to_end(&mut bytes).await?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}
