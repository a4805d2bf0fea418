//! `cargo xtask fuzz`: each target for a bounded time, by the best driver that is installed.
//!
//! Owns the choice: libFuzzer through cargo-fuzz where it and a nightly compiler are there, which sees
//! which code an input reaches; else the driver of `tests/fuzz`, which needs neither. Knows nothing of
//! what a target does.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::process::{self, announce};
use crate::workspace::Workspace;

/// An input that takes longer does not end, as far as anybody waits.
const HANGS_S: u32 = 10;

/// What one process of libFuzzer may take, in MiB; the host's own code counts.
const MEMORY_MB: u32 = 2048;

#[derive(Args)]
pub(crate) struct Fuzz {
    /// Which target; every one without it
    target: Option<String>,
    /// For how many seconds each
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 20)]
    seconds: u32,
    /// Use the driver for stable Rust although cargo-fuzz and a nightly compiler are installed
    #[arg(long)]
    stable: bool,
    /// What all changes of the stable driver come from, to repeat a run
    #[arg(long, conflicts_with = "list")]
    seed: Option<u64>,
    /// Print the targets
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(workspace: &Workspace, fuzz: &Fuzz) -> Result<ExitCode> {
    let names = targets(workspace)?;
    if fuzz.list {
        io::stdout().write_all(format!("{}\n", names.join("\n")).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = fuzz.target.as_ref().filter(|name| !names.contains(name)) {
        bail!(
            "there is no target `{name}`; these are: {}",
            names.join(", ")
        );
    }
    let chosen: Vec<&String> = names
        .iter()
        .filter(|name| fuzz.target.as_ref().is_none_or(|target| target == *name))
        .collect();
    match missing(workspace) {
        None if !fuzz.stable && fuzz.seed.is_none() => covered(workspace, fuzz, &chosen),
        why => {
            let why = why.unwrap_or("as asked");
            announce(&format!("Fuzzing with the driver for stable Rust ({why})"));
            let mut args = vec!["run".to_owned()];
            args.extend(fuzz.target.clone());
            args.extend(["--seconds".to_owned(), fuzz.seconds.to_string()]);
            args.extend(
                fuzz.seed
                    .iter()
                    .flat_map(|seed| ["--seed".to_owned(), seed.to_string()]),
            );
            stable(workspace, &args)
        }
    }
}

/// The targets, by the folders of their corpus.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root.join("tests/fuzz/corpus");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// What libFuzzer lacks here.
fn missing(workspace: &Workspace) -> Option<&'static str> {
    let has = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        process::quiet(command.args(args).current_dir(&workspace.root)).is_ok()
    };
    if !has("cargo", &["+nightly", "--version"]) {
        return Some("there is no nightly compiler");
    }
    if !has("cargo", &["fuzz", "--version"]) {
        return Some("cargo-fuzz is not installed");
    }
    None
}

fn stable(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    let mut cargo = workspace.cargo("run");
    cargo.args([
        "--release",
        "--locked",
        "--quiet",
        "--package",
        "portcullis-fuzz",
        "--",
    ]);
    process::replace(cargo.args(args))
}

/// libFuzzer, one target after the other; what it finds worth keeping stays below `fuzz`, what breaks a
/// promise goes to the crashes that the tests replay.
fn covered(workspace: &Workspace, fuzz: &Fuzz, chosen: &[&String]) -> Result<ExitCode> {
    let root = &workspace.root;
    // The same versions as in what ships; libfuzzer-sys alone is added.
    fs::copy(root.join("Cargo.lock"), root.join("fuzz/Cargo.lock"))?;
    let mut broken = Vec::new();
    for name in chosen {
        announce(&format!(
            "Fuzzing {name} with libFuzzer for {} s",
            fuzz.seconds
        ));
        let kept = root.join("fuzz/corpus").join(name);
        let crashes = root.join("tests/fuzz/crashes").join(name);
        fs::create_dir_all(&kept)?;
        fs::create_dir_all(&crashes)?;
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(root)
            .args([
                "+nightly",
                "fuzz",
                "run",
                "--sanitizer",
                "none",
                name.as_str(),
            ])
            .arg(&kept)
            .arg(root.join("tests/fuzz/corpus").join(name))
            .arg("--")
            .arg(format!("-artifact_prefix={}/", crashes.display()))
            .arg(format!("-max_total_time={}", fuzz.seconds))
            .arg(format!("-timeout={HANGS_S}"))
            .arg(format!("-rss_limit_mb={MEMORY_MB}"))
            .args(["-max_len=8192", "-print_final_stats=1", "-verbosity=0"]);
        if process::run(&mut cargo).is_err() {
            broken.push(name.as_str());
        }
        // Left only where something is in it.
        let _ = fs::remove_dir(&crashes);
    }
    if broken.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    announce(&format!(
        "Something broke in {}; the inputs are in tests/fuzz/crashes",
        broken.join(", ")
    ));
    announce("Replay one: cargo run --release -p portcullis-fuzz -- replay <target> <file>");
    Ok(ExitCode::FAILURE)
}
