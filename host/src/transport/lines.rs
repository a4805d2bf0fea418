//! One JSON-RPC message per line, in both directions.
//!
//! rmcp's own framing leaves out a line that it cannot read, and whoever sent it waits without end.
//! Here such a line is answered as soon as its envelope can be read, and a client that reads no more
//! ends the session. It must not know what messages mean.

use std::io;
use std::sync::Arc;

use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::envelope;

/// The longest line, in bytes; the largest request that a limit can allow fits in.
const LONGEST: usize = 65 << 20;

/// Lines that come in.
pub struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    too_long: bool,
}

/// What a line was.
pub enum Line {
    /// A message.
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    /// No message; this answers it.
    Refused(Value),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads from a client.
    pub fn new(reader: R) -> Self {
        Self {
            reader: BufReader::new(reader),
            line: Vec::new(),
            too_long: false,
        }
    }

    /// The next line that says something; none at the end. Nothing is lost when it is dropped half-way.
    pub async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let ended = read_line(&mut self.reader, &mut self.line, &mut self.too_long).await?;
            if ended && self.line.is_empty() {
                return Ok(None);
            }
            let line = std::mem::take(&mut self.line);
            if std::mem::take(&mut self.too_long) {
                tracing::warn!("a line of more than {LONGEST} bytes was left out");
                let told = format!("the message is larger than {LONGEST} bytes");
                return Ok(Some(Line::Refused(envelope::refusal(&told))));
            }
            if let Some(line) = read(&line) {
                return Ok(Some(line));
            }
        }
    }
}

/// Adds to a line until it is whole; says whether the input ended.
async fn read_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
    too_long: &mut bool,
) -> io::Result<bool> {
    loop {
        let ready = reader.fill_buf().await?;
        if ready.is_empty() {
            return Ok(true);
        }
        let end = ready.iter().position(|byte| *byte == b'\n');
        let part = &ready[..end.unwrap_or(ready.len())];
        *too_long |= line.len() + part.len() > LONGEST;
        if !*too_long {
            line.extend_from_slice(part);
        }
        let used = end.map_or(ready.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(false);
        }
    }
}

/// A line that says something: blank ones do not, and what is not JSON cannot be answered, because
/// nobody knows which request it was.
fn read(line: &[u8]) -> Option<Line> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    if let Err(wrong) = envelope::check(line) {
        tracing::warn!(reason = %wrong, "a line is no message");
        return wrong.is_message().then(|| Line::Refused(wrong.to_json()));
    }
    match serde_json::from_slice(line) {
        Ok(message) => Some(Line::Message(Box::new(message))),
        Err(_) => {
            tracing::warn!("a line is no message of MCP");
            Some(Line::Refused(envelope::refusal(
                "the message is none of MCP",
            )))
        }
    }
}

/// Lines that go out.
pub struct Out<W> {
    writer: Arc<Mutex<W>>,
    gone: CancellationToken,
}

impl<W: AsyncWrite + Unpin + Send + 'static> Out<W> {
    /// Writes to a client; `gone` is cancelled when it reads no more.
    pub fn new(writer: W, gone: CancellationToken) -> Self {
        Self {
            writer: Arc::new(Mutex::new(writer)),
            gone,
        }
    }

    /// Sends a message.
    pub fn send(
        &self,
        message: &TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + use<W> {
        self.write(serde_json::to_vec(message))
    }

    /// Sends an answer that is ours.
    pub fn answer(&self, answer: &Value) -> impl Future<Output = io::Result<()>> + Send + use<W> {
        self.write(serde_json::to_vec(answer))
    }

    fn write(
        &self,
        line: serde_json::Result<Vec<u8>>,
    ) -> impl Future<Output = io::Result<()>> + Send + use<W> {
        let (writer, gone) = (Arc::clone(&self.writer), self.gone.clone());
        async move {
            let mut line = line?;
            line.push(b'\n');
            // Lines must not mix, so the writer is kept until one is out.
            let mut writer = writer.lock().await;
            let written = async {
                writer.write_all(&line).await?;
                writer.flush().await
            };
            written.await.inspect_err(|error| {
                if !gone.is_cancelled() {
                    tracing::info!(%error, "the client reads no more");
                    gone.cancel();
                }
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(input: &[u8]) -> Vec<Result<Value, i64>> {
        let mut lines = Lines::new(input);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.expect("bytes in memory") {
            all.push(match line {
                Line::Message(message) => Ok(serde_json::to_value(&message).unwrap()["id"].clone()),
                Line::Refused(answer) => Err(answer["error"]["code"].as_i64().unwrap()),
            });
        }
        all
    }

    #[tokio::test]
    async fn each_line_is_a_message_or_is_answered() {
        let deep = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"x","arguments":{}1{}}}}}"#,
            r#"{"a":"#.repeat(130),
            "}".repeat(130),
        );
        let input = format!(
            "\n{}\n{{half\n[]\n{{}}\n{deep}\n  \n{}",
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#,
        );
        let all = all(input.as_bytes()).await;
        let (one, two) = (serde_json::json!(1), serde_json::json!(2));
        assert_eq!(
            all,
            [Ok(one), Err(-32600), Err(-32600), Err(-32602), Ok(two)]
        );
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_are_left_out() {
        let input = b"\xff\xff\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
        assert_eq!(all(input).await, [Ok(serde_json::json!(1))]);
    }

    #[tokio::test]
    async fn who_reads_no_more_is_gone() {
        let (ours, theirs) = tokio::io::duplex(8);
        drop(theirs);
        let gone = CancellationToken::new();
        let out = Out::new(ours, gone.clone());
        assert!(out.answer(&serde_json::json!({})).await.is_err());
        assert!(gone.is_cancelled());
    }
}
