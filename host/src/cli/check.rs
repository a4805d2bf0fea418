//! `portcullis check`: is the configuration right, do the plugins load, and with `--live`: does
//! each CRM answer, accept the credential and grant the rights?

use std::fmt::Write;
use std::path::PathBuf;

use super::setup::{Setup, setup};
use super::{CheckArgs, Exit, print};
use crate::config::{Asked, Problem};
use crate::live::{self, Finding, Level};
use crate::registry::{Connection, Snapshot};
use crate::telemetry::Telemetry;

/// Checks; every problem is printed.
pub async fn check(config: Option<PathBuf>, args: CheckArgs, telemetry: Telemetry) -> Exit {
    // The findings are the output; the log would say the same again.
    let quiet = crate::config::Log {
        level: Some("off".into()),
        json: false,
    };
    telemetry.apply(&quiet).ok();
    let setup = match setup(config, Asked::Nothing, |_| Ok(())).await {
        Ok(setup) => setup,
        Err(exit) => return exit,
    };
    let snapshot = setup.host.app.registry.snapshot();
    let mut text = overview(&snapshot);
    let mut worst = level(&snapshot);
    if args.live {
        worst = worst.max(all_live(&setup, &mut text).await);
    }
    match print(&text) {
        Exit::Done if worst == Level::Error => Exit::Failed,
        exit => exit,
    }
}

/// Whether something of it does not work: a file that was not taken, a credential that is missing,
/// everything.
fn level(snapshot: &Snapshot) -> Level {
    let works = snapshot.rejected.is_empty()
        && !snapshot.connections.is_empty()
        && !snapshot.warnings.iter().any(Problem::is_error);
    if works { Level::Ok } else { Level::Error }
}

fn overview(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for connection in &snapshot.connections {
        let config = &connection.config;
        let tools = snapshot
            .listed
            .iter()
            .filter(|t| t.connection.config.name == config.name)
            .count();
        let allow = config
            .allow
            .iter()
            .map(|e| e.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        writeln!(
            text,
            "connection {}: plugin {} {}, {}, {tools} tools (allow {allow}), {}",
            config.name,
            connection.plugin.id,
            connection.plugin.manifest.version,
            config.url,
            identity(connection),
        )
        .ok();
    }
    for rejected in &snapshot.rejected {
        writeln!(
            text,
            "{} plugin file {}: {}",
            mark_of(Level::Error),
            rejected.path.display(),
            rejected.why
        )
        .ok();
    }
    for problem in &snapshot.warnings {
        let mark = if problem.is_error() {
            Level::Error
        } else {
            Level::Warn
        };
        writeln!(text, "{} {problem}", mark_of(mark)).ok();
    }
    if snapshot.connections.is_empty() {
        writeln!(text, "{} no connection works yet", mark_of(Level::Error)).ok();
    }
    text
}

/// Whose rights the CRM sees, and by which credential.
fn identity(connection: &Connection) -> String {
    if connection.forwards() {
        "identity forward: each caller's own token, over HTTP".to_owned()
    } else {
        format!("credential {}", connection.credentials())
    }
}

async fn all_live(setup: &Setup, text: &mut String) -> Level {
    let mut worst = Level::Ok;
    let app = &setup.host.app;
    for connection in &app.registry.snapshot().connections {
        writeln!(text, "\n{}:", connection.config.name).ok();
        for finding in live::check(app, connection).await {
            worst = worst.max(finding.level);
            write_finding(text, &finding);
        }
    }
    setup.host.close().await;
    worst
}

fn write_finding(text: &mut String, finding: &Finding) {
    let mark = mark_of(finding.level);
    writeln!(text, "  {mark} {}: {}", finding.subject, finding.message).ok();
    if let Some(suggestion) = &finding.suggestion {
        writeln!(text, "          → {suggestion}").ok();
    }
}

fn mark_of(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok     ",
        Level::Warn => "warning",
        Level::Error => "error  ",
    }
}
