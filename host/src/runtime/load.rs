//! From bytes to a component that is ready: checked by its imports, compiled off the request path
//! or taken from the cache.
//!
//! What the cache holds was found acceptable once, and comes with what the component told of itself
//! then, so that a start needs to run no guest and touches no page of its code.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use wasmtime::component::Component;

use super::bindings::ConnectorPre;
use super::imports::{self, Misfit};
use super::optional::Offered;
use super::{Digest, Ready, Runtime};

/// A component that is ready, with the digest of its bytes.
#[derive(Clone)]
pub struct Compiled {
    pub(super) ready: Ready,
    pub(super) offered: Offered,
    /// SHA-256 of the `.wasm`.
    pub digest: Digest,
    /// Size of the `.wasm` in bytes.
    pub bytes: usize,
}

/// A component as it was found.
pub struct Loaded {
    /// The component.
    pub compiled: Compiled,
    /// What it told of itself when it was kept; none if it was compiled now.
    pub described: Option<Value>,
}

/// Why bytes are no plugin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// A core module instead of a component.
    #[error("is a core WebAssembly module, not a component; build it for the target wasm32-wasip2")]
    CoreModule,
    /// Not WebAssembly.
    #[error("is no WebAssembly component: {0}")]
    NotWasm(String),
    /// It wants or offers something else than the world.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// Its imports have the right names and wrong types.
    #[error("does not fit the world: {0}")]
    Link(String),
    /// The host failed.
    #[error("compiling was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl Runtime {
    /// Compiles a component, or takes its compiled form from the cache. `digest` is that of the
    /// bytes, where the caller knows it.
    ///
    /// # Errors
    /// The bytes are no connector of this world.
    pub async fn load(self: &Arc<Self>, wasm: Bytes, digest: Digest) -> Result<Loaded, LoadError> {
        let runtime = Arc::clone(self);
        tokio::task::spawn_blocking(move || runtime.load_blocking(&wasm, digest)).await?
    }

    /// The interfaces that a component imports and exports, whether or not it is a connector; nothing of
    /// it runs.
    ///
    /// # Errors
    /// The bytes are no component.
    pub async fn interfaces(
        self: &Arc<Self>,
        wasm: Bytes,
    ) -> Result<(Vec<String>, Vec<String>), LoadError> {
        let runtime = Arc::clone(self);
        let compiling = move || {
            runtime
                .compile(&wasm)
                .map(|component| interfaces(&component))
        };
        tokio::task::spawn_blocking(compiling).await?
    }

    fn load_blocking(&self, wasm: &[u8], digest: Digest) -> Result<Loaded, LoadError> {
        let (component, described) = match self.kept(&digest) {
            Some((component, described)) => (component, Some(described)),
            None => (self.compile(wasm)?, None),
        };
        let (ready, offered) = self.ready(&component)?;
        let compiled = Compiled {
            ready,
            offered,
            digest,
            bytes: wasm.len(),
        };
        Ok(Loaded {
            compiled,
            described,
        })
    }

    fn compile(&self, wasm: &[u8]) -> Result<Component, LoadError> {
        look(wasm)?;
        Component::from_binary(&self.engine, wasm)
            .map_err(|error| LoadError::NotWasm(first_line(&error)))
    }

    fn kept(&self, digest: &Digest) -> Option<(Component, Value)> {
        let entry = self.artifacts.as_ref()?.load(&self.engine, digest)?;
        let described = serde_json::from_str(&entry.described).ok()?;
        Some((entry.component, described))
    }

    /// Keeps a component that was compiled now and found acceptable, with what it told of itself.
    /// What comes back is the component as the cache holds it: mapped, where the one that was compiled
    /// takes memory of its own.
    pub async fn keep(self: &Arc<Self>, compiled: Compiled, described: &Value) -> Compiled {
        let (runtime, fresh) = (Arc::clone(self), compiled.clone());
        let described = described.to_string();
        let keeping =
            tokio::task::spawn_blocking(move || runtime.keep_blocking(&fresh, &described));
        keeping.await.ok().flatten().unwrap_or(compiled)
    }

    fn keep_blocking(&self, compiled: &Compiled, described: &str) -> Option<Compiled> {
        let artifacts = self.artifacts.as_ref()?;
        let component = compiled.ready.instance_pre().component();
        let saved = artifacts.save(&self.engine, &compiled.digest, component, described);
        if let Err(error) = saved {
            tracing::warn!(%error, "a compiled component could not be kept; it is compiled again at the next start");
            return None;
        }
        let (component, _) = self.kept(&compiled.digest)?;
        let (ready, offered) = self.ready(&component).ok()?;
        Some(Compiled {
            ready,
            offered,
            ..*compiled
        })
    }

    fn ready(&self, component: &Component) -> Result<(Ready, Offered), LoadError> {
        let (imports, exports) = interfaces(component);
        let imports: Vec<&str> = imports.iter().map(String::as_str).collect();
        let exports: Vec<&str> = exports.iter().map(String::as_str).collect();
        imports::check(&imports, &exports, self.linked)?;
        let link = |error: &wasmtime::Error| LoadError::Link(first_line(error));
        let pre = self
            .linker
            .instantiate_pre(component)
            .map_err(|e| link(&e))?;
        let fixture = imports.iter().any(|name| imports::is_conformance(name));
        let offered = Offered::of(&exports, &pre, fixture).map_err(|e| link(&e))?;
        Ok((ConnectorPre::new(pre).map_err(|e| link(&e))?, offered))
    }
}

impl Compiled {
    /// The interfaces that it imports and those that it exports, as the component names them.
    #[must_use]
    pub fn interfaces(&self) -> (Vec<String>, Vec<String>) {
        interfaces(self.ready.instance_pre().component())
    }
}

fn interfaces(component: &Component) -> (Vec<String>, Vec<String>) {
    let (shape, engine) = (component.component_type(), component.engine());
    let imports = shape.imports(engine).map(|(name, _)| name.to_owned());
    let exports = shape.exports(engine).map(|(name, _)| name.to_owned());
    (imports.collect(), exports.collect())
}

/// What can be told from the first eight bytes.
fn look(wasm: &[u8]) -> Result<(), LoadError> {
    match wasm {
        [] => Err(LoadError::Empty),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(LoadError::CoreModule),
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        _ => Err(LoadError::NotWasm(
            "the first bytes are not those of a component".into(),
        )),
    }
}

fn first_line(error: &wasmtime::Error) -> String {
    let chain = format!("{error:#}");
    chain
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect()
}
