//! Compiled components on disk, each with what it told of itself.
//!
//! An entry is named after the component's digest, the engine's compatibility hash and this program's
//! version. It holds the compiled code, the answer of `describe`, the length of that answer in eight
//! bytes, and a checksum over all of them (BLAKE3, keyed with the component's digest, so that an entry
//! of another component does not pass). The checksum is compared before anything is used, with a small
//! buffer, and only then is the code mapped: of an entry, only the pages that run are in memory. The
//! folder belongs to this user alone (mode 700), and an entry is replaced whole, never written again.
//! Anything damaged or foreign is rebuilt. The folder that plugins are dropped into is never a source
//! of compiled code.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// SHA-256 of a component, by which it is known.
pub type Digest = [u8; 32];

const CHECKSUM: usize = blake3::OUT_LEN;
const LENGTH: usize = size_of::<u64>();

/// What an entry holds.
pub struct Entry {
    /// The component, mapped.
    pub component: Component,
    /// What it told of itself when it was kept, JSON.
    pub described: String,
}

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

    /// What is kept of a component, if it is there and undamaged.
    pub fn load(&self, engine: &Engine, digest: &Digest) -> Option<Entry> {
        let path = self.path(engine, digest);
        let file = fs::File::open(&path).ok()?;
        let described = checked(file, digest).ok().flatten();
        let entry = described.and_then(|described| {
            let component = deserialize(engine, &path)?;
            Some(Entry {
                component,
                described,
            })
        });
        if entry.is_none() {
            tracing::warn!(path = %path.display(), "a compiled component was damaged; it is compiled again");
        }
        entry
    }

    /// Keeps the compiled form and what the component told of itself, replacing what was there in one
    /// step.
    ///
    /// # Errors
    /// It cannot be serialised or written.
    pub fn save(
        &self,
        engine: &Engine,
        digest: &Digest,
        component: &Component,
        described: &str,
    ) -> wasmtime::Result<()> {
        let code = component.serialize()?;
        let unfinished = self.folder.join(format!(
            ".{}-{:016x}",
            std::process::id(),
            rand::random::<u64>()
        ));
        let written = write_entry(&unfinished, digest, &code, described)
            .and_then(|()| fs::rename(&unfinished, self.path(engine, digest)));
        if written.is_err() {
            fs::remove_file(&unfinished).ok();
        }
        Ok(written?)
    }

    fn path(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
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

fn write_entry(path: &Path, digest: &Digest, code: &[u8], described: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    let mut hasher = blake3::Hasher::new_keyed(digest);
    let length = (described.len() as u64).to_le_bytes();
    for part in [code, described.as_bytes(), &length] {
        hasher.update(part);
        file.write_all(part)?;
    }
    file.write_all(hasher.finalize().as_bytes())?;
    file.sync_all()
}

/// What a component told of itself, if its entry is whole.
fn checked(mut file: fs::File, digest: &Digest) -> io::Result<Option<String>> {
    let Some(body) = file
        .metadata()?
        .len()
        .checked_sub((LENGTH + CHECKSUM) as u64)
    else {
        return Ok(None);
    };
    let (mut length, mut checksum) = ([0; LENGTH], [0; CHECKSUM]);
    file.seek(SeekFrom::Start(body))?;
    file.read_exact(&mut length)?;
    file.read_exact(&mut checksum)?;
    let Some(code) = body.checked_sub(u64::from_le_bytes(length)) else {
        return Ok(None);
    };
    let mut hasher = blake3::Hasher::new_keyed(digest);
    file.rewind()?;
    hasher.update_reader(Read::by_ref(&mut file).take(code))?;
    let mut described = Vec::new();
    file.take(body - code).read_to_end(&mut described)?;
    hasher.update(&described).update(&length);
    let whole = hasher.finalize() == checksum;
    Ok(whole.then(|| String::from_utf8(described).ok()).flatten())
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
    const DESCRIBED: &str = r#"{"id":"empty"}"#;

    fn engine() -> Engine {
        super::super::engine::build(1).expect("an engine").0
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    /// A folder with one entry, and the entry's path.
    fn kept(engine: &Engine, place: &tempfile::TempDir) -> (Artifacts, Digest, PathBuf) {
        let artifacts = Artifacts::open(&place.path().join("c")).expect("opened");
        let component = Component::new(engine, EMPTY_COMPONENT).expect("compiled");
        let key = digest(EMPTY_COMPONENT);
        assert!(artifacts.load(engine, &key).is_none(), "nothing there yet");
        artifacts
            .save(engine, &key, &component, DESCRIBED)
            .expect("saved");
        let path = artifacts.path(engine, &key);
        (artifacts, key, path)
    }

    #[test]
    fn round_trip() {
        let (engine, place) = (engine(), folder());
        let (artifacts, key, _) = kept(&engine, &place);
        let entry = artifacts.load(&engine, &key).expect("kept");
        assert_eq!(entry.described, DESCRIBED);
    }

    #[test]
    fn a_damaged_entry_is_not_loaded() {
        let (engine, place) = (engine(), folder());
        let (artifacts, key, path) = kept(&engine, &place);
        let whole = fs::read(&path).expect("read");
        let flipped = |at: usize| {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            flipped
        };
        let told = whole.len() - CHECKSUM - LENGTH - DESCRIBED.len();
        assert!(whole[told..].starts_with(DESCRIBED.as_bytes()));
        let length = whole.len() - CHECKSUM - LENGTH;
        let mut endless = whole.clone();
        endless[length..][..LENGTH].copy_from_slice(&u64::MAX.to_le_bytes());
        let mut damaged = vec![Vec::new(), b"MZ".to_vec(), endless];
        damaged.extend([0, told, told + 3, length, whole.len() - 1].map(flipped));
        damaged.extend([10, LENGTH + CHECKSUM, told, length].map(|end| whole[..end].to_vec()));
        for damaged in damaged {
            fs::write(&path, damaged).expect("written");
            assert!(artifacts.load(&engine, &key).is_none());
        }
        fs::write(&path, whole).expect("written");
        assert!(artifacts.load(&engine, &key).is_some(), "whole again");
    }

    #[test]
    fn an_entry_of_another_component_is_not_loaded() {
        let (engine, place) = (engine(), folder());
        let (artifacts, _, path) = kept(&engine, &place);
        let other = digest(b"another component");
        fs::copy(path, artifacts.path(&engine, &other)).expect("copied");
        assert!(artifacts.load(&engine, &other).is_none());
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
