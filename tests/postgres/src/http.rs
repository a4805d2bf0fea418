//! One exchange in HTTP 1.0 with a server on this machine.
//!
//! HTTP 1.0, so that the answer comes in one piece and the connection ends with it. Knows nothing of
//! what is asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// Longer than the longest statement may run.
const ANSWER: Duration = Duration::from_secs(30);

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Path and query, encoded.
    pub target: &'a str,
    /// Names and values, beside those of the connection.
    pub headers: &'a [(String, String)],
    /// The body, empty for none.
    pub body: &'a [u8],
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// Sends a request and waits for the whole answer.
///
/// # Errors
/// When no answer comes, or none that is HTTP.
pub fn exchange(address: SocketAddr, request: &Request<'_>) -> Result<Response> {
    let Request { method, target, .. } = request;
    let mut head = format!("{method} {target} HTTP/1.0\r\nHost: localhost\r\n");
    for (name, value) in request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", request.body.len()));
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.write_all(&[head.as_bytes(), request.body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).with_context(|| format!("{method} {target}: no answer in HTTP"))
}

fn parse(answer: &[u8]) -> Option<Response> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(&answer[..end]).ok()?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Some(Response {
        status,
        headers: lines.filter_map(header).collect(),
        body: answer[end + 4..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_status_headers_and_body() {
        let answer = parse(b"HTTP/1.1 206 Partial\r\nContent-Range: 0-1/7\r\n\r\n[1]").unwrap();
        let range = ("content-range".to_owned(), "0-1/7".to_owned());
        assert_eq!((answer.status, answer.headers), (206, vec![range]));
        assert_eq!(answer.body, b"[1]");
        assert!(parse(b"no HTTP").is_none());
    }
}
