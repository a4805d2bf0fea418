//! The sandbox: compiles components and runs one function of one fresh instance per call.
//!
//! The only module, with `capability`, that knows Wasmtime. It can run `invoke` only with a
//! `Permit`, `preview` only with a `PreviewPermit` and `read` only with a `ReadPermit`; `describe` runs
//! without an upstream. It must not know connections, credentials or MCP.

mod artifact;
pub(crate) mod bindings;
mod cause;
mod engine;
mod imports;
mod instance;
mod limiter;
mod linker;
mod load;
mod meter;
mod output;
mod run;
mod ticker;

pub use artifact::{Digest, digest};
pub use engine::{Allocation, LARGEST_MEMORY};
pub(crate) use instance::{Allowance, Guest, InGuest};
pub use load::{Compiled, LoadError, Loaded};
pub(crate) use output::clean;
pub use run::{Call, Contents, Failure, Fault};

use std::path::Path;
use std::sync::Arc;

use artifact::Artifacts;
use bindings::ConnectorPre;
use bindings::with_resources::WithResourcesPre;
use ticker::Ticker;
use wasmtime::Engine;
use wasmtime::component::Linker;

/// The engine with what all plugins share.
pub struct Runtime {
    engine: Engine,
    linker: Linker<Guest>,
    artifacts: Option<Artifacts>,
    ticker: Ticker,
    allocation: Allocation,
}

/// A component that is ready to be instantiated.
pub(crate) type Ready = ConnectorPre<Guest>;

/// The same, seen through its optional export `resources`.
pub(crate) type ReadyResources = WithResourcesPre<Guest>;

impl Runtime {
    /// Builds the engine. `calls` is how many instances may live at a time; `cache` is the folder
    /// of compiled components, none to compile at every start.
    ///
    /// # Errors
    /// The engine cannot be built on this machine.
    pub fn new(calls: u32, cache: Option<&Path>) -> wasmtime::Result<Arc<Self>> {
        let (engine, allocation) = engine::build(calls)?;
        let ticker = Ticker::start(&engine)?;
        let linker = linker::build(&engine)?;
        let artifacts = cache.and_then(open_cache);
        Ok(Arc::new(Self {
            engine,
            linker,
            artifacts,
            ticker,
            allocation,
        }))
    }

    /// Where instances live.
    #[must_use]
    pub const fn allocation(&self) -> Allocation {
        self.allocation
    }
}

fn open_cache(folder: &Path) -> Option<Artifacts> {
    match Artifacts::open(folder) {
        Ok(artifacts) => Some(artifacts),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "no cache for compiled components; plugins are compiled at every start");
            None
        }
    }
}
