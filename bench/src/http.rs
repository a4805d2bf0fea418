//! The least HTTP/1.1 client that keeps its connection: bytes out, one answer in.
//!
//! It takes a share of the same processors as what it measures, so it does little: no header is
//! kept, no body copied. It understands answers with a `Content-Length`, which all servers here
//! send.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What an answer's head says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Where the body begins.
    begin: usize,
    /// Where it ends.
    end: usize,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(server)
            .await
            .with_context(|| format!("cannot connect to {server}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request and gives the answer's body; anything but 2xx is an error that shows it.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.read().await?;
            if let Some(head) = head(&self.buffer)? {
                break head;
            }
        };
        while self.buffer.len() < head.end {
            self.read().await?;
        }
        let body = &self.buffer[head.begin..head.end];
        if !(200..300).contains(&head.status) {
            let text = String::from_utf8_lossy(body);
            bail!("status {} instead of 2xx: {text}", head.status);
        }
        Ok(body)
    }

    async fn read(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// The head, if it is whole.
fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..end]).context("the answer's head is no text")?;
    let status = text.split(' ').nth(1);
    let status = status.and_then(|status| status.parse().ok());
    let (Some(status), Some(length)) = (status, length(text)) else {
        bail!("an answer without status or length: {text}");
    };
    let begin = end + 4;
    Ok(Some(Head {
        status,
        begin,
        end: begin + length,
    }))
}

/// The length of the body, if the head tells it.
pub(crate) fn length(head: &str) -> Option<usize> {
    head.split("\r\n").skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let found = name.eq_ignore_ascii_case("content-length");
        found.then(|| value.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-length: 3\r\n\r\nabc";
        let expected = Head {
            status: 200,
            begin: 44,
            end: 47,
        };
        assert_eq!(head(whole).unwrap(), Some(expected));
        assert_eq!(head(&whole[..20]).unwrap(), None);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
