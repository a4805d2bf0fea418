//! What every instance is linked to: the world's interfaces, and WASI interface by interface
//! over an empty context. Sockets and HTTP are not linked at all.

use wasmtime::Engine;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi_io::bindings::wasi::io;

use super::bindings::conformance::portcullis::conformance::client as conformance;
use super::bindings::portcullis::plugin as world;
use super::imports::Linked;
use super::{Guest, InGuest};

struct InTable;

impl HasData for InTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// A linker for all components.
///
/// # Errors
/// A name is defined twice, which is a mistake of this file.
pub fn build(engine: &Engine, linked: Linked) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    link_world(&mut linker)?;
    if linked == Linked::Conformance {
        conformance::add_to_linker::<Guest, InGuest>(&mut linker, |guest| guest)?;
    }
    link_io(&mut linker)?;
    link_cli(&mut linker)?;
    link_clocks_and_random(&mut linker)?;
    link_empty_filesystem(&mut linker)?;
    Ok(linker)
}

fn link_world(l: &mut Linker<Guest>) -> wasmtime::Result<()> {
    world::types::add_to_linker::<Guest, InGuest>(l, |guest| guest)?;
    world::http::add_to_linker::<Guest, InGuest>(l, |guest| guest)?;
    world::log::add_to_linker::<Guest, InGuest>(l, |guest| guest)?;
    world::config::add_to_linker::<Guest, InGuest>(l, |guest| guest)?;
    world::cache::add_to_linker::<Guest, InGuest>(l, |guest| guest)?;
    world::call::add_to_linker::<Guest, InGuest>(l, |guest| guest)?;
    world::blocks::add_to_linker::<Guest, InGuest>(l, |guest| guest)?;
    world::content::add_to_linker::<Guest, InGuest>(l, |guest| guest)?;
    world::progress::add_to_linker::<Guest, InGuest>(l, |guest| guest)
}

fn link_io(l: &mut Linker<Guest>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<Guest, InTable>(l, |guest| guest.ctx().table)?;
    io::poll::add_to_linker::<Guest, InTable>(l, |guest| guest.ctx().table)?;
    io::streams::add_to_linker::<Guest, InTable>(l, |guest| guest.ctx().table)
}

fn link_cli(l: &mut Linker<Guest>) -> wasmtime::Result<()> {
    cli::environment::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::exit::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::stdin::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::stdout::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::stderr::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_input::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_output::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_stdin::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_stdout::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_stderr::add_to_linker::<Guest, WasiCli>(l, Guest::cli)
}

fn link_clocks_and_random(l: &mut Linker<Guest>) -> wasmtime::Result<()> {
    clocks::wall_clock::add_to_linker::<Guest, WasiClocks>(l, Guest::clocks)?;
    clocks::monotonic_clock::add_to_linker::<Guest, WasiClocks>(l, Guest::clocks)?;
    random::random::add_to_linker::<Guest, WasiRandom>(l, |guest| guest.ctx().ctx.random())?;
    random::insecure::add_to_linker::<Guest, WasiRandom>(l, |guest| guest.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<Guest, WasiRandom>(l, |guest| guest.ctx().ctx.random())
}

fn link_empty_filesystem(l: &mut Linker<Guest>) -> wasmtime::Result<()> {
    filesystem::types::add_to_linker::<Guest, WasiFilesystem>(l, Guest::filesystem)?;
    filesystem::preopens::add_to_linker::<Guest, WasiFilesystem>(l, Guest::filesystem)
}
