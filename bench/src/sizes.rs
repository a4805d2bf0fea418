//! Sizes: plugins as components and compiled, and the program.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::setup::Setup;

/// Bytes.
#[derive(Debug, Serialize)]
pub(crate) struct Sizes {
    pub(crate) program: u64,
    /// By name; all of `target/plugins`, which the program carries.
    pub(crate) components: Vec<(String, u64)>,
    /// All compiled plugins together.
    pub(crate) compiled: u64,
}

/// Reads them; the host has answered before.
pub(crate) fn read(setup: &Setup) -> Result<Sizes> {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
    let compiled = files(&setup.cache(), "cwasm")?;
    Ok(Sizes {
        program: size(&setup.host.path)?,
        components: files(&plugins, "wasm").unwrap_or_default(),
        compiled: compiled.iter().map(|(_, size)| size).sum(),
    })
}

fn size(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("no {}", path.display()))?;
    Ok(metadata.len())
}

/// Files with this extension, by name, here and in the folders below.
fn files(folder: &Path, extension: &str) -> Result<Vec<(String, u64)>> {
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|found| found == extension) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            found.push((name.into_owned(), size(&path)?));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_count() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        fs::write(folder.path().join("below/a.cwasm"), "12345").unwrap();
        fs::write(folder.path().join("b.wasm"), "1").unwrap();
        assert_eq!(files(folder.path(), "cwasm").unwrap(), [("a".into(), 5)]);
    }
}
