//! A host in this process, built from a configuration text, with a CRM behind it.
//!
//! The sandbox and the embedded plugins are built once; they are what is slow, and they hold
//! nothing of any test. `URL` in a configuration is the CRM's address, `PLUGINS` the watched folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis::call::{self, Request, Scope};
use portcullis::caller::Caller;
use portcullis::config::Config;
use portcullis::error::ToolError;
use portcullis::input::Input;
use portcullis::policy::Principal;
use portcullis::registry::{EmbeddedPlugins, RegistryError, Reread, Snapshot, load_embedded};
use portcullis::run::{Host, Listen, Surroundings};
use portcullis::runtime::{Linked, Runtime};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::crm::environment;
use super::{Crm, guests, object};

/// The variables of the environment that a host reads.
type Environment = dyn Fn(&str) -> Option<String> + Sync;

/// One connection that may do everything but send.
pub const EVERYTHING: &str = r#"
[connections.crm]
plugin = "espocrm"
url = "URL"
secrets.api_key = "env:CRM_KEY"
allow = ["read", "write", "destructive"]
limits.rate_per_second = 10000
limits.rate_burst = 100000
limits.concurrent_calls = 64
[server.limits]
rate_per_second = 100000
rate_burst = 1000000
"#;

const CONFORMANCE: &str = r#"
[server]
plugins = "PLUGINS"
[connections.guest]
plugin = "conformance"
url = "URL"
prefix = ""
"#;

/// Instances that may live at a time in this process, over all tests that run at once.
const INSTANCES: u32 = 400;

/// Those of the conformance suite's fixture.
const FIXTURES: u32 = 40;

/// Compiled components are kept from run to run, for the binary too.
pub fn cache_home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// The sandbox and the embedded plugins of this process.
pub async fn shared() -> (Arc<Runtime>, EmbeddedPlugins) {
    static SHARED: OnceCell<(Arc<Runtime>, EmbeddedPlugins)> = OnceCell::const_new();
    let build = || async {
        let cache = cache_home().join("portcullis/components");
        let runtime = Runtime::new(INSTANCES, Some(&cache)).expect("the sandbox starts here");
        let embedded = load_embedded(&runtime)
            .await
            .expect("the embedded plugins load");
        assert!(
            !embedded.is_empty(),
            "no embedded plugins; `cargo xtask plugins` builds them"
        );
        (runtime, embedded)
    };
    SHARED.get_or_init(build).await.clone()
}

/// A sandbox that links what the conformance suite's fixture imports, and no embedded plugins.
async fn for_conformance() -> (Arc<Runtime>, EmbeddedPlugins) {
    static SHARED: OnceCell<Arc<Runtime>> = OnceCell::const_new();
    let build = || async {
        let cache = cache_home().join("portcullis/components");
        let runtime = Runtime::with(Linked::Conformance, FIXTURES, Some(&cache));
        runtime.expect("the sandbox starts here")
    };
    (
        SHARED.get_or_init(build).await.clone(),
        EmbeddedPlugins::new(),
    )
}

/// A host with its CRM and its folder.
pub struct TestHost {
    pub host: Arc<Host>,
    pub folder: TempDir,
    tasks: JoinSet<()>,
}

/// A host that listens.
pub struct Served {
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub ended: tokio::sync::oneshot::Receiver<anyhow::Result<()>>,
}

impl TestHost {
    /// [`EVERYTHING`] over a CRM.
    pub async fn over(crm: &Crm) -> Self {
        Self::with(EVERYTHING, &crm.url()).await
    }

