//! The corpus: a folder of inputs per target, and one of inputs that broke a promise.
//!
//! Owns where both are. A crash is replayed like the corpus; once it is fixed, its file moves there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Target;

/// The inputs of a target, by name; crashes last.
///
/// # Errors
/// A folder cannot be read, or the target has no corpus.
pub fn inputs(target: &Target) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = files(&folder().join(target.name))?;
    let crashes = crashes(target);
    if crashes.is_dir() {
        found.extend(files(&crashes)?);
    }
    Ok(found)
}

/// The folder of a folder for each target.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Where the inputs of a target go that broke a promise.
#[must_use]
pub fn crashes(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("crashes")
        .join(target.name)
}

/// Writes an input that broke a promise; answers its path.
///
/// # Errors
/// It cannot be written.
pub fn keep_crash(target: &Target, input: &[u8]) -> io::Result<PathBuf> {
    let folder = crashes(target);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{:016x}", fingerprint(input)));
    fs::write(&path, input)?;
    Ok(path)
}

/// FNV-1a: the same on every machine, for names of files and for telling outcomes apart.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn files(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| fs::read(&path).map(|bytes| (path, bytes)))
        .collect()
}
