//! A PostgREST of one's own in front of one database.
//!
//! Owns the process and the calls to it: plain HTTP on a loopback port. An answer is its status and
//! its body, the body also as text, so that a test can look for what must not be in it. Knows
//! nothing of the CRM.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::http::{self, Request, Response};
use crate::leash::{Leash, Server};
use crate::token::{Caller, SECRET};

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

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
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

    fn send(&self, caller: Caller, method: &str, target: &str, body: &str) -> Result<Answer> {
        let json = |name: &str| (name.to_owned(), "application/json".to_owned());
        let mut headers = vec![json("Accept"), json("Content-Type")];
        headers.extend(
            caller
                .authorization()
                .map(|value| ("Authorization".to_owned(), value)),
        );
        let request = Request {
            method,
            target,
            headers: &headers,
            body: body.as_bytes(),
        };
        let answer = http::exchange(self.address, &request)?;
        read(answer).with_context(|| format!("{method} {target}: neither JSON nor empty"))
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

fn read(answer: Response) -> Option<Answer> {
    let text = String::from_utf8(answer.body).ok()?;
    let body = match text.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).ok()?,
    };
    Some(Answer {
        status: answer.status,
        body,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_status_and_body() {
        let answered = |body: &str| {
            read(Response {
                status: 403,
                headers: Vec::new(),
                body: body.into(),
            })
        };
        let answer = answered("{\"code\":\"42501\"}").unwrap();
        assert_eq!((answer.status, answer.code()), (403, "42501"));
        assert!(answered("not json").is_none());
    }
}