    /// A configuration that has to work.
    pub async fn with(config: &str, url: &str) -> Self {
        Self::try_with(config, url)
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// A configuration that may not work.
    pub async fn try_with(config: &str, url: &str) -> Result<Self, RegistryError> {
        Self::with_files(config, url, &[]).await
    }

    /// One guest in the plugin folder, its connection called `guest`.
    pub async fn guest(name: &str, more: &str, url: &str) -> Self {
        let id = format!(
            "[server]\nplugins = \"PLUGINS\"\n{}",
            guest_connection(name, more)
        );
        let file = format!("{name}.wasm");
        let host = Self::with_files(&id, url, &[(&file, &guests::bytes(name))]).await;
        let host = host.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(host.rejected(), Vec::<String>::new(), "{name} is taken");
        host
    }

    /// The conformance suite's fixture, its tools under plain names, as `--conformance-fixture` serves it.
    pub async fn conformance() -> Self {
        let bytes = guests::bytes("conformance");
        let files: [(&str, &[u8]); 1] = [("conformance.wasm", &bytes)];
        let (nowhere, parts) = ("http://127.0.0.1:9", for_conformance().await);
        let host = Self::of(
            parts,
            (&environment, Surroundings::default()),
            CONFORMANCE,
            nowhere,
            &files,
        )
        .await;
        let host = host.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(host.rejected(), Vec::<String>::new());
        host
    }

    /// A configuration with files in its plugin folder.
    pub async fn with_files(
        config: &str,
        url: &str,
        files: &[(&str, &[u8])],
    ) -> Result<Self, RegistryError> {
        Self::within(Surroundings::default(), config, url, files).await
    }

    /// The same in other surroundings than this machine's.
    pub async fn within(
        surroundings: Surroundings,
        config: &str,
        url: &str,
        files: &[(&str, &[u8])],
    ) -> Result<Self, RegistryError> {
        Self::with_environment(&environment, surroundings, config, url, files).await
    }

    /// The same with variables of the test's own, which a later reading of the file does not see.
    pub async fn with_environment(
        environment: &Environment,
        surroundings: Surroundings,
        config: &str,
        url: &str,
        files: &[(&str, &[u8])],
    ) -> Result<Self, RegistryError> {
        let parts = shared().await;
        let around = (environment, surroundings);
        Self::of(parts, around, config, url, files).await
    }

    async fn of(
        (runtime, embedded): (Arc<Runtime>, EmbeddedPlugins),
        (environment, surroundings): (&Environment, Surroundings),
        config: &str,
        url: &str,
        files: &[(&str, &[u8])],
    ) -> Result<Self, RegistryError> {
        let folder = TempDir::new().expect("a temporary folder");
        let plugins = folder.path().join("plugins");
        std::fs::create_dir(&plugins).expect("the folder is ours");
        for (name, bytes) in files {
            std::fs::write(plugins.join(name), bytes).expect("the folder is ours");
        }
        let path = folder.path().join("portcullis.toml");
        std::fs::write(&path, fill(config, url)).expect("the folder is ours");
        let config = Config::from_file(&path, environment).map_err(RegistryError::Config)?;
        let host = Host::build_in(runtime, embedded, config, surroundings);
        let host = Arc::new(host.await?);
        Ok(Self {
            host,
            folder,
            tasks: JoinSet::new(),
        })
    }

    /// The watched folder.
    pub fn plugins(&self) -> PathBuf {
        self.folder.path().join("plugins")
    }

    /// Writes the configuration anew.
    pub fn rewrite(&self, config: &str, url: &str) {
        let path = self.folder.path().join("portcullis.toml");
        std::fs::write(path, fill(config, url)).expect("the folder is ours");
    }

    /// Calls a tool as the client on standard input would.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Value, Value> {
        self.call_as(Principal::stdio(), tool, arguments).await
    }

    /// Calls a tool as somebody.
    pub async fn call_as(
        &self,
        who: Principal,
        tool: &str,
        arguments: Value,
    ) -> Result<Value, Value> {
        self.call_by(Caller::known(who), tool, arguments).await
    }

    /// Calls a tool as somebody who may have brought a token.
    pub async fn call_by(
        &self,
        caller: Caller,
        tool: &str,
        arguments: Value,
    ) -> Result<Value, Value> {
        let request = Request {
            name: tool.to_owned(),
            arguments: object(arguments),
            caller,
            scope: Scope::All,
            input: Input::default(),
            watcher: None,
            audience: None,
        };
        match call::call(&self.host.app, request).await {
            Ok(answer) => answer
                .map(|answered| answered.value)
                .map_err(|end| ToolError::from(end).to_json()),
            Err(unknown) => panic!("{unknown}"),
        }
    }

    /// What can be called now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.host.app.registry.snapshot()
    }

    /// The names of the listed tools, in order.
    pub fn listed(&self) -> Vec<String> {
        self.snapshot()
            .listed
            .iter()
            .map(|tool| tool.listed_name.clone())
            .collect()
    }

    /// Why the files of the folder that do not serve do not.
    pub fn rejected(&self) -> Vec<String> {
        self.snapshot()
            .rejected
            .iter()
            .map(|rejected| rejected.why.clone())
            .collect()
    }

    /// Listens on a free port and watches the folder and the file.
    pub async fn serve(&mut self) -> Served {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stop, host) = (CancellationToken::new(), Arc::clone(&self.host));
        let (tell, ended) = tokio::sync::oneshot::channel();
        let (stopped, reread) = (stop.clone(), self.reread());
        self.tasks.spawn(async move {
            let end = host
                .serve(Listen::Http(listener), Some(reread), stopped)
                .await;
            tell.send(end).ok();
        });
        Served {
            address,
            stop,
            ended,
        }
    }

    /// Takes the configuration as it is written now.
    pub async fn reconfigure(&self, config: &str, url: &str) {
        self.rewrite(config, url);
        let config = self.reread()().unwrap_or_else(|error| panic!("{error}"));
        let taken = self.host.app.registry.reconfigure(config).await;
        taken.unwrap_or_else(|error| panic!("{error}"));
    }

    fn reread(&self) -> Reread {
        let path = self.folder.path().join("portcullis.toml");
        Box::new(move || Config::from_file(&path, &environment))
    }
}

/// The table of a connection `guest` to a plugin.
pub fn guest_connection(plugin: &str, more: &str) -> String {
    format!(
        "[connections.guest]\nplugin = \"{plugin}\"\nurl = \"URL\"\nsecrets.key = \"env:CRM_KEY\"\nallow = [\"read\", \"write\", \"destructive\"]\n{more}\n"
    )
}

fn fill(config: &str, url: &str) -> String {
    config.replace("URL", url).replace("PLUGINS", "plugins")
}
