//! MCP's outermost layer: the body of an HTTP request, and the lines of standard input.

use std::cell::LazyCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use portcullis::transport::{Line, Lines, check_envelope};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::runtime::{Builder, Runtime};

use super::kind;
use crate::{Seen, Target};

const WORDS: &[&str] = &[
    "{\"jsonrpc\":\"2.0\",",
    "\"id\":1",
    "\"id\":null",
    "\"id\":\"a\"",
    "\"method\":\"tools/call\"",
    "\"method\":\"tools/list\"",
    "\"params\":{",
    "\"cursor\":5",
    "\"result\":{}",
    "\"error\":{\"code\":1,\"message\":\"x\"}",
    "\"arguments\":{}",
    "\"name\":\"sales_get\"",
    "\n",
    "[[[[[[[[",
    "}}",
    "1e999",
    "\\ud800",
];

pub(crate) const ENVELOPE: Target = Target {
    name: "envelope",
    about: "one MCP message: accepted or answered with a JSON-RPC error that has the request's id",
    run: envelope,
    words: WORDS,
};

pub(crate) const LINES: Target = Target {
    name: "lines",
    about: "lines of standard input: the same messages however the bytes arrive, and an answer to each that is JSON",
    run: lines,
    words: WORDS,
};

#[derive(Deserialize)]
struct Request {
    id: Option<Value>,
}

fn envelope(bytes: &[u8]) -> Seen {
    let checked = check_envelope(bytes);
    let value = serde_json::from_slice::<Value>(bytes).ok();
    // Also where everything else is too deep to be read.
    let id = serde_json::from_slice::<Request>(bytes)
        .ok()
        .and_then(|request| request.id);
    let id = id.as_ref();
    match checked {
        Ok(()) => {
            let value = value.as_ref().expect("what is accepted is JSON");
            assert_eq!(value["jsonrpc"], "2.0");
            let answers = value.get("result").is_some() != value.get("error").is_some();
            assert!(value["method"].is_string() || (id.is_some() && answers));
            assert!(value.get("params").is_none_or(Value::is_object));
            assert!(id.is_none_or(|id| id.is_string() || id.is_i64() || id.is_u64()));
            format!(
                "a message with {}",
                value["method"].as_str().map_or("an answer", |_| "a method")
            )
        }
        Err(malformed) => {
            assert!(malformed.status.is_client_error());
            let answer = malformed.to_json();
            assert_eq!(answer["jsonrpc"], "2.0");
            assert!(
                answer["error"]["code"]
                    .as_i64()
                    .is_some_and(|code| code < -32_000)
            );
            if let Some(told) = answer.get("id") {
                assert_eq!(Some(told), id, "another request's id");
            }
            assert!(
                malformed.to_string().len() < 200,
                "a refusal repeats its input"
            );
            kind(&malformed.to_string())
        }
    }
}

thread_local! {
    static RUNTIME: LazyCell<Runtime> =
        LazyCell::new(|| Builder::new_current_thread().build().expect("a runtime"));
}

fn lines(bytes: &[u8]) -> Seen {
    let whole = read(bytes, bytes.len().max(1));
    let step = usize::from(bytes.first().copied().unwrap_or(1) % 7) + 1;
    assert_eq!(
        whole,
        read(bytes, step),
        "the pieces in which bytes arrive matter"
    );
    let asked = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| serde_json::from_slice::<Value>(line).is_ok());
    assert!(
        whole.len() >= asked.count(),
        "a line that is JSON was not answered"
    );
    let messages = whole.iter().filter(|line| line.is_none()).count();
    format!(
        "{} messages, {} refused",
        messages.min(9),
        (whole.len() - messages).min(9)
    )
}

/// What each line came to: nothing for a message, the answer for what is none.
fn read(bytes: &[u8], step: usize) -> Vec<Option<Value>> {
    let mut lines = Lines::new(Pieces { bytes, step });
    let mut found = Vec::new();
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            while let Some(line) = lines.next().await.expect("bytes can be read") {
                found.push(match line {
                    Line::Message(_) => None,
                    Line::Refused(answer) => Some(answer),
                });
            }
        });
    });
    found
}

/// Bytes that arrive a few at a time.
struct Pieces<'b> {
    bytes: &'b [u8],
    step: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = self.step.min(self.bytes.len()).min(into.remaining());
        let (now, later) = self.bytes.split_at(size);
        into.put_slice(now);
        self.bytes = later;
        Poll::Ready(Ok(()))
    }
}
