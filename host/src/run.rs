//! Builds everything from a configuration, serves until it is told to stop, and drains.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Rate};
use crate::call::App;
use crate::caller::Caller;
use crate::config::{Config, Server, Source};
use crate::confirm::{self, Confirmations};
use crate::mcp::{self, Changes};
use crate::policy::Principal;
use crate::prompts::Prompts;
use crate::registry::{self, EmbeddedPlugins, Registry, RegistryError, Reread};
use crate::runtime::Runtime;
use crate::transport::{self, HttpOptions};
use crate::upstream::{Lookup, Names, SystemLookup};

/// What a running host is made of.
pub struct Host {
    /// Serves calls.
    pub app: Arc<App>,
    changes: Arc<Changes>,
    prompts: Arc<Prompts>,
    server: Server,
}

/// What a host takes from around it; a test may bring its own.
pub struct Surroundings {
    /// How names become addresses.
    pub lookup: Arc<dyn Lookup>,
    /// How long a preview can be confirmed.
    pub preview_valid_for: Duration,
}

impl Default for Surroundings {
    /// The system's resolver, ten minutes.
    fn default() -> Self {
        Self {
            lookup: Arc::new(SystemLookup),
            preview_valid_for: confirm::VALID_FOR,
        }
    }
}

/// How clients reach it.
pub enum Listen {
    /// One client on standard input and output.
    Stdio,
    /// Many clients over HTTP.
    Http(TcpListener),
}

impl Host {
    /// Builds a host.
    ///
    /// # Errors
    /// The configuration does not fit the plugins.
    pub fn build(
        runtime: Arc<Runtime>,
        embedded: EmbeddedPlugins,
        config: Config,
    ) -> BoxFuture<'static, Result<Self, RegistryError>> {
        Self::build_in(runtime, embedded, config, Surroundings::default())
    }

    /// Builds a host in other surroundings than this machine's.
    ///
    /// # Errors
    /// As [`Host::build`].
    pub fn build_in(
        runtime: Arc<Runtime>,
        embedded: EmbeddedPlugins,
        config: Config,
        surroundings: Surroundings,
    ) -> BoxFuture<'static, Result<Self, RegistryError>> {
        Self::try_build(runtime, embedded, config, surroundings).boxed()
    }

    async fn try_build(
        runtime: Arc<Runtime>,
        embedded: EmbeddedPlugins,
        config: Config,
        surroundings: Surroundings,
    ) -> Result<Self, RegistryError> {
        let server = config.server.clone();
        let folder_of_prompts = folder_of_prompts(&config);
        let names = Arc::new(Names::through(surroundings.lookup));
        let registry = Registry::start(Arc::clone(&runtime), embedded, config, names).await?;
        let limits = &server.limits;
        let rate = Rate {
            per_second: narrow(limits.rate_per_second),
            burst: narrow(limits.rate_burst),
        };
        let prompts = Arc::new(Prompts::new(folder_of_prompts));
        let most_streams = wide(limits.streams);
        let app = Arc::new(App {
            registry: Arc::clone(&registry),
            runtime,
            admission: Admission::new(
                narrow(limits.concurrent_calls),
                narrow(limits.calls_per_caller),
                rate,
            ),
            confirmations: Confirmations::lasting(surroundings.preview_valid_for),
            request_bytes: limits.request_bytes,
            running: watch::Sender::new(0),
            stopping: CancellationToken::new(),
        });
        Ok(Self {
            app,
            changes: Changes::new(registry, Arc::clone(&prompts), most_streams),
            prompts,
            server,
        })
    }

    /// Serves until `stop`, or until the client of a stdio session is gone.
    ///
    /// # Errors
    /// The listener failed, or the client did not speak MCP.
    pub fn serve(
        &self,
        listen: Listen,
        reread: Option<Reread>,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<()>> {
        self.serve_until(listen, reread, stop).boxed()
    }

    async fn serve_until(
        &self,
        listen: Listen,
        reread: Option<Reread>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        self.app.registry.begin_to_pin().await;
        let mut tasks = JoinSet::new();
        let changes = Arc::clone(&self.changes);
        tasks.spawn(async move { changes.tell_peers().await });
        if let Some(reread) = reread {
            tasks.spawn(watch_files(Arc::clone(&self.app.registry), reread));
            tasks.spawn(watch_prompts(Arc::clone(&self.prompts)));
        }
        let registry = Arc::clone(&self.app.registry);
        tasks.spawn(async move { registry.watch_keys().await });
        for connection in &self.app.registry.snapshot().connections {
            let connection = Arc::clone(connection);
            tasks.spawn(async move { connection.settle().await });
        }
        let drain = Duration::from_millis(self.server.limits.drain_ms);
        let served = match listen {
            Listen::Stdio => {
                let caller = Caller::known(Principal::stdio());
                transport::serve_stdio(self.mcp(Some(caller)), stop, drain).await
            }
            Listen::Http(listener) => {
                let options = self.http_options(listener.local_addr()?, drain);
                let server = self.mcp(None);
                let served = transport::serve_http(server, listener, &options, stop).await;
                served.map_err(Into::into)
            }
        };
        self.close().await;
        served
    }

    /// Ends the sessions at the CRMs, after the last call.
    pub async fn close(&self) {
        self.app.registry.close().await;
    }

    fn mcp(&self, caller: Option<Caller>) -> mcp::Server {
        let (changes, prompts) = (Arc::clone(&self.changes), Arc::clone(&self.prompts));
        let patience = Duration::from_millis(self.server.limits.human_ms);
        let page_entries = usize::try_from(self.server.limits.page_entries).unwrap_or(usize::MAX);
        mcp::Server::new(Arc::clone(&self.app), changes, prompts, caller, patience)
            .paged(page_entries)
    }

    fn http_options(&self, listener: SocketAddr, drain: Duration) -> HttpOptions {
        let limits = &self.server.limits;
        let public = self
            .server
            .public_url
            .as_ref()
            .and_then(|url| url.host_str());
        HttpOptions {
            hosts: self
                .server
                .allowed_hosts
                .iter()
                .cloned()
                .chain(public.map(str::to_owned))
                .chain(own_name(listener))
                .collect(),
            origins: self.server.allowed_origins.clone(),
            request_bytes: wide(limits.request_bytes),
            sessions: (wide(limits.sessions), wide(limits.sessions_per_caller)),
            streams_of_each: wide(limits.streams_per_caller),
            refusals_per_minute: narrow(limits.refusals_per_minute),
            drain,
            path: self.server.path.to_string(),
            public_url: self.server.public_url.clone(),
            old_sse: self.server.legacy_sse,
            open: listener.ip().to_canonical().is_loopback(),
        }
    }
}

