//! `cargo xtask bench`: what the host costs, against its goals and against a bare rmcp server.
//!
//! One program in three roles, each in a process of its own: the driver, which measures and
//! reports; the stub, three CRMs that answer at once; and the baseline, an rmcp server that
//! answers a constant. The host is the built binary, started as a user starts it. Linux only:
//! processor time and memory are read from `/proc`.

mod baseline;
mod calls;
mod client;
mod config;
mod crms;
mod environment;
mod fat;
mod goals;
mod http;
mod known;
mod load;
mod mcp;
mod memory;
mod plan;
mod process;
mod program;
mod report;
mod setup;
mod sizes;
mod startup;
mod stats;
mod stdio;
mod stub;
mod subject;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use tokio::runtime::Builder;

use plan::Plan;
use report::Report;
use setup::Setup;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Portcullis: start, calls, memory, sizes.
#[derive(Parser)]
#[command(
    bin_name = "cargo xtask bench",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    driver: Driver,
}

#[derive(Subcommand)]
enum Role {
    /// CRMs that answer at once
    #[command(hide = true)]
    Stub {
        /// Where it listens
        #[arg(long)]
        http: SocketAddr,
    },
    /// A bare rmcp server that answers constants
    #[command(hide = true)]
    Baseline {
        /// Where it listens; without it, standard input and output
        #[arg(long, required_unless_present = "stdio")]
        http: Option<SocketAddr>,
        /// Serve one client on standard input and output
        #[arg(long)]
        stdio: bool,
        /// A folder of `<tool>.json`
        #[arg(long)]
        answers: PathBuf,
    },
}

#[derive(Args)]
struct Driver {
    /// The host; default: the one built beside this program, else target/release/portcullis
    #[arg(long, value_name = "PATH")]
    portcullis: Option<PathBuf>,
    /// Where the numbers go as JSON; default: target/bench.json
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
    /// About half a minute in all, with less certain numbers
    #[arg(long)]
    quick: bool,
    /// Fail when a goal is missed
    #[arg(long)]
    strict: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.role {
        None => drive(&cli.driver),
        Some(Role::Stub { http }) => serve_stub(http),
        Some(Role::Baseline { http, answers, .. }) => serve_baseline(http, &answers),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn drive(args: &Driver) -> Result<ExitCode> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(args))?;
    report.print()?;
    report.save(args.json.as_deref())?;
    let failed = args.strict && report.missed();
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

async fn measure(args: &Driver) -> Result<Report> {
    let plan = Plan::new(args.quick);
    let environment = environment::read()?;
    let setup = Setup::make(args.portcullis.as_deref()).await?;
    let startup = startup::measure(&setup, &plan).await?;
    let memory = memory::measure(&setup, &plan).await?;
    let calls = calls::measure(&setup, &plan).await?;
    let sizes = sizes::read(&setup)?;
    Ok(Report::new(
        environment,
        startup,
        setup.known,
        calls,
        memory,
        sizes,
    ))
}

fn serve_stub(address: SocketAddr) -> Result<ExitCode> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(stub::serve(address))?;
    Ok(ExitCode::SUCCESS)
}

/// On as many threads as the host has.
fn serve_baseline(http: Option<SocketAddr>, answers: &std::path::Path) -> Result<ExitCode> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(baseline::serve(http, answers))?;
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["bench", "--quick", "--json", "a.json"]).is_ok());
    }
}
