//! Compiled components on disk.
//!
//! An entry is named after the component's digest and the engine's compatibility hash; it ends
//! with a checksum of the compiled code (BLAKE3), which is compared before the code is mapped: of
//! an entry, only the pages that run are in memory. The folder belongs to this user alone (mode
//! 700), and an entry is replaced whole, never written again. Anything damaged or foreign is
//! rebuilt. The folder that plugins are dropped into is never a source of compiled code.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// SHA-256 of a component, by which it is known.
pub type Digest = [u8; 32];

const CHECKSUM: usize = blake3::OUT_LEN;

/// A folder of compiled components.
#[derive(Debug, Clone)]
pub struct Artifacts {
    folder: PathBuf,
}

impl Artifacts {
    /// Opens the folder, making it where it is missing.
    ///
    /// # Errors
    /// It cannot be made or written, or it belongs to or is open to somebody else.
    pub fn open(folder: &Path) -> io::Result<Self> {
        make_private(folder)?;
        let probe = folder.join(format!(".probe-{}", std::process::id()));
        fs::write(&probe, b"")?;
        let check = check_owner(folder, &probe);
        fs::remove_file(&probe)?;
        check?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The compiled form of `wasm`, if an undamaged one is at hand.
    pub fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(engine, digest);
        let file = fs::File::open(&path).ok()?;
        let intact = is_intact(file).unwrap_or(false);
        let loaded = intact.then(|| deserialize(engine, &path)).flatten();
        if loaded.is_none() {
            tracing::warn!(path = %path.display(), "a compiled component was damaged; it is compiled again");
        }
        loaded
    }

    /// Keeps the compiled form, replacing what was there in one step.
    ///
    /// # Errors
    /// It cannot be serialised or written.
    pub fn save(
        &self,
        engine: &Engine,
        digest: &Digest,
        component: &Component,
    ) -> wasmtime::Result<()> {
        let code = component.serialize()?;
        let unfinished = self.folder.join(format!(
            ".{}-{:016x}",
            std::process::id(),
            rand::random::<u64>()
        ));
        let written = write_entry(&unfinished, &code)
            .and_then(|()| fs::rename(&unfinished, self.path(engine, digest)));
        if written.is_err() {
            fs::remove_file(&unfinished).ok();
        }
        Ok(written?)
    }

    fn path(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.folder.join(format!(
            "{}-{:016x}.cwasm",
            hex::encode(digest),
            hasher.finish()
        ))
    }
}

/// The digest by which a component is known, SHA-256 of the `.wasm`.
pub fn digest(wasm: &[u8]) -> Digest {
    Sha256::digest(wasm).into()
}

fn write_entry(path: &Path, code: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    file.write_all(code)?;
    file.write_all(blake3::hash(code).as_bytes())?;
    file.sync_all()
}

/// Whether an entry ends with the checksum of what stands before it.
fn is_intact(mut file: fs::File) -> io::Result<bool> {
    let Some(code) = file.metadata()?.len().checked_sub(CHECKSUM as u64) else {
        return Ok(false);
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(Read::by_ref(&mut file).take(code))?;
    let mut expected = [0; CHECKSUM];
    file.read_exact(&mut expected)?;
    Ok(hasher.finalize() == expected)
}

/// The one place of this project that is not safe: it loads machine code.
#[expect(
    unsafe_code,
    reason = "loads machine code that this program compiled; see the comment"
)]
fn deserialize(engine: &Engine, path: &Path) -> Option<Component> {
    // SAFETY: `Component::deserialize_file` runs what it is given, and maps it for as long as the
    // component lives. The file lies in a folder that only this user can write (checked by `open`),
    // under a name that only `save` gives, and its checksum was compared with the one that `save`
    // wrote. `save` puts new files in the place of old ones and never writes into one that has its
    // name, so what is mapped does not change. Wasmtime itself refuses code of another version or
    // of other settings.
    match unsafe { Component::deserialize_file(engine, path) } {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::debug!(%error, "compiled code was refused");
            None
        }
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(unix)]
fn check_owner(folder: &Path, probe: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let (found, ours) = (fs::symlink_metadata(folder)?, fs::metadata(probe)?);
    if found.uid() != ours.uid() {
        return Err(io::Error::other("the folder belongs to another user"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "the folder is open to other users; run `chmod 700` on it",
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn check_owner(_folder: &Path, _probe: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    fn engine() -> Engine {
        super::super::engine::build(1).expect("an engine").0
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn round_trip() {
        let (engine, place) = (engine(), folder());
        let artifacts = Artifacts::open(&place.path().join("c")).expect("opened");
        let component = Component::new(&engine, EMPTY_COMPONENT).expect("compiled");
        let key = digest(EMPTY_COMPONENT);
        assert!(artifacts.load(&engine, &key).is_none(), "nothing there yet");
        artifacts.save(&engine, &key, &component).expect("saved");
        assert!(artifacts.load(&engine, &key).is_some());
    }

    #[test]
    fn a_damaged_entry_is_not_loaded() {
        let (engine, place) = (engine(), folder());
        let artifacts = Artifacts::open(&place.path().join("c")).expect("opened");
        let component = Component::new(&engine, EMPTY_COMPONENT).expect("compiled");
        let key = digest(EMPTY_COMPONENT);
        artifacts.save(&engine, &key, &component).expect("saved");
        let path = artifacts.path(&engine, &key);
        let whole = fs::read(&path).expect("read");
        let flipped = |at: usize| {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            flipped
        };
        let (first, last) = (flipped(0), flipped(whole.len() - 1));
        for damaged in [&whole[..whole.len() / 2], &first, &last, &[][..], b"MZ"] {
            fs::write(&path, damaged).expect("written");
            assert!(artifacts.load(&engine, &key).is_none());
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let place = folder();
        let inner = place.path().join("c");
        Artifacts::open(&inner).expect("opened");
        assert_eq!(
            fs::metadata(&inner).expect("there").permissions().mode() & 0o777,
            0o700
        );
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).expect("changed");
        assert!(
            Artifacts::open(&inner).is_err(),
            "an open folder is refused"
        );
    }
}
