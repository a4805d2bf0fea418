//! Which plugins the workspace declares, and which of them are not built. A part of the build script
//! that a test can call; it reads and prints nothing else.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A crate of the workspace that is a plugin.
pub struct Declared {
    /// The component's id.
    pub id: String,
    /// The crate's manifest.
    pub manifest: PathBuf,
}

/// The plugins among the crates of a folder, in the order of their ids.
///
/// # Errors
/// The folder or a manifest cannot be read.
pub fn plugins(folder: &Path) -> io::Result<Vec<Declared>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let manifest = entry?.path().join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        if let Some(id) = id(&fs::read_to_string(&manifest)?) {
            found.push(Declared { id, manifest });
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// The file names of those that are not among the files.
pub fn missing(declared: &[Declared], files: &[PathBuf]) -> Vec<String> {
    let names = declared.iter().map(|plugin| format!("{}.wasm", plugin.id));
    names
        .filter(|name| !files.iter().any(|file| file.ends_with(name)))
        .collect()
}

/// The id under `[package.metadata.portcullis]`; one line of one table is not worth a TOML parser in
/// every build.
fn id(manifest: &str) -> Option<String> {
    let table = manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[package.metadata.portcullis]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    let mut keys = table.filter_map(|line| line.split_once('='));
    let (_, value) = keys.find(|(key, _)| key.trim() == "plugin")?;
    Some(value.trim().trim_matches('"').to_owned())
}
