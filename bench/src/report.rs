//! The report: tables for people, JSON for machines.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::calls::{self, Case, Server};
use crate::environment::Environment;
use crate::goals::{self, Goal};
use crate::known::Known;
use crate::memory::{Course, Megabytes, Memory};
use crate::sizes::Sizes;
use crate::startup::Startup;
use crate::subject::Over;
use crate::table::Table;

/// Everything that was measured.
#[derive(Serialize)]
pub(crate) struct Report {
    environment: Environment,
    goals: Vec<Goal>,
    startup: Startup,
    known: Vec<Known>,
    calls: Vec<Case>,
    memory: Memory,
    sizes: Sizes,
}

/// Tells a person what is being measured.
pub(crate) fn progress(what: &str) {
    eprintln!("measuring: {what}");
}

impl Report {
    /// Judges what was measured.
    pub(crate) fn new(
        environment: Environment,
        startup: Startup,
        known: Vec<Known>,
        calls: Vec<Case>,
        memory: Memory,
        sizes: Sizes,
    ) -> Self {
        Self {
            environment,
            goals: goals::judge(&startup, &calls, &memory),
            startup,
            known,
            calls,
            memory,
            sizes,
        }
    }

    /// Whether a goal is missed.
    pub(crate) fn missed(&self) -> bool {
        self.goals.iter().any(|goal| !goal.met)
    }

    /// Writes the tables to standard output.
    pub(crate) fn print(&self) -> Result<()> {
        let parts = [
            self.environment.line() + "\n",
            self.goal_table(),
            self.known_table(),
            self.call_table(),
            self.other_table(),
        ];
        let mut out = io::stdout().lock();
        out.write_all(parts.join("\n").as_bytes())?;
        Ok(out.flush()?)
    }

    /// Writes the JSON, to `target/bench.json` unless told otherwise.
    pub(crate) fn save(&self, path: Option<&Path>) -> Result<()> {
        let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench.json");
        let path: PathBuf = path.map_or_else(usual, Path::to_owned);
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn goal_table(&self) -> String {
        let mut table = Table::new(["goal", "value", "wanted", "verdict"]);
        for goal in &self.goals {
            let sign = if goal.at_least { "≥" } else { "≤" };
            let verdict = if goal.met { "met" } else { "missed" };
            table.row([
                goal.what.to_owned(),
                format!("{} {}", number(goal.value), goal.unit),
                format!("{sign} {} {}", goal.limit, goal.unit),
                verdict.to_owned(),
            ]);
        }
        table.text()
    }

    /// What is known of each call, and what it costs one client beside what it sends and beside a
    /// constant of the same size.
    fn known_table(&self) -> String {
        let mut table = Table::new([
            "call",
            "requests",
            "kB fetched",
            "kB answered",
            "first ms",
            "added ms",
            "CPU µs",
            "× bare rmcp",
        ]);
        for known in &self.known {
            let cpu = |server| {
                calls::find(&self.calls, known.key, server, Over::Http(1))
                    .map_or(f64::NAN, |case| case.cpu_us)
            };
            let (host, bare) = (cpu(Server::Host), cpu(Server::Baseline));
            table.row([
                known.subject.name.to_owned(),
                known.requests.to_string(),
                format!("{:.1}", known.fetched as f64 / 1e3),
                format!("{:.1}", known.answer as f64 / 1e3),
                format!("{:.1}", known.first_ms),
                number(calls::added(&self.calls, known.key)),
                format!("{host:.0}"),
                format!("{:.1}", host / bare),
            ]);
        }
        table.text()
    }

    fn call_table(&self) -> String {
        let mut table = Table::new(["call", "p50 ms", "p99 ms", "calls/s", "CPU µs/call"]);
        for case in &self.calls {
            table.row([
                case.name(),
                number(case.p50_ms),
                number(case.p99_ms),
                format!("{:.0}", case.calls_per_second),
                format!("{:.0}", case.cpu_us),
            ]);
        }
        table.text()
    }

    fn other_table(&self) -> String {
        let mut table = Table::new(["start, memory, sizes", "value"]);
        let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
        let ms = |value: f64| format!("{value:.1} ms");
        let kb = |bytes: u64| format!("{:.1} kB", bytes as f64 / 1e3);
        row("start, warm cache", ms(self.startup.warm_ms));
        row("start, empty cache", ms(self.startup.cold_ms));
        row("start, bare rmcp", ms(self.startup.baseline_ms));
        let mut course = |course: &Course, calls: &str| {
            row("memory idle", megabytes(course.idle));
            row(&format!("memory after {calls}"), megabytes(course.loaded));
            for later in &course.later {
                row("memory after as many more", megabytes(*later));
            }
        };
        course(&self.memory.calls, "10,000 calls");
        course(&self.memory.lists, "2,000 lists of 105 kB");
        for (name, bytes) in &self.sizes.components {
            row(&format!("component {name}"), kb(*bytes));
        }
        row("all plugins, compiled", kb(self.sizes.compiled));
        row("the program", kb(self.sizes.program));
        table.text()
    }
}

fn megabytes(memory: Megabytes) -> String {
    let Megabytes {
        resident,
        anonymous,
    } = memory;
    format!("{resident:.1} MB, {anonymous:.1} of it without files")
}

/// Three figures are enough.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
