//! The program `portcullis`: arguments, then `cli`. Exit codes are documented in `cli`.

use std::process::ExitCode;

use clap::Parser;
use portcullis::cli::{Cli, Exit};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads to run on: {error}");
            return Exit::Internal.into();
        }
    };
    let exit = runtime.block_on(cli.run());
    // Standard input may be blocked in a read that never ends; nothing waits for it.
    runtime.shutdown_background();
    exit.into()
}
