//! A client of a server on pipes: one line out, one line in.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A server that was started for one client; it ends with this.
pub(crate) struct Session {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
}

impl Session {
    /// Starts the server.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.as_std().get_program()))?;
        let input = child.stdin.take().context("no pipe to the server")?;
        let output = child.stdout.take().context("no pipe from the server")?;
        Ok(Self {
            child,
            input,
            output: BufReader::with_capacity(64 * 1024, output),
            line: Vec::with_capacity(64 * 1024),
        })
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Sends a message and gives the line that follows.
    pub(crate) async fn ask(&mut self, message: &str) -> Result<&[u8]> {
        let mut text = String::with_capacity(message.len() + 1);
        text.push_str(message);
        text.push('\n');
        self.input.write_all(text.as_bytes()).await?;
        self.line.clear();
        if self.output.read_until(b'\n', &mut self.line).await? == 0 {
            bail!("the server ended without an answer");
        }
        Ok(self.line.trim_ascii_end())
    }

    /// Closes the pipe and waits for the server to end by itself.
    pub(crate) async fn close(self) -> Result<()> {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        child.wait().await?;
        Ok(())
    }
}
