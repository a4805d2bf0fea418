//! `cargo xtask clients`: real clients of the ecosystem against the built binary.
//!
//! Owns the matrix, client by transport by era, and its table. Each client lists the tools, calls one that
//! reads, and is asked whether a record may be deleted, to which its user says no. What they run on is
//! prepared in [`install`], what they talk to in [`place`]; what they do lies in `tests/clients`.

mod install;
mod place;

use std::io::{self, Write};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{self, announce};
use crate::workspace::Workspace;
use install::Installed;
use place::Place;

const MODERN: &str = "2026-07-28";
const HANDSHAKE: &str = "2025-11-25";

/// How a client reaches the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    Stdio,
    Http,
    /// The deprecated one.
    Sse,
}

impl Transport {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Sse => "sse",
        }
    }
}

/// A client, what runs it, and the modes in which it opens.
struct Client {
    name: &'static str,
    runs: Runs,
    modes: &'static [&'static str],
}

#[derive(Clone, Copy)]
enum Runs {
    /// A script of `tests/clients`, without its ending.
    Python(&'static str),
    Node(&'static str),
    Inspector,
}

const CLIENTS: [Client; 5] = [
    Client {
        name: "mcp (PyPI)",
        runs: Runs::Python("pypi_mcp"),
        modes: &["auto", "legacy"],
    },
    Client {
        name: "fastmcp (PyPI)",
        runs: Runs::Python("pypi_fastmcp"),
        modes: &["auto", "legacy"],
    },
    Client {
        name: "@modelcontextprotocol/sdk",
        runs: Runs::Node("npm_sdk"),
        modes: &["legacy"],
    },
    Client {
        name: "@modelcontextprotocol/client",
        runs: Runs::Node("npm_client"),
        modes: &["auto", "legacy", MODERN],
    },
    Client {
        name: "Inspector --strict",
        runs: Runs::Inspector,
        modes: &["legacy", "modern"],
    },
];

/// One row of the table.
struct Row {
    client: &'static str,
    transport: Transport,
    mode: &'static str,
    result: Result<String>,
}

/// Runs the matrix; fails if any of it does.
pub(crate) fn clients(workspace: &Workspace) -> Result<ExitCode> {
    let installed = install::install(workspace)?;
    let place = Place::open(workspace)?;
    announce("Running the clients");
    let mut rows = Vec::new();
    for client in &CLIENTS {
        for transport in [Transport::Stdio, Transport::Http, Transport::Sse] {
            let modes = client.modes.iter().copied();
            for mode in modes.filter(|mode| is_spoken(transport, mode)) {
                let result = check(client, transport, mode, &installed, &place);
                rows.push(Row {
                    client: client.name,
                    transport,
                    mode,
                    result,
                });
            }
        }
    }
    let failed = rows.iter().filter(|row| row.result.is_err()).count();
    let sum = format!("{} of {} passed\n", rows.len() - failed, rows.len());
    let text = table(&rows) + &sum;
    io::stdout().write_all(text.as_bytes())?;
    Ok(match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// The old transport knows no revision without a handshake, so a client that insists on one is left out.
fn is_spoken(transport: Transport, mode: &str) -> bool {
    transport != Transport::Sse || !matches!(mode, MODERN | "modern")
}

/// The revision that has to be agreed on.
fn expected(transport: Transport, mode: &str) -> &'static str {
    match (transport, mode) {
        (Transport::Sse, _) | (_, "legacy") => HANDSHAKE,
        _ => MODERN,
    }
}

/// The agreed revision.
fn check(
    client: &Client,
    transport: Transport,
    mode: &str,
    installed: &Installed,
    place: &Place,
) -> Result<String> {
    let target = place.target(transport);
    let revision = match client.runs {
        Runs::Python(script) => {
            let mut python = installed.python()?;
            python.arg(installed.script(&format!("{script}.py")));
            script_says(python.args([transport.as_str(), mode, &target]))?
        }
        Runs::Node(script) => {
            let mut node = installed.node()?;
            node.arg(installed.module(&format!("{script}.mjs")));
            script_says(node.args([transport.as_str(), mode, &target]))?
        }
        Runs::Inspector => inspect(transport, mode, installed, place)?,
    };
    let expected = expected(transport, mode);
    match revision == expected {
        true => Ok(revision),
        false => bail!("agreed on {revision}, not on {expected}"),
    }
}

/// Scripts say what they did in one line of JSON, the last.
fn script_says(command: &mut Command) -> Result<String> {
    let said = process::quiet(command)?;
    let line = said.lines().last().unwrap_or_default();
    let said: Value = serde_json::from_str(line).context("the script said no JSON")?;
    let revision = said["revision"].as_str();
    revision
        .map(str::to_owned)
        .context("the script said no revision")
}

/// The Inspector judges the tools' schemas as well, and ends with 6 where a client could not read one.
fn inspect(
    transport: Transport,
    mode: &str,
    installed: &Installed,
    place: &Place,
) -> Result<String> {
    let ask = |method: &str, more: &[&str]| -> Result<Value> {
        let mut inspector = installed.inspector()?;
        inspector.arg("--cli").arg(place.inspected(transport));
        if transport != Transport::Stdio {
            inspector.args(["--transport", transport.as_str()]);
        }
        inspector.args([
            "--protocol-era",
            mode,
            "--method",
            method,
            "--format",
            "json",
        ]);
        let said = process::quiet(inspector.args(more))?;
        serde_json::from_str(&said).with_context(|| format!("{method} said no JSON"))
    };
    ask("tools/list", &["--strict"])?;
    let arguments = r#"{"entityType":"Lead","limit":3}"#;
    let named = ["--tool-name", "crm_search", "--tool-args-json", arguments];
    let found = ask("tools/call", &named)?;
    let records = found["result"]["structuredContent"]["records"].as_array();
    if records.is_none_or(Vec::is_empty) {
        bail!("crm_search found no lead");
    }
    let hello = ask("initialize", &[])?;
    let revision = hello["result"]["protocolVersion"].as_str();
    revision
        .map(str::to_owned)
        .context("initialize said no revision")
}

fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<30} {:<6} {:<11} {:<11} result\n",
        "client", "via", "mode", "revision"
    );
    for row in rows {
        let (revision, result) = match &row.result {
            Ok(revision) => (revision.as_str(), "pass".to_owned()),
            Err(error) => ("-", format!("FAIL: {error:#}")),
        };
        table.push_str(&format!(
            "{:<30} {:<6} {:<11} {revision:<11} {result}\n",
            row.client,
            row.transport.as_str(),
            row.mode,
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_be_agreed_on() {
        for (transport, mode, revision) in [
            (Transport::Stdio, "auto", MODERN),
            (Transport::Http, MODERN, MODERN),
            (Transport::Http, "modern", MODERN),
            (Transport::Http, "legacy", HANDSHAKE),
            (Transport::Sse, "auto", HANDSHAKE),
        ] {
            assert_eq!(expected(transport, mode), revision, "{transport:?} {mode}");
            assert!(is_spoken(transport, mode));
        }
        assert!(!is_spoken(Transport::Sse, MODERN));
    }

    #[test]
    fn a_failure_is_in_its_row() {
        let row = |result| Row {
            client: "mcp (PyPI)",
            transport: Transport::Http,
            mode: "auto",
            result,
        };
        let table = table(&[
            row(Ok(MODERN.to_owned())),
            row(Err(anyhow::anyhow!("no answer"))),
        ]);
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[1].ends_with("2026-07-28  pass"), "{table}");
        assert!(lines[2].ends_with("-           FAIL: no answer"), "{table}");
    }
}
