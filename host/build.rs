//! Collects `target/plugins/*.wasm` for `registry/embedded.rs`. It only reads: the plugins are
//! built by `cargo xtask plugins`. A release build with one of them missing is refused.

#[path = "build/declared.rs"]
mod declared;

use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

fn main() {
    let folder = plugins_folder();
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-env-changed=PORTCULLIS_PLUGINS_DIR");
    let found = wasm_files(&folder);
    let declared =
        declared::plugins(&beside("plugins")).expect("the workspace's plugins are readable");
    // The list of members tells of a new crate. Not the folder: it would mean a build of the host for
    // every change of a plugin's source.
    println!("cargo::rerun-if-changed={}", beside("Cargo.toml").display());
    for plugin in &declared {
        println!("cargo::rerun-if-changed={}", plugin.manifest.display());
    }
    let missing = declared::missing(&declared, &found);
    if !missing.is_empty() && env::var("PROFILE").as_deref() == Ok("release") {
        println!(
            "cargo::error=not in {}: {}; run `cargo xtask plugins` first, a release build embeds every plugin of the workspace",
            folder.display(),
            missing.join(", ")
        );
        return;
    }
    for file in &found {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    let out =
        PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("embedded.rs");
    fs::write(&out, source(&found)).expect("OUT_DIR is writable");
}

fn plugins_folder() -> PathBuf {
    match env::var_os("PORTCULLIS_PLUGINS_DIR") {
        Some(folder) => folder.into(),
        None => beside("target/plugins"),
    }
}

/// A path of the workspace.
fn beside(path: &str) -> PathBuf {
    let host = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    Path::new(&host).join("..").join(path)
}

fn wasm_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "wasm"))
        .collect();
    files.sort();
    files
}

fn source(files: &[PathBuf]) -> String {
    let entries: String = files
        .iter()
        .map(|file| {
            let name = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let path = file.display().to_string();
            let digest: [u8; 32] = Sha256::digest(fs::read(file).expect("listed a moment ago")).into();
            format!("    Embedded {{ name: {name:?}, wasm: include_bytes!({path:?}), digest: {digest:?} }},\n")
        })
        .collect();
    format!("const EMBEDDED: &[Embedded] = &[\n{entries}];\n")
}
