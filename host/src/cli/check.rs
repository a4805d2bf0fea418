//! `portcullis check`: is the configuration right, do the plugins load, and with `--live`: does
//! each CRM answer, accept the credential and grant the rights?

use std::fmt::Write;
use std::path::PathBuf;

use super::setup::{Setup, own_token, setup};
use super::{CheckArgs, Exit, complain, print};
use crate::caller::Token;
use crate::config::{self, Asked, Identity, Problem};
use crate::identity::Unknown;
use crate::live::{self, Finding, Level};
use crate::registry::{Connection, Snapshot, one_issuer};
use crate::telemetry::Telemetry;

/// Checks; every problem is printed.
pub async fn check(config: Option<PathBuf>, args: CheckArgs, telemetry: Telemetry) -> Exit {
    // The findings are the output; the log would say the same again.
    let quiet = config::Log {
        level: Some("off".into()),
        json: false,
    };
    telemetry.apply(&quiet).ok();
    let token = match own_token(args.token_env.as_deref()) {
        Ok(token) => token,
        Err(message) => return complain(Exit::Usage, message),
    };
    let setup = match setup(config, Asked::Nothing, |_| Ok(())).await {
        Ok(setup) => setup,
        Err(exit) => return exit,
    };
    if let (Some(_), Err(message)) = (&token, taker(&setup.config.connections)) {
        return complain(Exit::Usage, message);
    }
    let snapshot = setup.host.app.registry.snapshot();
    let mut text = overview(&snapshot);
    let mut worst = level(&snapshot);
    worst = worst.max(door(&snapshot, args.live, &mut text).await);
    if args.live {
        worst = worst.max(all_live(&setup, token.as_ref(), &mut text).await);
    }
    match print(&text) {
        Exit::Done if worst == Level::Error => Exit::Failed,
        exit => exit,
    }
}

/// Whether there is one CRM that a caller's token can be meant for; it must not reach another.
fn taker(connections: &[config::Connection]) -> Result<(), String> {
    let mut taking = connections
        .iter()
        .filter(|connection| connection.identity == Identity::Forward)
        .peekable();
    if taking.peek().is_none() {
        return Err("--token-env: no connection acts with its callers' own tokens (`identity = \"forward\"`), so it would have no effect; leave it out".into());
    }
    if one_issuer(taking) {
        return Ok(());
    }
    Err("--token-env: the connections with `identity = \"forward\"` are of several CRMs, and a token for one must not reach another; check them one at a time, each with a file of its own (--config)".into())
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

/// Who is let in over HTTP, where the configuration asks.
async fn door(snapshot: &Snapshot, live: bool, text: &mut String) -> Level {
    let Some(door) = &snapshot.door else {
        return Level::Ok;
    };
    let mut found = Vec::new();
    if let Some(keys) = door.keys() {
        found.push(of_keys(keys.count().await));
    }
    if let Some(authority) = door.authority() {
        let issuer = authority.issuer();
        let keys = if live {
            Some(issuer.keys().await)
        } else {
            None
        };
        found.push(of_issuer(issuer.name(), keys));
    }
    for (level, told) in &found {
        writeln!(text, "{} {told}", mark_of(*level)).ok();
    }
    let levels = found.into_iter().map(|(level, _)| level);
    levels.max().unwrap_or(Level::Ok)
}

fn of_keys(good: Result<usize, impl std::fmt::Display>) -> (Level, String) {
    match good {
        Ok(0) => {
            let told = "API keys are taken over HTTP, and none is good; `portcullis key issue NAME --expires 90d` issues one";
            (Level::Warn, told.to_owned())
        }
        Ok(1) => (Level::Ok, "API keys are taken over HTTP; 1 is good".into()),
        Ok(good) => (
            Level::Ok,
            format!("API keys are taken over HTTP; {good} are good"),
        ),
        Err(error) => (Level::Error, error.to_string()),
    }
}

/// Whether the issuer's keys can be had, where that was tried.
fn of_issuer(name: &str, keys: Option<Result<usize, Unknown>>) -> (Level, String) {
    let taken = format!("access tokens of {name} are taken over HTTP");
    match keys {
        None => (Level::Ok, taken),
        Some(Ok(0)) => (
            Level::Error,
            format!("{taken}, and it publishes no key that they could be checked with"),
        ),
        Some(Ok(_)) => (Level::Ok, format!("{taken}, and its keys can be fetched")),
        Some(Err(error)) => (Level::Error, format!("{taken}: {error}")),
    }
}

/// Whose rights the CRM sees, and by which credential.
fn identity(connection: &Connection) -> String {
    if connection.forwards() {
        "identity forward: each caller's own token, over HTTP".to_owned()
    } else {
        format!("credential {}", connection.credentials())
    }
}

async fn all_live(setup: &Setup, token: Option<&Token>, text: &mut String) -> Level {
    let mut worst = Level::Ok;
    let app = &setup.host.app;
    for connection in &app.registry.snapshot().connections {
        writeln!(text, "\n{}:", connection.config.name).ok();
        for finding in live::check(app, connection, token).await {
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
