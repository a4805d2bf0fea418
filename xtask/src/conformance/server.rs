//! The built binary with the fixture behind it, on a free loopback port, for as long as this lives.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::Workspace;

const FIXTURE: &str = "conformance.wasm";

/// How long a start may take: the fixture is compiled in it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing is there: the fixture sends no request.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A running server; dropped, it ends.
pub(super) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    pub(super) fn start(workspace: &Workspace, home: &Path) -> Result<Self> {
        let plugins = home.join("plugins");
        fs::create_dir_all(&plugins)
            .with_context(|| format!("cannot make {}", plugins.display()))?;
        let fixture = workspace.guests_out().join(FIXTURE);
        fs::copy(&fixture, plugins.join(FIXTURE))
            .with_context(|| format!("cannot copy {}", fixture.display()))?;
        let config = home.join("portcullis.toml");
        fs::write(&config, configuration()).context("cannot write the configuration")?;
        let port = free_port()?;
        let log = fs::File::create(home.join("server.log")).context("cannot write the log")?;
        let mut command = Command::new(workspace.release("portcullis"));
        command
            .args(["serve", "--conformance-fixture", "--config"])
            .arg(&config)
            .arg(format!("--http={}:{port}", Ipv4Addr::LOCALHOST))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn().context("portcullis does not start")?;
        let mut server = Self { child, port };
        server.wait(&home.join("server.log"))?;
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        format!("http://localhost:{}/mcp", self.port)
    }

    /// Until it listens, or ends.
    fn wait(&mut self, log: &Path) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                let said = fs::read_to_string(log).unwrap_or_default();
                bail!("portcullis ended ({status}):\n{said}");
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            thread::park_timeout(Duration::from_millis(50));
        }
        bail!("portcullis did not listen within {} s", PATIENCE.as_secs())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left to do.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Two of the suite's tool names are longer than a plugin's may be, so that they are listed whole only
/// behind a prefix.
fn configuration() -> String {
    let limits =
        "limits.rate_per_second = 10000\nlimits.rate_burst = 10000\nlimits.timeout_ms = 120000\n";
    let connection = |name: &str, prefix: &str, tools: &str| {
        format!(
            "\n[connections.{name}]\nplugin = \"conformance\"\nurl = \"{NOWHERE}\"\nprefix = \"{prefix}\"\ntools = [{tools}]\n{limits}"
        )
    };
    let plain = connection("fixture", "", r#""*", "!input_required_result_*""#);
    let long = connection("long", "test", r#""input_required_result_*""#);
    format!("[server]\nplugins = \"plugins\"\n{plain}{long}")
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    let port = listener.local_addr()?.port();
    ensure!(port != 0, "no free port");
    Ok(port)
}
