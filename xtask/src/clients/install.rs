//! What the clients of the matrix run on: a virtual environment of Python, packages of npm, and a Node.js
//! that is new enough, all of it below `target/clients` and nowhere else.
//!
//! What could not be installed is said once, in its own words, and again in every row that needs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::process::{self, announce, step};
use crate::workspace::Workspace;

/// The Inspector wants 22.19 or newer.
const LEAST_NODE: (u32, u32) = (22, 19);

/// Where npm has Node.js itself, by platform.
const NODE: &str = "24.9.0";

/// What is there, or why it is not.
pub(crate) struct Installed {
    scripts: PathBuf,
    folder: PathBuf,
    python: Result<PathBuf, String>,
    node: Result<PathBuf, String>,
}

/// Installs what is missing.
pub(crate) fn install(workspace: &Workspace) -> Result<Installed> {
    let scripts = workspace.root.join("tests/clients");
    let folder = workspace.root.join("target/clients");
    fs::create_dir_all(folder.join("node")).context("target/clients cannot be made")?;
    let python = step("Preparing the Python clients", || python(&scripts, &folder));
    let node = step("Preparing the Node.js clients", || node(&scripts, &folder));
    let told = |what: &str, error: anyhow::Error| {
        announce(&format!(
            "The {what} clients cannot be installed: {error:#}"
        ));
        format!("not installed: {error:#}")
    };
    Ok(Installed {
        python: python.map_err(|error| told("Python", error)),
        node: node.map_err(|error| told("Node.js", error)),
        scripts,
        folder,
    })
}

impl Installed {
    /// The Python with the packages.
    pub(super) fn python(&self) -> Result<Command> {
        self.python
            .as_ref()
            .map(Command::new)
            .map_err(|why| anyhow!("{why}"))
    }

    /// A Node.js that is new enough.
    pub(super) fn node(&self) -> Result<Command> {
        self.node
            .as_ref()
            .map(Command::new)
            .map_err(|why| anyhow!("{why}"))
    }

    /// The Inspector, which is to keep its secrets to itself.
    pub(super) fn inspector(&self) -> Result<Command> {
        let mut node = self.node()?;
        let package = "node/node_modules/@modelcontextprotocol/inspector";
        node.arg(
            self.folder
                .join(package)
                .join("clients/launcher/build/index.js"),
        );
        node.env("MCP_INSPECTOR_SECRET_STORE", "memory");
        Ok(node)
    }

    /// A script where it lies.
    pub(super) fn script(&self, name: &str) -> PathBuf {
        self.scripts.join(name)
    }

    /// A script beside the packages, because that is where Node.js looks for them.
    pub(super) fn module(&self, name: &str) -> PathBuf {
        self.folder.join("node").join(name)
    }
}

fn python(scripts: &Path, folder: &Path) -> Result<PathBuf> {
    let home = folder.join("python");
    let python = home.join("bin/python");
    if !python.exists() {
        process::quiet(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--requirement"]);
    process::quiet(pip.arg(scripts.join("requirements.txt")))?;
    Ok(python)
}

fn node(scripts: &Path, folder: &Path) -> Result<PathBuf> {
    let home = folder.join("node");
    for entry in fs::read_dir(scripts)? {
        let path = entry?.path();
        let ends = |ending: &str| path.extension().is_some_and(|end| end == ending);
        if let Some(name) = path.file_name().filter(|_| ends("mjs") || ends("json")) {
            fs::copy(&path, home.join(name))?;
        }
    }
    npm(&home, &[])?;
    let own = PathBuf::from("node");
    if is_new_enough(&own) {
        return Ok(own);
    }
    let package = format!("node-linux-{}", architecture()?);
    let runtime = folder.join("node-runtime");
    fs::create_dir_all(&runtime)?;
    npm(&runtime, &["--no-save", &format!("{package}@{NODE}")])?;
    let found = runtime.join("node_modules").join(package).join("bin/node");
    match is_new_enough(&found) {
        true => Ok(found),
        false => Err(anyhow!(
            "Node.js {NODE} of npm does not run here; install 22.19 or newer"
        )),
    }
}

fn npm(folder: &Path, more: &[&str]) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
    process::quiet(npm.args(more).arg("--prefix").arg(folder)).map(drop)
}

/// As npm names it.
fn architecture() -> Result<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok("x64"),
        ("linux", "aarch64") => Ok("arm64"),
        (system, machine) => Err(anyhow!(
            "Node.js 22.19 or newer is needed; install it, npm has none for {system} on {machine}"
        )),
    }
}

fn is_new_enough(node: &Path) -> bool {
    let version = process::quiet(Command::new(node).arg("--version"));
    version
        .ok()
        .as_deref()
        .and_then(parse)
        .is_some_and(|version| version >= LEAST_NODE)
}

/// The first two numbers of `v24.9.0`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, new_enough) in [
            ("v24.9.0\n", true),
            ("v22.19.0", true),
            ("v22.18.9", false),
            ("v20.20.2", false),
            ("24", false),
        ] {
            let is = parse(text).is_some_and(|version| version >= LEAST_NODE);
            assert_eq!(is, new_enough, "{text}");
        }
    }
}
