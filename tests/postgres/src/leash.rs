//! A server that cannot outlive the test process.
//!
//! The server runs below a shell that waits for the end of its own standard input. That pipe is
//! closed when the [`Leash`] is dropped, and by the kernel when the test process ends in any other
//! way; the shell then stops the server and removes its folder. Knows nothing of what it runs.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// `$0` is the signal that stops the server, `$1` the folder to remove or nothing, the rest the
/// server with its arguments. Ctrl-C reaches the whole group; the shell stays for the cleaning up.
const SCRIPT: &str = r#"
trap '' INT HUP
folder=$1
shift
"$@" &
server=$!
exec >/dev/null 2>&1
read -r _
kill -"$0" "$server"
wait "$server"
[ -z "$folder" ] || rm -rf "$folder"
"#;

/// How many lines of a server's output an error shows.
const KEPT_LINES: usize = 12;

/// A busy machine with two cores takes a few seconds.
const MOST_START: Duration = Duration::from_secs(60);

/// How to start a server, and how to see that it has started.
pub struct Server<'a> {
    /// The program's path.
    pub program: &'a Path,
    /// Its arguments.
    pub args: &'a [String],
    /// Part of the line by which the server says that it is ready.
    pub ready: &'a str,
    /// The signal that stops it, without `SIG`.
    pub stop: &'a str,
    /// A folder that goes with the server.
    pub folder: Option<&'a Path>,
}

/// A running server, stopped when this is dropped.
pub struct Leash {
    shell: Child,
}

impl Server<'_> {
    /// Starts the server and waits until it is ready. `shape` sets what else the process needs, such
    /// as its user and its environment.
    ///
    /// # Errors
    /// When no shell can be started, or the server ends or hangs before it is ready; the error then
    /// shows its last lines.
    pub fn start(&self, shape: impl FnOnce(&mut Command)) -> Result<Leash> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, self.stop]);
        command.arg(self.folder.unwrap_or(Path::new("")));
        command.arg(self.program).args(self.args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        shape(&mut command);
        let shell = command.spawn().context("cannot start sh")?;
        let mut leash = Leash { shell };
        let (send, lines) = channel();
        if let Some(stderr) = leash.shell.stderr.take() {
            thread::spawn(move || forward(stderr, |line| send.send(line).is_ok()));
        }
        self.wait(&lines)
            .with_context(|| format!("{} did not start", self.program.display()))?;
        Ok(leash)
    }

    fn wait(&self, lines: &Receiver<String>) -> Result<()> {
        let deadline = Instant::now() + MOST_START;
        let mut last = VecDeque::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match lines.recv_timeout(left) {
                Ok(line) if line.contains(self.ready) => return Ok(()),
                Ok(line) => last.push_back(line),
                Err(RecvTimeoutError::Disconnected) => bail!("it ended: {}", tail(last)),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("not ready after {} s: {}", MOST_START.as_secs(), tail(last))
                }
            }
            if last.len() > KEPT_LINES {
                last.pop_front();
            }
        }
    }
}

fn tail(last: VecDeque<String>) -> String {
    Vec::from(last).join(" / ")
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell ends by itself once the server has; there is nobody to tell otherwise.
        let _ = self.shell.wait();
    }
}

/// Reads to the end also when nobody listens any more, so that the server never blocks on its log.
fn forward(stream: impl Read, mut hand_over: impl FnMut(String) -> bool) {
    let mut wanted = true;
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        if wanted {
            wanted = hand_over(String::from_utf8_lossy(&line).into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str, folder: Option<&Path>) -> Result<Leash> {
        let server = Server {
            program: Path::new("sh"),
            args: &["-c".to_owned(), script.to_owned()],
            ready: "ready",
            stop: "TERM",
            folder,
        };
        server.start(|_| {})
    }

    #[test]
    fn a_dropped_leash_stops_the_server_and_removes_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        let leash = start("echo ready >&2; exec tail -f /dev/null", Some(&inside)).unwrap();
        assert!(inside.exists());
        drop(leash);
        assert!(!inside.exists());
    }

    #[test]
    fn a_server_that_ends_shows_its_last_words() {
        let error = start("echo no such database >&2", None).err().unwrap();
        assert_eq!(
            format!("{error:#}"),
            "sh did not start: it ended: no such database"
        );
    }
}
