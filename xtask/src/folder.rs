//! A folder that others watch or embed: it holds exactly the files of the last run.
//!
//! A file is written beside its place and renamed, and only when its bytes differ, so that a reader
//! never sees half of it and cargo does not rebuild for nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A finished file: the name it gets, and where it is now.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) from: PathBuf,
}

/// Makes `folder` hold the entries and no other `.wasm` file. Returns the names that changed.
pub(crate) fn sync(folder: &Path, entries: &[Entry]) -> Result<Vec<String>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    remove_others(folder, entries)?;
    let mut changed = Vec::new();
    for entry in entries {
        if copy_if_changed(&entry.from, &folder.join(&entry.name))? {
            changed.push(entry.name.clone());
        }
    }
    Ok(changed)
}

fn remove_others(folder: &Path, entries: &[Entry]) -> Result<()> {
    for file in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = file?.path();
        let known = entries.iter().any(|entry| path.ends_with(&entry.name));
        if !known
            && path
                .extension()
                .is_some_and(|extension| extension == "wasm")
        {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn copy_if_changed(from: &Path, to: &Path) -> Result<bool> {
    let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    // The process id keeps two runs apart; the name does not end in `.wasm`, so nobody loads it.
    let beside = to.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&beside, bytes).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, to).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_follows_its_entries() {
        let scratch =
            std::env::temp_dir().join(format!("portcullis-folder-{}", std::process::id()));
        let (built, out) = (scratch.join("built"), scratch.join("out"));
        fs::create_dir_all(&built).unwrap();
        let entry = |name: &str| Entry {
            name: format!("{name}.wasm"),
            from: built.join(name),
        };
        fs::write(built.join("a"), "one").unwrap();
        fs::write(built.join("b"), "two").unwrap();

        assert_eq!(
            sync(&out, &[entry("a"), entry("b")]).unwrap(),
            ["a.wasm", "b.wasm"]
        );
        fs::write(built.join("b"), "three").unwrap();
        assert_eq!(sync(&out, &[entry("a"), entry("b")]).unwrap(), ["b.wasm"]);
        assert!(sync(&out, &[entry("b")]).unwrap().is_empty());

        let left: Vec<_> = fs::read_dir(&out)
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        assert_eq!(left, ["b.wasm"]);
        fs::remove_dir_all(scratch).unwrap();
    }
}
