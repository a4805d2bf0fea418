//! The cache of compiled components, from the registry's side: what is kept is used without running the
//! guest, and what is damaged, foreign or not acceptable is made anew and never trusted.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::registry::{Origin, Plugin, PluginError};
use portcullis::runtime::{Runtime, digest};
use tempfile::TempDir;

use crate::support::guests;

/// Of an entry, behind the code and what the component told: the length of the latter, the checksum.
const LENGTH: usize = 8;
const CHECKSUM: usize = 32;

/// Loads a guest as a start does, with a runtime of its own.
async fn load(name: &str, cache: &Path) -> Result<Plugin, PluginError> {
    let runtime = Runtime::new(2, Some(cache)).expect("the sandbox starts here");
    let wasm = guests::bytes(name);
    let key = digest(&wasm);
    Plugin::load(&runtime, Origin::Embedded, wasm.into(), key).await
}

async fn version(name: &str, cache: &Path) -> String {
    let plugin = load(name, cache).await.expect("it is acceptable");
    plugin.manifest.version.clone()
}

fn entries(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// A cache that holds one guest, and the path of its entry.
async fn filled(name: &str) -> (TempDir, PathBuf, PathBuf) {
    let place = TempDir::new().expect("a temporary folder");
    let cache = place.path().join("components");
    load(name, &cache).await.expect("it is acceptable");
    let [entry] = entries(&cache).try_into().expect("one entry");
    (place, cache, entry)
}

/// Where an entry holds what its component told.
fn told(entry: &[u8]) -> std::ops::Range<usize> {
    let end = entry.len() - CHECKSUM - LENGTH;
    let length = entry[end..][..LENGTH].try_into().expect("eight bytes");
    let length = usize::try_from(u64::from_le_bytes(length)).expect("a length");
    end - length..end
}

/// An entry in which the component tells another version, and that version.
fn with_another_version(entry: &[u8], version: &str) -> (Vec<u8>, String) {
    let other = version.replace(|c: char| c.is_ascii_digit(), "9");
    let (mut changed, told) = (entry.to_vec(), told(entry));
    let text = std::str::from_utf8(&entry[told.clone()]).expect("a text");
    let text = text.replace(&format!("\"{version}\""), &format!("\"{other}\""));
    assert_ne!(
        text.as_bytes(),
        &entry[told.clone()],
        "the version is there"
    );
    changed[told].copy_from_slice(text.as_bytes());
    (changed, other)
}

#[tokio::test]
async fn what_is_kept_is_used_without_running_the_guest() {
    let (_place, cache, entry) = filled("good_one").await;
    let told = version("good_one", &cache).await;
    let whole = fs::read(&entry).expect("read");
    let (mut changed, other) = with_another_version(&whole, &told);
    let end = changed.len() - CHECKSUM;
    let key = digest(&guests::bytes("good_one"));
    let checksum = blake3::keyed_hash(&key, &changed[..end]);
    changed[end..].copy_from_slice(checksum.as_bytes());
    fs::write(&entry, changed).expect("written");
    assert_eq!(version("good_one", &cache).await, other);
}

#[tokio::test]
async fn a_damaged_manifest_is_made_anew() {
    let (_place, cache, entry) = filled("good_one").await;
    let told = version("good_one", &cache).await;
    let whole = fs::read(&entry).expect("read");
    let (changed, _) = with_another_version(&whole, &told);
    fs::write(&entry, &changed).expect("written");
    assert_eq!(version("good_one", &cache).await, told);
    assert_ne!(fs::read(&entry).expect("read"), changed, "it was mended");
    assert_eq!(version("good_one", &cache).await, told);
}

#[tokio::test]
async fn the_entry_of_another_component_is_not_taken() {
    let (_one, cache, entry) = filled("good_one").await;
    let (_two, _, other) = filled("good_two").await;
    let told = version("good_one", &cache).await;
    fs::copy(other, &entry).expect("copied");
    assert_eq!(version("good_one", &cache).await, told);
}

#[tokio::test]
async fn what_is_not_acceptable_is_not_kept() {
    let place = TempDir::new().expect("a temporary folder");
    for name in [
        "bad_schema",
        "duplicate_tool",
        "trap_in_describe",
        "sockets",
    ] {
        for _ in 0..2 {
            assert!(load(name, place.path()).await.is_err(), "{name}");
        }
        assert_eq!(entries(place.path()), Vec::<PathBuf>::new(), "{name}");
    }
}
