//! `portcullis.lock`: which plugins of the folder were approved, by their digests and by what they ask
//! for.
//!
//! Owns the file: how it is written (whole, in order, so that a difference in version control is what
//! changed), how it is read (strictly; a file that cannot be understood is told with its line and left
//! alone), and that two programs that write it at a time lose nothing. It must not know who decides.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::{Config, Source};
use crate::names::PluginId;
use crate::policy::Asks;
use crate::runtime::Digest;

/// Its name, beside the configuration file.
pub const FILE: &str = "portcullis.lock";

/// The revision of its format.
const REVISION: u32 = 1;

const HEAD: &str = "\
# The plugins that were approved, each with the digest of its file and what it asks for; written by
# Portcullis. Keep this file under version control. A plugin that asks for more than what stands here
# waits for `portcullis plugin approve <id>`.

";

/// What was approved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lock {
    /// By the plugins' ids.
    pub pins: BTreeMap<PluginId, Pin>,
}

/// One approved plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// `sha256:` and the digest of the file.
    pub digest: String,
    /// The plugin's version, for people.
    pub version: String,
    /// Whether it takes the place of a plugin that the program carries.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces_embedded: bool,
    /// What it asks for.
    pub asks: Asks,
}

/// Why the file is not read or written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It cannot be read.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is not what this program wrote.
    #[error("{}:{line}: {message}; mend it or take it from version control; without the file every plugin counts as new", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// It cannot be written.
    #[error("{} cannot be written: {cause}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    lock: u32,
    #[serde(default)]
    plugin: BTreeMap<String, Pin>,
}

/// Where the file of a configuration is; none where there is no folder of plugins to approve.
#[must_use]
pub fn path_of(config: &Config) -> Option<PathBuf> {
    config.server.plugins.as_ref()?;
    match &config.source {
        Source::File(path) => Some(path.with_file_name(FILE)),
        Source::Environment => None,
    }
}

/// A digest as it stands in the file.
#[must_use]
pub fn shown(digest: &Digest) -> String {
    format!("sha256:{}", hex::encode(digest))
}

impl Lock {
    /// Reads the file; one that is not there approves nothing.
    ///
    /// # Errors
    /// It is there and cannot be read, or not understood.
    pub fn read(path: &Path) -> Result<Self, LockError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(LockError::Unreadable {
                path: path.to_owned(),
                cause,
            }),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, LockError> {
        let broken = |line: usize, message: String| LockError::Broken {
            path: path.to_owned(),
            line,
            message,
        };
        let written: Written = toml_edit::de::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            broken(line_of(text, at), first_line(error.message()))
        })?;
        if written.lock != REVISION {
            let message = format!(
                "it is written in revision {} of the format, this program reads revision {REVISION}",
                written.lock
            );
            return Err(broken(line_with(text, "lock"), message));
        }
        let pin = |(id, pin): (String, Pin)| {
            let at = || line_with(text, &format!("[plugin.{id}]"));
            let is_digest = pin
                .digest
                .strip_prefix("sha256:")
                .is_some_and(|digits| digits.len() == 64 && hex::decode(digits).is_ok());
            if !is_digest {
                let message =
                    format!("`digest` of `{id}` is no `sha256:` and 64 hexadecimal digits");
                return Err(broken(at(), message));
            }
            let id = PluginId::new(&id).map_err(|error| broken(at(), error.to_string()))?;
            Ok((id, pin))
        };
        let pins = written.plugin.into_iter().map(pin);
        Ok(Self {
            pins: pins.collect::<Result<_, _>>()?,
        })
    }

    /// Changes the file: reads it, lets `change` decide on what it holds now, and puts the result in its
    /// place in one step, while no other program does.
    ///
    /// # Errors
    /// It cannot be understood, in which case it is left alone, or not written.
    pub fn update(path: &Path, change: impl FnOnce(&mut Self)) -> Result<Self, LockError> {
        let unwritable = |cause| LockError::Unwritable {
            path: path.to_owned(),
            cause,
        };
        // A link, as version control and mounts make them, stays one.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let _alone = alone(folder).map_err(unwritable)?;
        let before = Self::read(&target)?;
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            let text = after
                .to_text()
                .map_err(|error| unwritable(io::Error::other(error)))?;
            replace(&target, folder, &text).map_err(unwritable)?;
        }
        Ok(after)
    }

    fn to_text(&self) -> Result<String, toml_edit::ser::Error> {
        let pins = self.pins.iter();
        let written = Written {
            lock: REVISION,
            plugin: pins
                .map(|(id, pin)| (id.to_string(), pin.clone()))
                .collect(),
        };
        Ok(HEAD.to_owned() + &toml_edit::ser::to_string_pretty(&written)?)
    }
}

/// Waits until no other program changes files of the folder by this function; over when it is dropped.
/// A file system that cannot lock is worked on without: the file is still replaced whole.
fn alone(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    if let Err(error) = folder.lock() {
        tracing::debug!(%error, "the folder cannot be locked");
    }
    Ok(folder)
}

fn replace(path: &Path, folder: &Path, text: &str) -> io::Result<()> {
    let unfinished = folder.join(format!(
        ".{FILE}.{}-{:016x}",
        std::process::id(),
        rand::random::<u64>()
    ));
    let written = write(&unfinished, text).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        fs::remove_file(&unfinished).ok();
    }
    written
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn line_of(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).matches('\n').count() + 1
}

fn line_with(text: &str, what: &str) -> usize {
    let at = text
        .lines()
        .position(|line| line.trim_start().starts_with(what));
    at.map_or(1, |at| at + 1)
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
