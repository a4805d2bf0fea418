//! The target's standard library: whether a sysroot has it, and building it from source.
//!
//! Cargo builds it as any package; the C library's three files come from elsewhere, compiled. The
//! two are laid out the way rustc looks for them. Knows nothing of packages and their sources.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::TARGET;
use crate::process;
use crate::workspace::cargo;

/// What WASI programs start with (as a program, as a library) and the C library under `std`.
const C_FILES: [&str; 3] = ["crt1-command.o", "crt1-reactor.o", "libc.a"];

/// What a standard library is made of.
pub(super) struct Source<'a> {
    /// Must be of the same release as the source.
    pub(super) rustc: &'a Path,
    /// The `library` folder of the compiler's source.
    pub(super) library: PathBuf,
    /// The folder of wasi-libc's compiled files.
    pub(super) libc: PathBuf,
}

/// Whether the target's standard library is in this sysroot.
pub(super) fn is_in(sysroot: &Path) -> bool {
    rlibs(&folder(sysroot)).is_ok_and(|rlibs| rlibs.iter().any(|rlib| is_std(rlib)))
}

/// Builds the standard library into a sysroot. `work` holds what is in between.
pub(super) fn build(source: &Source, work: &Path, sysroot: &Path) -> Result<()> {
    process::quiet(&mut build_command(source, work))?;
    let folder = folder(sysroot);
    for rlib in rlibs(&work.join(TARGET).join("release/deps"))? {
        copy_into(&rlib, &folder)?;
    }
    for name in C_FILES {
        copy_into(&source.libc.join(name), &folder.join("self-contained"))?;
    }
    Ok(())
}

fn build_command(source: &Source, work: &Path) -> Command {
    let mut command = Command::new(cargo());
    command.current_dir(&source.library);
    for name in [
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_TARGET",
    ] {
        command.env_remove(name);
    }
    // The standard library uses the compiler's unstable parts: the first variable opens them.
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", source.rustc);
    command.env(
        "CARGO_ENCODED_RUSTFLAGS",
        flags(source).join("\x1f".as_ref()),
    );
    command.args([
        "build",
        "--release",
        "--manifest-path",
        "sysroot/Cargo.toml",
    ]);
    command
        .args([
            "--features",
            "panic-unwind",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(work);
    command
}

fn flags(source: &Source) -> Vec<OsString> {
    let mut flags: Vec<OsString> = [
        "-Zforce-unstable-if-unmarked",
        "-Cembed-bitcode=yes",
        "-Cdebuginfo=0",
    ]
    .map(Into::into)
    .into();
    flags.extend(cargo_home().map(|folder| remap(&folder, "/cargo")));
    flags.push(remap(&source.library, "/rustc/library"));
    flags
}

/// Where cargo keeps the sources of dependencies.
pub(super) fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
}

/// The flag that writes `to` into binaries in place of `from`.
pub(super) fn remap(from: &Path, to: &str) -> OsString {
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(from);
    flag.push("=");
    flag.push(to);
    flag
}

fn folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

fn rlibs(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "rlib")
        })
        .collect())
}

/// `libstd.rlib` or `libstd-<hash>.rlib`, but not `libstd_detect-<hash>.rlib`.
fn is_std(rlib: &Path) -> bool {
    let stem = rlib
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    stem == "libstd" || stem.starts_with("libstd-")
}

fn copy_into(file: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let name = file.file_name().context("a folder in place of a file")?;
    fs::copy(file, folder.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}
