//! A PostgREST of one's own in front of one database.
//!
//! Owns the process and the calls to it: plain HTTP on a loopback port. An answer is its status and
//! its body, the body also as text, so that a test can look for what must not be in it. Knows
//! nothing of the CRM.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::leash::{Leash, Server};
use crate::token::{Caller, SECRET};

/// Longer than the longest statement may run.
const ANSWER: Duration = Duration::from_secs(30);

/// Somebody else may take the port between choosing and using it.
const MORE_TRIES: u32 = 3;

/// A running PostgREST.
pub struct Rest {
    _server: Leash,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, null when there is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The SQLSTATE or PostgREST's own code of an error; empty otherwise.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The message of an error; empty otherwise.
    #[must_use]
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

impl Rest {
    /// Starts PostgREST on a database and waits until it answers.
    ///
    /// # Errors
    /// When it does not start; the error shows what it wrote last.
    pub fn start(program: &Path, socket_folder: &Path, database: &str) -> Result<Self> {
        let uri = format!(
            "postgresql://authenticator@/{database}?host={}",
            socket_folder.display()
        );
        let server = Server {
            program,
            args: &[],
            ready: "Schema cache loaded",
            stop: "TERM",
            folder: None,
        };
        let mut tries = 0;
        loop {
            let port = free_port()?;
            match server.start(|command| shape(command, &uri, port)) {
                Err(_) if tries < MORE_TRIES => tries += 1,
                started => {
                    return Ok(Self {
                        _server: started?,
                        address: (Ipv4Addr::LOCALHOST, port).into(),
                    });
                }
            }
        }
    }

    /// The address as a base of URLs.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Calls a function of the database by POST.
    ///
    /// # Errors
    /// When no answer comes, or none that is HTTP.
    pub fn call(&self, caller: Caller, function: &str, arguments: &Value) -> Result<Answer> {
        self.send(
            caller,
            "POST",
            &format!("/rpc/{function}"),
            &arguments.to_string(),
        )
    }

    /// Reads a path by GET.
    ///
    /// # Errors
    /// As [`Rest::call`].
    pub fn get(&self, caller: Caller, path: &str) -> Result<Answer> {
        self.send(caller, "GET", path, "")
    }

    /// HTTP 1.0, so that the answer comes in one piece and the connection ends with it.
    fn send(&self, caller: Caller, method: &str, path: &str, body: &str) -> Result<Answer> {
        let authorization = caller
            .authorization()
            .map(|value| format!("Authorization: {value}\r\n"))
            .unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\
             Content-Type: application/json\r\n{authorization}Content-Length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        parse(&answer).with_context(|| format!("{method} {path}: no answer in HTTP"))
    }
}

/// PostgREST is configured by its environment alone.
fn shape(command: &mut Command, uri: &str, port: u16) {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("PGRST_DB_URI", uri)
        .env("PGRST_DB_SCHEMAS", "public,storage")
        .env("PGRST_DB_EXTRA_SEARCH_PATH", "public,extensions")
        .env("PGRST_DB_ANON_ROLE", "anon")
        .env("PGRST_DB_MAX_ROWS", "1000")
        .env("PGRST_DB_POOL", "4")
        .env("PGRST_JWT_SECRET", SECRET)
        .env("PGRST_SERVER_HOST", "127.0.0.1")
        .env("PGRST_SERVER_PORT", port.to_string());
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let answer = std::str::from_utf8(answer).ok()?;
    let (head, text) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = match text {
        "" => Value::Null,
        text => serde_json::from_str(text).ok()?,
    };
    Some(Answer {
        status,
        body,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_status_and_body() {
        let answer =
            parse(b"HTTP/1.1 403 Forbidden\r\nServer: x\r\n\r\n{\"code\":\"42501\"}").unwrap();
        assert_eq!((answer.status, answer.code()), (403, "42501"));
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\nnot json").is_none());
    }
}
