//! `cargo xtask conformance`: the official MCP conformance suite against the built binary.
//!
//! The binary serves the fixture of `tests/guests/examples/conformance`, a component like any plugin, on a
//! free loopback port; the suite runs once for each revision and for the Tasks extension. Fails unless
//! every scenario passes; warnings are shown. The suite and, where the system's is older than it needs,
//! Node.js come from npm into `target/conformance`.

mod node;
mod server;
mod summary;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::process::announce;
use crate::workspace::Workspace;
use node::Suite;
use server::Server;
use summary::Summary;

/// The release of `@modelcontextprotocol/conformance` whose scenarios the fixture follows (2026-10-01).
const RELEASE: &str = "0.2.0-alpha.12";

/// Scenarios of the Tasks extension, which the suite runs by their names alone.
const TASKS: [&str; 10] = [
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-request-headers",
    "tasks-dispatch-and-envelope",
    "tasks-status-notifications",
    "tasks-required-task-error",
    "tasks-mrtr-composition",
];

/// What one run of the suite is about.
enum Part {
    /// A revision whose required scenarios are a frozen list; all others of it run too.
    Required(&'static str),
    /// A revision without such a list: every scenario that applies.
    Every(&'static str),
    /// The Tasks extension.
    Tasks,
}

const PARTS: [Part; 5] = [
    Part::Required("2026-07-28"),
    Part::Required("2025-11-25"),
    Part::Every("2025-06-18"),
    Part::Every("2025-03-26"),
    Part::Tasks,
];

impl Part {
    const fn name(&self) -> &'static str {
        match self {
            Self::Required(revision) | Self::Every(revision) => revision,
            Self::Tasks => "tasks",
        }
    }

    /// What the suite is called with, one list for each call.
    fn calls(&self) -> Vec<Vec<&'static str>> {
        match self {
            Self::Required(revision) => vec![vec!["--requirements", revision]],
            Self::Every(revision) => vec![vec!["--suite", "all", "--spec-version", revision]],
            Self::Tasks => TASKS.map(|name| vec!["--scenario", name]).to_vec(),
        }
    }
}

/// Runs the parts of these names, all without any, and prints one line each.
pub(crate) fn run(workspace: &Workspace, names: &[String]) -> Result<ExitCode> {
    let parts = chosen(names)?;
    let home = workspace.root.join("target/conformance");
    let suite = Suite::ready(&home, RELEASE)?;
    let server = Server::start(workspace, &home)?;
    let mut passed = true;
    for part in parts {
        let summary = part_of(part, &suite, &server, &home.join("results"))?;
        write!(io::stdout(), "{summary}")?;
        passed &= summary.passed();
    }
    announce(&format!(
        "The checks are in {}",
        home.join("results").display()
    ));
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn chosen(names: &[String]) -> Result<Vec<&'static Part>> {
    let known = || PARTS.iter().map(Part::name).collect::<Vec<_>>().join(", ");
    if let Some(stranger) = names
        .iter()
        .find(|name| !PARTS.iter().any(|p| p.name() == *name))
    {
        bail!("there is no part `{stranger}`; there are {}", known());
    }
    let wanted = |part: &&Part| names.is_empty() || names.iter().any(|name| name == part.name());
    Ok(PARTS.iter().filter(wanted).collect())
}

fn part_of(part: &Part, suite: &Suite, server: &Server, results: &Path) -> Result<Summary> {
    let folder = results.join(part.name());
    emptied(&folder)?;
    let mut complaints = Vec::new();
    for arguments in part.calls() {
        complaints.extend(suite.run(&server.url(), &folder, &arguments)?);
    }
    Summary::read(part.name(), &folder, &complaints)
}

fn emptied(folder: &PathBuf) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_chosen_by_name() {
        let names = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(|&name| name.to_owned()).collect();
            chosen(&list).map(|parts| parts.iter().map(|part| part.name()).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap().len(), PARTS.len());
        assert_eq!(names(&["tasks"]).unwrap(), ["tasks"]);
        let error = names(&["2024-11-05"]).unwrap_err().to_string();
        assert!(
            error.contains("2024-11-05") && error.contains("tasks"),
            "{error}"
        );
    }
}
