//! The command behind `cargo xtask fuzz` with a stable compiler: drives targets, and replays inputs.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use portcullis_fuzz::drive::{self, HUNG, Plan, Report};
use portcullis_fuzz::{TARGETS, Target, corpus, target};

#[derive(Parser)]
#[command(name = "portcullis-fuzz", about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

/// Drives the fuzz targets without a nightly compiler
#[derive(Subcommand)]
enum Task {
    /// Print the targets
    List,
    /// Drive one target, or all of them
    Run {
        /// Which one; all without it
        target: Option<String>,
        /// How many seconds each
        #[arg(long, default_value_t = 20)]
        seconds: u64,
        /// What all changes come from; another one at every run without it
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Run files through a target, with the whole message of what breaks
    Replay {
        /// Which one
        target: String,
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// What `run` starts, so that an input can end it
    #[command(hide = true)]
    Work {
        target: String,
        #[arg(long)]
        seconds: u64,
        #[arg(long)]
        seed: u64,
        #[arg(long)]
        trace: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing broke.
fn run(task: Task) -> Result<bool> {
    match task {
        Task::List => {
            let lines = TARGETS
                .iter()
                .map(|target| format!("{:<18} {}\n", target.name, target.about));
            eprint!("{}", lines.collect::<String>());
            Ok(true)
        }
        Task::Run {
            target,
            seconds,
            seed,
        } => {
            let targets = match target {
                Some(name) => vec![named(&name)?],
                None => TARGETS.iter().collect(),
            };
            let seed = seed.unwrap_or_else(now);
            let whole = targets
                .into_iter()
                .map(|target| watched(target, seconds, seed));
            Ok(whole
                .collect::<Result<Vec<_>>>()?
                .into_iter()
                .all(|good| good))
        }
        Task::Replay { target, files } => replay(named(&target)?, &files),
        Task::Work {
            target,
            seconds,
            seed,
            trace,
        } => {
            let plan = Plan {
                time: Duration::from_secs(seconds),
                seed,
                trace,
            };
            let target = named(&target)?;
            let report = drive::drive(target, &plan)?;
            say(target, seed, &report);
            Ok(report.broken.is_empty())
        }
    }
}

fn named(name: &str) -> Result<&'static Target> {
    target(name).with_context(|| {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        format!(
            "there is no target `{name}`; these are: {}",
            names.join(", ")
        )
    })
}

fn now() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    time.map_or(1, |time| time.subsec_nanos().into())
}

/// Drives a target in a process of its own. One that an input ended is run again with the same seed,
/// each input written down before.
fn watched(target: &Target, seconds: u64, seed: u64) -> Result<bool> {
    let mut child = work(target, seed)?;
    let status = child.args(["--seconds", &seconds.to_string()]).status()?;
    match status.code() {
        Some(code) => {
            if code == HUNG {
                eprintln!("{:<18} an input does not end, seed {seed}", target.name);
            }
            if code == 2 {
                bail!("{} could not be driven", target.name);
            }
            Ok(code == 0)
        }
        None => {
            eprintln!(
                "{:<18} the process ended ({status}); looking for the input, seed {seed}",
                target.name
            );
            let trace = env::temp_dir().join(format!("portcullis-fuzz-{}-{seed}", target.name));
            let again = work(target, seed)?
                .args(["--seconds", &(seconds * 20).to_string()])
                .arg("--trace")
                .arg(&trace)
                .status()?;
            if again.code().is_some() {
                bail!(
                    "the second run of {} with seed {seed} did not end so",
                    target.name
                );
            }
            let kept = corpus::keep_crash(target, &fs::read(&trace)?)?;
            fs::remove_file(&trace)?;
            eprintln!("    {}", how_to_replay(target, &kept));
            Ok(false)
        }
    }
}

fn work(target: &Target, seed: u64) -> Result<Command> {
    let mut command =
        Command::new(env::current_exe().context("this program does not know itself")?);
    command.args(["work", target.name, "--seed", &seed.to_string()]);
    Ok(command)
}

fn say(target: &Target, seed: u64, report: &Report) {
    let seconds = report.time.as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a rate for reading")]
    let rate = report.runs as f64 / seconds;
    let found = match report.broken.len() {
        0 => "nothing broke".to_owned(),
        many => format!("{many} broke"),
    };
    eprintln!(
        "{:<18} {:>9} runs in {seconds:.0} s, {rate:>6.0} a second, {:>4} outcomes, seed {seed}: {found}",
        target.name, report.runs, report.outcomes
    );
    for path in report.broken.values() {
        eprintln!("    {}", how_to_replay(target, path));
    }
}

fn how_to_replay(target: &Target, path: &std::path::Path) -> String {
    format!(
        "cargo run --release -p portcullis-fuzz -- replay {} {}",
        target.name,
        drive::shown(path)
    )
}

fn replay(target: &Target, files: &[PathBuf]) -> Result<bool> {
    drive::quietly();
    let mut good = true;
    for path in files {
        let input = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        match drive::run(target, &input) {
            Ok(seen) => eprintln!("{}: {seen}", path.display()),
            Err(what) => {
                good = false;
                eprintln!("{}: broke at {what}", path.display());
            }
        }
    }
    Ok(good)
}