/// The address that is listened on as a URL spells it; nobody can have another name point to it and
/// call it by this one. A listener on every address has no name.
fn own_name(listener: SocketAddr) -> Option<String> {
    match listener.ip() {
        ip if ip.is_unspecified() => None,
        IpAddr::V4(ip) => Some(ip.to_string()),
        IpAddr::V6(ip) => Some(format!("[{ip}]")),
    }
}

async fn watch_files(registry: Arc<Registry>, reread: Reread) {
    if let Err(error) = registry::watch(registry, reread).await {
        tracing::error!(%error, "files are not watched; changes take effect at the next start");
    }
}

/// The operator's folder, or the one that espomcp made in the working directory, for those who come
/// from it with its variables alone.
fn folder_of_prompts(config: &Config) -> Option<PathBuf> {
    let theirs = || {
        let folder = std::path::absolute(".espomcp/prompts").ok()?;
        let taken = matches!(config.source, Source::Environment) && folder.is_dir();
        taken.then_some(folder)
    };
    config.server.prompts.clone().or_else(theirs)
}

async fn watch_prompts(prompts: Arc<Prompts>) {
    let Some(folder) = prompts.folder() else {
        return;
    };
    tracing::info!("prompts are read from {}", folder.display());
    if let Err(error) = registry::watch_folder(folder, "md", || prompts.touched()).await {
        tracing::warn!(%error, "the folder of prompts is not watched; clients are not told of changes in it");
    }
}

/// Limits have ranges that fit; see `config`.
fn narrow(limit: u64) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

fn wide(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
