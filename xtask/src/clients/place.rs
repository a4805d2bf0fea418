//! What the clients talk to: the demonstration's EspoCRM, and the built binary in front of it, over HTTP
//! with the old transport beside it, and started by each client over stdio.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::Transport;
use crate::process::announce;
use crate::workspace::Workspace;

/// The key of the demonstration's user with all rights; a wrong one fails every row.
const KEY: &str = "demo-espocrm-full-access-key";

/// How long a process may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running CRM and a running host; both end with it.
pub(crate) struct Place {
    starter: PathBuf,
    address: String,
    _running: [Running; 2],
}

/// A child that is ended when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Place {
    /// Starts both.
    pub(crate) fn open(workspace: &Workspace) -> Result<Self> {
        announce("Starting the demonstration's EspoCRM and Portcullis before it");
        let program = workspace.release("portcullis");
        let folder = workspace.root.join("target/clients");
        let mut demo = Command::new(&program);
        demo.args(["demo", "--http", "127.0.0.1:0"]);
        let (demo, crm) = start(&mut demo, "EspoCRM at ")?;
        let config = configure(&folder, &crm)?;
        let starter = starter(&folder, &program, &config)?;
        let mut serve = Command::new(&program);
        serve.args(["serve", "--config"]).arg(&config);
        let (serve, address) = start(&mut serve, "listening on ")?;
        let address = address.trim_end_matches("/mcp").to_owned();
        Ok(Self {
            starter,
            address,
            _running: [demo, serve],
        })
    }

    /// What a script is called with: an address, or a command as JSON.
    pub(super) fn target(&self, transport: Transport) -> String {
        match transport {
            Transport::Stdio => json!([self.starter]).to_string(),
            _ => self.inspected(transport),
        }
    }

    /// What the Inspector is called with.
    pub(super) fn inspected(&self, transport: Transport) -> String {
        match transport {
            Transport::Stdio => self.starter.display().to_string(),
            Transport::Http => format!("{}/mcp", self.address),
            Transport::Sse => format!("{}/sse", self.address),
        }
    }
}

/// The key lies in a file, because some clients start a server with next to no environment.
fn configure(folder: &Path, crm: &str) -> Result<PathBuf> {
    let config = folder.join("portcullis.toml");
    let text = format!(
        r#"[server]
http = "127.0.0.1:0"
legacy_sse = true

[connections.crm]
plugin = "espocrm"
url = "{crm}"
secrets.api_key = "file:key"
allow = ["read", "write", "destructive"]
"#
    );
    let key = folder.join("key");
    fs::write(&key, KEY).context("target/clients cannot be written")?;
    set_mode(&key, 0o600)?;
    fs::write(&config, text).context("target/clients cannot be written")?;
    Ok(config)
}

/// One word that starts the server over stdio; not every client passes arguments on.
fn starter(folder: &Path, program: &Path, config: &Path) -> Result<PathBuf> {
    let starter = folder.join("portcullis-stdio");
    let text = format!(
        "#!/bin/sh\nexec '{}' serve --stdio --config '{}'\n",
        program.display(),
        config.display()
    );
    fs::write(&starter, text).context("target/clients cannot be written")?;
    set_mode(&starter, 0o700)?;
    Ok(starter)
}

#[cfg(unix)]
fn set_mode(file: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).map_err(Into::into)
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> Result<()> {
    bail!("the matrix starts the server by a script of the shell, which takes a Unix")
}

/// Starts a process and waits for the address that it names after some words.
fn start(command: &mut Command, words: &'static str) -> Result<(Running, String)> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command
        .spawn()
        .context("portcullis cannot be started; is it built?")?;
    let mut running = Running(child);
    let (tell, told) = mpsc::channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        running.0.stdout.take().map(|pipe| Box::new(pipe) as _),
        running.0.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for pipe in pipes.into_iter().flatten() {
        let tell = tell.clone();
        // Read to the end, so that the process never waits for a reader.
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                tell.send(line).ok();
            }
        });
    }
    drop(tell);
    let mut last = "it wrote nothing".to_owned();
    let until = Instant::now() + PATIENCE;
    while let Ok(line) = told.recv_timeout(until.saturating_duration_since(Instant::now())) {
        match address(&line, words) {
            Some(address) => return Ok((running, address)),
            None => last = line,
        }
    }
    bail!("portcullis does not say where it listens; its last words: {last}")
}

/// The address after these words.
fn address(line: &str, words: &str) -> Option<String> {
    let (_, rest) = line.split_once(words)?;
    let end = rest.find([',', ' ']).unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (line, words, expected) in [
            (
                "In memory: EspoCRM at http://127.0.0.1:1, SuiteCRM at http://127.0.0.1:2.",
                "EspoCRM at ",
                Some("http://127.0.0.1:1"),
            ),
            (
                "INFO listening on http://127.0.0.1:3/mcp",
                "listening on ",
                Some("http://127.0.0.1:3/mcp"),
            ),
            ("nothing", "listening on ", None),
        ] {
            assert_eq!(address(line, words).as_deref(), expected);
        }
    }
}
