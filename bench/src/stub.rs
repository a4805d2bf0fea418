//! The stub: an EspoCRM that answers at once.
//!
//! The first time it is asked for an address, the demo's in-memory EspoCRM answers and the bytes
//! are kept; from then on they are written as they are, without looking at anything but the
//! address. So the answers are as large and as shaped as a real one's, and cost microseconds.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use portcullis_demo::espocrm::{EspoCrm, FULL_KEY, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// Answers by the bytes of the request line.
struct Stub {
    crm: Router,
    kept: Mutex<HashMap<Vec<u8>, Arc<[u8]>>>,
}

/// A request as the stub takes it; only its first line counts.
pub(crate) fn request(path: &str, server: SocketAddr) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n\r\n").into_bytes()
}

/// Serves until it is killed.
pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    let stub = Arc::new(Stub {
        crm: crm().router(),
        kept: Mutex::default(),
    });
    let mut tasks = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        while tasks.try_join_next().is_some() {}
        let stub = Arc::clone(&stub);
        // A client that goes away in the middle is no concern of the stub.
        tasks.spawn(async move { stub.converse(stream).await.ok() });
    }
}

fn crm() -> EspoCrm {
    EspoCrm::new(Options {
        remember: 0,
        ..Options::default()
    })
}

impl Stub {
    /// Requests have no bodies here: the connection may only read.
    async fn converse(&self, mut stream: TcpStream) -> Result<()> {
        let mut buffer = Vec::with_capacity(4096);
        while stream.read_buf(&mut buffer).await? > 0 {
            while let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n") {
                let line = buffer.split(|byte| *byte == b'\r').next().unwrap_or(&[]);
                let answer = self.answer(line).await?;
                buffer.drain(..end + 4);
                stream.write_all(&answer).await?;
            }
        }
        Ok(())
    }

    async fn answer(&self, line: &[u8]) -> Result<Arc<[u8]>> {
        if let Some(kept) = self.kept().get(line) {
            return Ok(Arc::clone(kept));
        }
        let answer: Arc<[u8]> = self.ask(line).await?.into();
        self.kept().insert(line.to_owned(), Arc::clone(&answer));
        Ok(answer)
    }

    /// Has the demo answer.
    async fn ask(&self, line: &[u8]) -> Result<Vec<u8>> {
        let line = std::str::from_utf8(line).context("a request line that is no text")?;
        let mut words = line.split(' ');
        let (method, uri) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("x-api-key", FULL_KEY)
            .body(Body::empty())?;
        bytes(self.crm.clone().oneshot(request).await?).await
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<Vec<u8>, Arc<[u8]>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A whole answer as it goes over the wire.
async fn bytes(response: Response<Body>) -> Result<Vec<u8>> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut text = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    let headers = parts
        .headers
        .iter()
        .filter(|(name, _)| *name != CONTENT_LENGTH);
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            text.extend_from_slice(part);
        }
    }
    text.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    text.extend_from_slice(&body);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_record_has_the_size_of_a_real_one() {
        let stub = Stub {
            crm: crm().router(),
            kept: Mutex::default(),
        };
        let id = crm().ids("Account").remove(0);
        let line = format!("GET /api/v1/Account/{id} HTTP/1.1");
        let answer = stub.answer(line.as_bytes()).await.unwrap();
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(text.contains("x-app-timestamp: "), "{text}");
        assert!((1_000..4_000).contains(&text.len()), "{} bytes", text.len());
        assert_eq!(stub.kept().len(), 1);
    }
}
