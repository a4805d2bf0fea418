//! The programs that are measured: how each is started and how it is reached.
//!
//! All take `--http ADDRESS` or `--stdio` behind their own arguments, and log to nowhere.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::config::ENVIRONMENT;
use crate::mcp::Ask;
use crate::stdio::Session;

/// A first start may compile plugins.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a starting server is tried.
const AGAIN: Duration = Duration::from_millis(10);

/// A program and its arguments.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) args: Vec<OsString>,
}

/// A program that serves HTTP; it ends when this is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Program {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(&self.args)
            .envs(ENVIRONMENT.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Starts it as a server and waits until it listens.
    pub(crate) async fn serve(&self) -> Result<Served> {
        let address = free_address()?;
        let child = self
            .command()
            .arg("--http")
            .arg(address.to_string())
            .spawn()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        let mut served = Served { address, child };
        served
            .wait()
            .await
            .with_context(|| format!("{} {:?}", self.path.display(), self.args))?;
        Ok(served)
    }

    /// Starts it for one client on pipes.
    pub(crate) fn session(&self) -> Result<Session> {
        let mut command = self.command();
        command.arg("--stdio");
        Session::start(command)
    }
}

impl Served {
    async fn wait(&mut self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once: {status}; run it by hand to see why");
            }
            if TcpStream::connect(self.address).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(AGAIN).await;
        }
        bail!("nobody listens on {} after {PATIENCE:?}", self.address)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// So many clients of it.
    pub(crate) async fn clients(&self, ask: &Ask, count: usize) -> Result<Vec<Client>> {
        let mut clients = Vec::with_capacity(count);
        for id in 1..=count as u64 {
            clients.push(Client::http(self.address, ask, id).await?);
        }
        Ok(clients)
    }
}

/// A port that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?)
}
