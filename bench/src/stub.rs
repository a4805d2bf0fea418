//! The stub: three CRMs that answer at once.
//!
//! The first time it is asked something, the in-memory CRM of that path answers and the bytes are
//! kept by request line and body; from then on they are written as they are, without looking at
//! anything else. So the answers are as large and as shaped as real ones, and cost microseconds.
//!
//! `GET /listen` has it note down what it is asked, `GET /heard` ends that and tells it: how the
//! driver learns what a call sends to the CRM, to send the same without the host.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::crms::{Asked, Crms};
use crate::http::{Connection, length};

const LISTEN: &str = "/listen";
const HEARD: &str = "/heard";

/// Answers by request line and body.
struct Stub {
    crms: Crms,
    kept: Mutex<HashMap<Vec<u8>, Arc<[u8]>>>,
    /// Requests as they came, while it listens.
    heard: Mutex<Option<Vec<String>>>,
}

/// Has the stub note down what it is asked from now on.
pub(crate) async fn listen(stub: SocketAddr) -> Result<()> {
    let mut connection = Connection::open(stub).await?;
    connection.ask(&get(LISTEN)).await.map(drop)
}

/// What it was asked since then, each request as it came.
pub(crate) async fn heard(stub: SocketAddr) -> Result<Vec<Vec<u8>>> {
    let mut connection = Connection::open(stub).await?;
    let requests: Vec<String> = serde_json::from_slice(connection.ask(&get(HEARD)).await?)?;
    Ok(requests.into_iter().map(String::into_bytes).collect())
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\n\r\n").into_bytes()
}

/// Serves until it is killed.
pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    let stub = Arc::new(Stub::new());
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

impl Stub {
    fn new() -> Self {
        Self {
            crms: Crms::new(),
            kept: Mutex::default(),
            heard: Mutex::default(),
        }
    }

    async fn converse(&self, mut stream: TcpStream) -> Result<()> {
        let mut buffer = Vec::with_capacity(4096);
        while stream.read_buf(&mut buffer).await? > 0 {
            while let Some((head, end)) = whole(&buffer)? {
                let answer = self.answer(&buffer[..head], &buffer[head + 4..end]).await?;
                buffer.drain(..end);
                stream.write_all(&answer).await?;
            }
        }
        Ok(())
    }

    async fn answer(&self, head: &[u8], body: &[u8]) -> Result<Arc<[u8]>> {
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or(&[]);
        let key = if body.is_empty() {
            Cow::Borrowed(line)
        } else {
            Cow::Owned([line, b"\n", body].concat())
        };
        self.note(head, body)?;
        if let Some(kept) = locked(&self.kept).get(key.as_ref()) {
            return Ok(Arc::clone(kept));
        }
        let head = std::str::from_utf8(head).context("a head that is no text")?;
        match head.split(' ').nth(1) {
            Some(LISTEN) => return Ok(self.listen()),
            Some(HEARD) => return self.heard(),
            _ => {}
        }
        let answer: Arc<[u8]> = self.crms.ask(Asked { head, body }).await?.into();
        locked(&self.kept).insert(key.into_owned(), Arc::clone(&answer));
        Ok(answer)
    }

    fn note(&self, head: &[u8], body: &[u8]) -> Result<()> {
        if let Some(heard) = locked(&self.heard).as_mut() {
            let request = [head, b"\r\n\r\n", body].concat();
            heard.push(String::from_utf8(request).context("a request that is no text")?);
        }
        Ok(())
    }

    fn listen(&self) -> Arc<[u8]> {
        *locked(&self.heard) = Some(Vec::new());
        good("[]")
    }

    /// The last request is the one that asks for them.
    fn heard(&self) -> Result<Arc<[u8]>> {
        let mut heard = locked(&self.heard).take().unwrap_or_default();
        heard.pop();
        Ok(good(&serde_json::to_string(&heard)?))
    }
}

fn good(body: &str) -> Arc<[u8]> {
    let length = body.len();
    let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
    text.into_bytes().into()
}

/// Where the head of a request ends, and where the request does, if it is whole.
fn whole(buffer: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(head) = buffer.windows(4).position(|part| part == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&buffer[..head]).context("a head that is no text")?;
    let end = head + 4 + length(text).unwrap_or(0);
    Ok((buffer.len() >= end).then_some((head, end)))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_with_its_body() {
        let request = b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET";
        assert_eq!(whole(request).unwrap(), Some((35, 42)));
        assert_eq!(whole(&request[..41]).unwrap(), None);
        assert_eq!(whole(b"GET / HTTP/1.1\r\n\r\n").unwrap(), Some((14, 18)));
    }

    #[tokio::test]
    async fn answers_are_kept_and_requests_noted() {
        let stub = Stub::new();
        let (head, form) = (
            b"POST /suite/service/v4_1/rest.php HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded",
            b"method=get_server_info&input_type=JSON&response_type=JSON&rest_data=%5B%5D",
        );
        stub.answer(b"GET /listen HTTP/1.1", b"").await.unwrap();
        let first = stub.answer(head, form).await.unwrap();
        let again = stub.answer(head, form).await.unwrap();
        let other = stub.answer(head, b"method=none").await.unwrap();
        assert!(Arc::ptr_eq(&first, &again) && first != other);
        let heard = stub.answer(b"GET /heard HTTP/1.1", b"").await.unwrap();
        let text = String::from_utf8_lossy(&heard);
        assert_eq!(text.matches("rest.php").count(), 3, "{text}");
        assert!(!text.contains("/heard"), "{text}");
        stub.answer(head, form).await.unwrap();
        assert!(locked(&stub.heard).is_none());
    }
}
