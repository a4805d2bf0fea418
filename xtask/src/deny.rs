//! cargo-deny: licences, duplicates and sources for `check`, known weaknesses for `audit`.
//!
//! Owns where the program comes from: the one that is installed if it has the pinned version, else one
//! built once into the user's cache, by cargo and with the versions that its authors locked. Owns, too,
//! what is said when something could not be had, which is never the same as finding nothing.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::process::{self, announce};
use crate::toolchain::cache::Cache;
use crate::workspace::Workspace;

/// The version that `deny.toml` is written for.
const VERSION: &str = "0.20.2";

/// How long the database of advisories may take to arrive; it is 10 MB.
const PATIENCE: Duration = Duration::from_secs(120);

/// The exit code of `audit` when nothing could be compared; 1 means that something was found.
const NO_DATABASE: u8 = 3;

/// Whether a check may be left out where its program cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absence {
    /// It may, and that is said.
    Told,
    /// It may not.
    Fails,
}

/// Licences, duplicates and sources.
pub(crate) fn check(workspace: &Workspace, absence: Absence) -> Result<()> {
    let program = match program(workspace) {
        Ok(program) => program,
        Err(error) if absence == Absence::Told => {
            announce(&format!(
                "NOT checked: licences, duplicates and sources. cargo-deny {VERSION} is not here and could not be built: {error:#}"
            ));
            return Ok(());
        }
        Err(error) => {
            return Err(error.context(format!(
                "cargo-deny {VERSION} is not here and could not be built"
            )));
        }
    };
    announce("Checking licences, duplicates and sources");
    let mut deny = of(workspace, &program);
    process::run(deny.args(["--locked", "check", "licenses", "bans", "sources"]))
}

/// Known weaknesses of the dependencies, from the database of RustSec as it is now.
pub(crate) fn audit(workspace: &Workspace) -> Result<ExitCode> {
    let unknown = |what: &str, why: &str| {
        announce(&format!(
            "NOTHING was compared with known weaknesses: {what}"
        ));
        for line in why.lines().filter(|line| !line.trim().is_empty()) {
            eprintln!("    {}", line.trim());
        }
        announce("Run it again where https://github.com/RustSec/advisory-db can be reached");
        Ok(ExitCode::from(NO_DATABASE))
    };
    let program = match program(workspace) {
        Ok(program) => program,
        Err(error) => return unknown("cargo-deny could not be had", &format!("{error:#}")),
    };
    announce("Fetching the database of advisories");
    let mut fetch = of(workspace, &program);
    if let Err(error) = bounded(fetch.args(["fetch", "db"]), PATIENCE) {
        return unknown(
            "the database of advisories could not be had",
            &format!("{error:#}"),
        );
    }
    announce("Comparing the dependencies with it");
    let mut deny = of(workspace, &program);
    process::run(deny.args(["--locked", "check", "--disable-fetch", "advisories"]))?;
    announce("No dependency has a known weakness");
    Ok(ExitCode::SUCCESS)
}

fn of(workspace: &Workspace, program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(&workspace.root)
        .env("CARGO", crate::workspace::cargo());
    command
}

/// The program of the pinned version, installed by hand or built before, or built now.
fn program(workspace: &Workspace) -> Result<PathBuf> {
    let installed = Path::new("cargo-deny");
    let told = process::quiet(Command::new(installed).arg("--version")).unwrap_or_default();
    if told.split_whitespace().last() == Some(VERSION) {
        return Ok(installed.to_owned());
    }
    let cache = Cache::of("tools")?;
    let key = format!("cargo-deny-{VERSION}");
    let built =
        |folder: PathBuf| folder.join(format!("bin/cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if let Some(folder) = cache.entry(&key) {
        return Ok(built(folder));
    }
    let _lock = cache.lock()?;
    if let Some(folder) = cache.entry(&key) {
        return Ok(built(folder));
    }
    build(workspace, &cache, &key).map(built)
}

/// Unoptimised and without what fetches by itself: it runs for a few seconds, and git does the fetching.
fn build(workspace: &Workspace, cache: &Cache, key: &str) -> Result<PathBuf> {
    let scratch = cache.scratch()?;
    let (made, target) = (scratch.folder("made")?, scratch.folder("target")?);
    let what = format!(
        "Building cargo-deny {VERSION} once, for checking licences (about 2 minutes on two cores)"
    );
    process::step(&what, || {
        let mut install = workspace.cargo("install");
        install
            .args([
                "cargo-deny",
                "--version",
                &format!("={VERSION}"),
                "--locked",
                "--quiet",
            ])
            .args([
                "--no-default-features",
                "--profile",
                "dev",
                "--no-track",
                "--root",
            ])
            .arg(&made)
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("CARGO_TARGET_DIR", &target)
            .env_remove("CARGO_BUILD_TARGET");
        process::quiet(&mut install)
    })?;
    cache.keep(&made, key)
}

/// Runs a command for so long; what it wrote to standard error tells why it failed.
fn bounded(command: &mut Command, patience: Duration) -> Result<()> {
    // git must not ask for a name or a password.
    command.env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null());
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo-deny does not run")?;
    let (told, when_told) = mpsc::channel();
    let mut errors = child.stderr.take().context("it has no standard error")?;
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = errors.read_to_end(&mut text);
        // Nobody listens any more if it took too long.
        let _ = told.send(read.map(|_| String::from_utf8_lossy(&text).into_owned()));
    });
    let text = match when_told.recv_timeout(patience) {
        Ok(text) => text?,
        Err(_) => {
            end(&mut child);
            return Err(anyhow!("it did not arrive within {} s", patience.as_secs()));
        }
    };
    let status = child.wait()?;
    match status.success() {
        true => Ok(()),
        false => Err(anyhow!("{text}")),
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself in between.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_its_time_and_tells_why_it_failed() {
        let shell = |script: &str, patience| {
            bounded(Command::new("sh").args(["-c", script]), patience)
                .map_err(|error| error.to_string())
        };
        let long = Duration::from_secs(60);
        assert_eq!(shell("exit 0", long), Ok(()));
        assert_eq!(
            shell("echo gone >&2; exit 1", long),
            Err("gone\n".to_owned())
        );
        let waited = shell("exec sleep 600", Duration::from_millis(50));
        assert_eq!(waited, Err("it did not arrive within 0 s".to_owned()));
    }
}
