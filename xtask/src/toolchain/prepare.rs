//! Preparing the target where it is missing: the ways, their order, and what is said if none works.
//!
//! `rustup target add` first, which is all that most machines need; on Debian its packages after
//! that. One run at a time; what comes out is tried before it is kept.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, anyhow, bail};

use super::cache::{Cache, Scratch};
use super::debian::Debian;
use super::{GIVEN_RUSTC, GIVEN_SYSROOT, Host, ORIGIN, SYSROOT, TARGET, Toolchain, find};
use crate::process::{self, announce, step};

/// What there is, or else what the first way that works prepares.
pub(crate) fn prepare(host: &Host) -> Result<Toolchain> {
    if let Some(found) = find(host)? {
        return Ok(found);
    }
    announce(&format!(
        "{TARGET} is missing for rustc {}; preparing it once (1 to 3 minutes)",
        host.release
    ));
    let cache = Cache::open()?;
    let _lock = cache.lock()?;
    // Another run may have finished while this one waited for the lock.
    if let Some(found) = find(host)? {
        return Ok(found);
    }
    let mut reasons = String::new();
    let ways: [fn(&Host, &Cache) -> Result<()>; 2] = [by_rustup, by_debian];
    for way in ways {
        match (way(host, &cache), find(host)?) {
            (_, Some(found)) => return Ok(found),
            (Err(reason), None) => {
                eprintln!("    {reason:#}");
                reasons.push_str(&format!("\n  {reason:#}"));
            }
            (Ok(()), None) => {}
        }
    }
    bail!(
        "cannot build plugins, {TARGET} is missing for rustc {}:{}\nways out: `rustup target add {TARGET}` where the \
         network allows it; or set {GIVEN_RUSTC} to a rustc that has the target; or set {GIVEN_SYSROOT} to a folder \
         that holds lib/rustlib/{TARGET} for this rustc",
        host.release,
        reasons
    );
}

fn by_rustup(_: &Host, _: &Cache) -> Result<()> {
    step(&format!("rustup target add {TARGET}"), || {
        // One try: where the server is out of reach, there are other ways.
        let mut rustup = Command::new("rustup");
        process::quiet(
            rustup
                .args(["target", "add", TARGET])
                .env("RUSTUP_MAX_RETRIES", "0"),
        )
        .map(drop)
    })
}

fn by_debian(host: &Host, cache: &Cache) -> Result<()> {
    let scratch = cache.scratch()?;
    let debian = Debian::open(&scratch.folder("apt")?)?;
    let reason = match with_library(host, cache, &scratch, &debian) {
        Ok(()) => return Ok(()),
        Err(reason) => reason,
    };
    announce(&format!(
        "No standard library for this compiler ({reason:#}); fetching a compiler that has one"
    ));
    with_compiler(host, cache, &scratch, &debian).map_err(|second| {
        anyhow!("Debian's rust-src: {reason:#}\n  Debian's rustc-web: {second:#}")
    })
}

/// The installed compiler, with a standard library built from its own release's source.
fn with_library(host: &Host, cache: &Cache, scratch: &Scratch, debian: &Debian) -> Result<()> {
    let folder = scratch.folder("library")?;
    let origin = debian.library(
        host,
        &scratch.folder("library-work")?,
        &folder.join(SYSROOT),
    )?;
    finish(host, cache, scratch, &folder, &origin)
}

/// A compiler of Debian's, with the standard library of the same release.
fn with_compiler(host: &Host, cache: &Cache, scratch: &Scratch, debian: &Debian) -> Result<()> {
    let folder = scratch.folder("compiler")?;
    let origin = debian.compiler(host, &scratch.folder("compiler-work")?, &folder)?;
    finish(host, cache, scratch, &folder, &origin)
}

fn finish(
    host: &Host,
    cache: &Cache,
    scratch: &Scratch,
    folder: &Path,
    origin: &str,
) -> Result<()> {
    fs::write(folder.join(ORIGIN), origin)?;
    let toolchain = Toolchain::kept(folder, host);
    step("Checking it with a small component", || {
        toolchain.probe(&scratch.folder("probe")?)
    })?;
    let kept = cache.keep(folder, &host.key())?;
    announce(&format!("Kept in {}", kept.display()));
    Ok(())
}
