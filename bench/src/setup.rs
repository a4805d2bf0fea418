//! What all measurements share: the stub, the host's configuration, and the two rivals.
//!
//! The configuration is a user's, but for the rates and the number of calls at a time, which are
//! there to hold back what is measured here.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use portcullis_demo::espocrm::{EspoCrm, Options};
use serde_json::json;
use tempfile::TempDir;

use crate::http::Connection;
use crate::mcp::{self, Ask};
use crate::program::{KEY_VARIABLE, Program, Served};
use crate::stub;

/// The tools that are called, and what the rows are called.
pub(crate) const GET: &str = "crm_get";
pub(crate) const SEARCH: &str = "crm_search";

/// Everything that is running or can be started.
pub(crate) struct Setup {
    pub(crate) stub: Served,
    pub(crate) host: Program,
    pub(crate) baseline: Program,
    pub(crate) get: Ask,
    pub(crate) search: Ask,
    /// What the stub is asked for one record.
    pub(crate) record: Vec<u8>,
    folder: TempDir,
}

impl Setup {
    /// Starts the stub and lets the host answer each call once; its answers are the baseline's.
    pub(crate) async fn make(portcullis: Option<&Path>) -> Result<Self> {
        let folder = TempDir::with_prefix("portcullis-bench-").context("no temporary folder")?;
        let this = env::current_exe().context("this program cannot find itself")?;
        let stub = role(&this, "stub").serve().await?;
        let id = account()?;
        let setup = Self {
            host: host(&find(portcullis, &this)?, folder.path(), stub.address)?,
            baseline: baseline(&this, folder.path()),
            get: ask(GET, json!({"entityType": "Account", "id": id})),
            search: ask(SEARCH, json!({"entityType": "Account", "limit": 20})),
            record: stub::request(&format!("/api/v1/Account/{id}"), stub.address),
            folder,
            stub,
        };
        setup.keep_answers().await?;
        Ok(setup)
    }

    /// Where the host keeps compiled plugins.
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Where the answer of a tool is kept.
    pub(crate) fn answer(&self, tool: &str) -> PathBuf {
        self.folder.path().join(format!("{tool}.json"))
    }

    async fn keep_answers(&self) -> Result<()> {
        let host = self.host.serve().await?;
        let mut connection = Connection::open(host.address).await?;
        for ask in [&self.get, &self.search] {
            let body = connection.ask(&ask.http(host.address, 1)).await?;
            let content = mcp::structured(body)?;
            fs::write(self.answer(ask.tool), serde_json::to_vec(&content)?)?;
        }
        Ok(())
    }
}

fn ask(tool: &'static str, arguments: serde_json::Value) -> Ask {
    Ask { tool, arguments }
}

fn role(this: &Path, role: &str) -> Program {
    Program {
        path: this.to_owned(),
        args: vec![role.into()],
    }
}

fn baseline(this: &Path, folder: &Path) -> Program {
    let mut program = role(this, "baseline");
    program.args.extend(["--answers".into(), folder.into()]);
    program
}

fn host(path: &Path, folder: &Path, crm: SocketAddr) -> Result<Program> {
    let file = folder.join("portcullis.toml");
    fs::write(&file, config(crm))?;
    Ok(Program {
        path: path.to_owned(),
        args: vec!["--config".into(), file.into(), "serve".into()],
    })
}

fn config(crm: SocketAddr) -> String {
    format!(
        r#"[server]
cache = "cache"
limits.rate_per_second = 100_000
limits.rate_burst = 1_000_000

[connections.crm]
plugin = "espocrm"
url = "http://{crm}"
secrets.api_key = "env:{KEY_VARIABLE}"
limits.concurrent_calls = 64
limits.rate_per_second = 10_000
limits.rate_burst = 100_000
"#
    )
}

/// Any account: the stub's records have the same ids in every process.
fn account() -> Result<String> {
    let ids = EspoCrm::new(Options::default()).ids("Account");
    ids.into_iter().next().context("the demo has no accounts")
}

/// The host: the one that is named, else the one built beside this program, else the workspace's.
fn find(named: Option<&Path>, this: &Path) -> Result<PathBuf> {
    let file = format!("portcullis{}", env::consts::EXE_SUFFIX);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release");
    let places = match named {
        Some(path) => vec![path.to_owned()],
        None => vec![this.with_file_name(&file), workspace.join(&file)],
    };
    match places.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.canonicalize()?),
        None => bail!(
            "there is no {}; `cargo xtask bench` builds it",
            places[0].display()
        ),
    }
}
