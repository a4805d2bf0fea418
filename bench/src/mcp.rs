//! Requests of protocol revision 2026-07-28 in its stateless form, and what a right answer is.
//!
//! A request is built once and sent many times. Answers are compared with the first one, byte for
//! byte behind the id, which costs next to nothing; only one that differs is read.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

const REVISION: &str = "2026-07-28";

/// One call of one tool.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) tool: &'static str,
    pub(crate) arguments: Value,
}

impl Ask {
    /// The message.
    pub(crate) fn message(&self, id: u64) -> String {
        let params = json!({"name": self.tool, "arguments": self.arguments});
        message(id, "tools/call", params)
    }

    /// The whole HTTP request.
    pub(crate) fn http(&self, server: SocketAddr, id: u64) -> Vec<u8> {
        let body = self.message(id);
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {REVISION}\r\n\
             Mcp-Method: tools/call\r\nMcp-Name: {}\r\nContent-Length: {}\r\n\r\n",
            self.tool,
            body.len()
        );
        (head + &body).into_bytes()
    }
}

/// The message that asks for the tools.
pub(crate) fn list() -> String {
    message(1, "tools/list", json!({}))
}

fn message(id: u64, method: &str, mut params: Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientInfo": {"name": "portcullis-bench", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

/// The right answers seen so far by one client.
#[derive(Debug, Default)]
pub(crate) struct Expected(Vec<u8>);

impl Expected {
    /// Checks an answer and says nothing if it is right.
    pub(crate) fn check(&mut self, answer: &[u8]) -> Result<()> {
        let result = behind_id(answer);
        if !self.0.is_empty() && self.0 == result {
            return Ok(());
        }
        structured(answer)?;
        self.0 = result.to_owned();
        Ok(())
    }
}

/// From the result on; rmcp writes the id before it.
fn behind_id(answer: &[u8]) -> &[u8] {
    const KEY: &[u8] = b"\"result\"";
    let near = &answer[..answer.len().min(80)];
    let at = near.windows(KEY.len()).position(|part| part == KEY);
    &answer[at.unwrap_or(0)..]
}

/// The structured content of a right answer.
pub(crate) fn structured(answer: &[u8]) -> Result<Map<String, Value>> {
    let whole: Value = serde_json::from_slice(answer).unwrap_or_default();
    let failed = whole["result"]["isError"] == true;
    match whole["result"]["structuredContent"].as_object() {
        Some(content) if !failed => Ok(content.clone()),
        _ => bail!("a wrong answer: {}", String::from_utf8_lossy(answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_without_error_are_right() {
        let good = br#"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"a":1}}}"#;
        let same = br#"{"jsonrpc":"2.0","id":22,"result":{"structuredContent":{"a":1}}}"#;
        let bad = br#"{"jsonrpc":"2.0","id":1,"result":{"isError":true,"structuredContent":{}}}"#;
        let mut expected = Expected::default();
        assert!(expected.check(good).is_ok() && expected.check(same).is_ok());
        assert_eq!(behind_id(good), behind_id(same));
        for wrong in [&bad[..], br#"{"error":{"code":-32602}}"#, b"oops"] {
            assert!(expected.check(wrong).is_err());
        }
    }
}
