//! The binary as a client starts it: one process, one JSON-RPC message per line.
//!
//! Everything on standard output has to be a message; standard error is kept for looking at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinSet;

use super::mcp::initialize_with;
use super::wait::until;
use super::{Era, Portcullis, in_time};

/// A running process and its pipes.
pub struct Stdio {
    pub child: Child,
    pub era: Era,
    able: Value,
    to: Option<ChildStdin>,
    from: Option<Lines<BufReader<ChildStdout>>>,
    log: Arc<Mutex<String>>,
    ids: AtomicU64,
    _reading: JoinSet<()>,
    _home: Portcullis,
}

impl Stdio {
    /// Starts `portcullis <arguments>`; in the older era with its handshake.
    pub async fn start(home: Portcullis, arguments: &[&str], era: Era) -> Self {
        Self::start_able_to(home, arguments, era, json!({})).await
    }

    /// The same, for a client with capabilities.
    pub async fn start_able_to(
        home: Portcullis,
        arguments: &[&str],
        era: Era,
        able: Value,
    ) -> Self {
        let mut stdio = Self::spawn(home, arguments, era);
        stdio.able = able;
        if era == Era::Handshake {
            let answer = stdio
                .request("initialize", initialize_with(&stdio.able))
                .await;
            assert_eq!(
                answer["result"]["protocolVersion"],
                era.version(),
                "{answer}"
            );
            stdio
                .write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
                .await;
        }
        stdio
    }

    /// Starts it and says nothing.
    pub fn spawn(home: Portcullis, arguments: &[&str], era: Era) -> Self {
        let mut child = home.command(arguments).spawn().expect("the binary starts");
        let to = child.stdin.take();
        let from = child.stdout.take().map(|out| BufReader::new(out).lines());
        let log = Arc::default();
        let mut reading = JoinSet::new();
        reading.spawn(keep(
            child.stderr.take().expect("it is piped"),
            Arc::clone(&log),
        ));
        Self {
            child,
            era,
            able: json!({}),
            to,
            from,
            log,
            ids: AtomicU64::new(1),
            _reading: reading,
            _home: home,
        }
    }

    /// The answer to a request; messages of other ids before it are passed over.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        self.answer(id).await
    }

    /// The `result` of `tools/call`.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self
            .request("tools/call", json!({"name": tool, "arguments": arguments}))
            .await;
        answer
            .get("result")
            .cloned()
            .unwrap_or_else(|| panic!("no result: {answer}"))
    }

    /// Sends a request without waiting; its id.
    pub async fn ask(&mut self, method: &str, params: Value) -> u64 {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let message = self.era.message_of(id, method, params, &self.able);
        self.write(&message).await;
        id
    }

    /// Waits for the answer to a request.
    pub async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self
                .message()
                .await
                .unwrap_or_else(|| panic!("standard output ended; log:\n{}", self.log()));
            if message["id"] == id {
                return message;
            }
        }
    }

    /// The next message; none when standard output ended.
    pub async fn message(&mut self) -> Option<Value> {
        let from = self.from.as_mut().expect("it is still read");
        let line = in_time("a message on standard output", from.next_line())
            .await
            .expect("UTF-8")?;
        Some(
            serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("not a message ({error}): {line}")),
        )
    }

    /// Writes a message; a process that has gone is no failure here.
    pub async fn write(&mut self, message: &Value) {
        self.write_line(&message.to_string()).await;
    }

    /// Writes any line.
    pub async fn write_line(&mut self, line: &str) {
        if let Some(to) = &mut self.to {
            to.write_all(format!("{line}\n").as_bytes()).await.ok();
        }
    }

    /// Closes its standard output.
    pub fn stop_reading(&mut self) {
        self.from = None;
    }

    /// Ends its standard input.
    pub fn hang_up(&mut self) {
        self.to = None;
    }

    /// Asks it to stop, as a supervisor does.
    pub fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let killed = std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status();
        assert!(
            killed.is_ok_and(|status| status.success()),
            "SIGTERM is sent"
        );
    }

    /// Its exit code, once it has ended.
    pub async fn exit_code(&mut self) -> Option<i32> {
        in_time("the process to end", self.child.wait())
            .await
            .expect("it was started")
            .code()
    }

    /// What it wrote to standard error until now.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The address that it listens on, once it does.
    pub async fn listens(&self) -> std::net::SocketAddr {
        self.logs("listening on http://").await;
        let log = self.log();
        let address = log.split("listening on http://").nth(1);
        let address = address.and_then(|rest| rest.split('/').next());
        address
            .and_then(|address| address.parse().ok())
            .expect("an address")
    }

    /// Waits for words in its log.
    pub async fn logs(&self, words: &str) {
        until(&format!("`{words}` in the log"), async || {
            self.log().contains(words)
        })
        .await;
    }
}

async fn keep(stderr: ChildStderr, log: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(&line);
        log.push('\n');
    }
}
