//! What this host knows of the lock: the file, and what it has not written yet.
//!
//! A plugin that is taken up is pinned at once, in memory, and in the file as soon as the host serves:
//! a command that only looks writes nothing. Where the file cannot be written that is said, and the pins
//! hold until the host ends. It must not know how plugins are judged.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::approval::NewPin;
use super::lock::{self, Lock, LockError};
use super::plugin::{Origin, Plugin};
use crate::config::Config;
use crate::names::PluginId;

/// How a plugin stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is a part of the program.
    Embedded,
    /// The lock holds it.
    Approved,
    /// It serves, and the lock does not hold it yet.
    Due,
    /// No connection names it.
    Unnamed,
    /// It does not serve until it is approved.
    Waits,
}

/// The lock of a host.
#[derive(Default)]
pub struct Pins {
    path: Option<PathBuf>,
    /// As the file was read last, with what is due.
    pub lock: Lock,
    due: BTreeMap<PluginId, NewPin>,
    writes: bool,
    said: String,
}

impl Pins {
    /// Reads the file of a configuration, and keeps what is still due of what was there before.
    ///
    /// # Errors
    /// The file is there and cannot be understood.
    pub async fn read(&self, config: &Config) -> Result<Self, LockError> {
        let path = lock::path_of(config);
        let mut lock = match path.clone() {
            Some(path) => blocking(move || Lock::read(&path)).await?,
            None => Lock::default(),
        };
        let is_due = |(id, new): &(&PluginId, &NewPin)| {
            path == self.path && digest_of(&lock, id) == new.instead_of
        };
        let due = self.due.iter().filter(is_due);
        let due: BTreeMap<_, _> = due.map(|(id, new)| (id.clone(), new.clone())).collect();
        for (id, new) in &due {
            lock.pins.insert(id.clone(), new.pin.clone());
        }
        Ok(Self {
            path,
            lock,
            due,
            writes: self.writes,
            said: self.said.clone(),
        })
    }

    /// Takes up what a snapshot that is served brought, and writes it if this host writes.
    pub async fn learn(&mut self, new: BTreeMap<PluginId, NewPin>) {
        for (id, new) in new {
            self.lock.pins.insert(id.clone(), new.pin.clone());
            self.due.insert(id, new);
        }
        self.write().await;
    }

    /// How a plugin that serves stands.
    #[must_use]
    pub fn standing(&self, plugin: &Plugin) -> Standing {
        let digest = Some(lock::shown(&plugin.compiled.digest));
        match (&plugin.origin, self.due.contains_key(&plugin.id)) {
            (Origin::Embedded, _) => Standing::Embedded,
            (Origin::File(_), true) => Standing::Due,
            (Origin::File(_), false) if digest_of(&self.lock, &plugin.id) == digest => {
                Standing::Approved
            }
            (Origin::File(_), false) => Standing::Unnamed,
        }
    }

    /// From now on writes what is due.
    pub async fn begin_to_write(&mut self) {
        self.writes = true;
        self.write().await;
    }

    async fn write(&mut self) {
        let Some(path) = self
            .path
            .clone()
            .filter(|_| self.writes && !self.due.is_empty())
        else {
            return;
        };
        let due = self.due.clone();
        let written = blocking(move || {
            let mut pinned = Vec::new();
            Lock::update(&path, |lock| pinned = pin(lock, due))?;
            Ok((path, pinned))
        });
        match written.await {
            Ok((path, pinned)) => {
                self.due.clear();
                self.said.clear();
                for (id, new) in pinned {
                    say(&id, &new, &path);
                }
            }
            Err(error) => {
                let error = error.to_string();
                if error != self.said {
                    tracing::error!(%error, "plugins are not pinned beyond the end of this host");
                }
                self.said = error;
            }
        }
    }
}

/// Makes the changes that still fit, and tells which those are: what another program wrote meanwhile
/// stays, and is judged by at the next look.
fn pin(lock: &mut Lock, due: BTreeMap<PluginId, NewPin>) -> Vec<(PluginId, NewPin)> {
    let mut pinned = Vec::new();
    for (id, new) in due {
        if digest_of(lock, &id) == new.instead_of {
            lock.pins.insert(id.clone(), new.pin.clone());
            pinned.push((id, new));
        }
    }
    pinned
}

fn digest_of(lock: &Lock, id: &PluginId) -> Option<String> {
    lock.pins.get(id).map(|pin| pin.digest.clone())
}

fn say(id: &PluginId, new: &NewPin, path: &std::path::Path) {
    let (digest, lock) = (&new.pin.digest, path.display());
    let replaces_embedded = new.pin.replaces_embedded;
    match &new.instead_of {
        None => tracing::info!(plugin = %id, %digest, replaces_embedded, %lock,
            "plugin pinned: it was seen for the first time"),
        Some(_) => tracing::info!(plugin = %id, %digest, replaces_embedded, %lock,
            "plugin pinned again: its file is another and asks for no more than before"),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LockError> + Send + 'static,
) -> Result<T, LockError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(ended) => Err(LockError::Unreadable {
            path: lock::FILE.into(),
            cause: std::io::Error::other(ended),
        }),
    }
}
