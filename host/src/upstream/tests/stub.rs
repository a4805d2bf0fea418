//! A CRM of a few scripted answers on a loopback port, which remembers what it was asked.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// What the stub does with one request.
#[derive(Clone)]
pub(super) enum Reply {
    /// Writes these bytes and waits for the next request.
    Bytes(Vec<u8>),
    /// Writes these bytes and closes.
    Close(Vec<u8>),
    /// Writes these bytes and nothing more.
    Hang(Vec<u8>),
    /// Writes these bytes, then zeros without end.
    Endless(Vec<u8>),
    /// Waits for the signal, then writes these bytes.
    Held(Arc<Notify>, Vec<u8>),
    /// Answers the request's own head as header `x-echo` and as body.
    Echo,
}

/// The running stub; it stops when it is dropped.
pub(super) struct Stub {
    pub(super) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    accepted: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

/// What is answered to a request.
type Script = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

/// An answer with a body and headers.
pub(super) fn answer(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|h| format!("{h}\r\n")).collect();
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

impl Stub {
    /// Answers requests with these replies, in order, over however many connections.
    pub(super) async fn new(replies: Vec<Reply>) -> Self {
        let replies: Mutex<VecDeque<Reply>> = Mutex::new(replies.into());
        let next = move |_: &str| replies.lock().unwrap().pop_front();
        Self::with(move |request| next(request).expect("more requests than replies")).await
    }

    /// Answers each request as the script says.
    pub(super) async fn with(script: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::default();
        let script: Script = Arc::new(script);
        let mut task = JoinSet::new();
        let accepted = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&accepted);
        task.spawn(serve(listener, script, Arc::clone(&seen), count));
        Self {
            port,
            seen,
            accepted,
            _task: task,
        }
    }

    /// How many connections there were.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    listener: TcpListener,
    script: Script,
    seen: Arc<Mutex<Vec<String>>>,
    accepted: Arc<AtomicUsize>,
) {
    let mut open = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        accepted.fetch_add(1, Ordering::Relaxed);
        open.spawn(converse(stream, Arc::clone(&script), Arc::clone(&seen)));
    }
}

async fn converse(mut stream: TcpStream, script: Script, seen: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read_request(&mut stream).await {
        seen.lock().unwrap().push(request.clone());
        match script(&request) {
            Reply::Held(signal, bytes) => {
                signal.notified().await;
                write(&mut stream, &bytes).await;
            }
            Reply::Bytes(bytes) => write(&mut stream, &bytes).await,
            Reply::Close(bytes) => return write(&mut stream, &bytes).await,
            Reply::Echo => write(&mut stream, &echo(&request)).await,
            Reply::Hang(bytes) => {
                write(&mut stream, &bytes).await;
                std::future::pending::<()>().await;
            }
            Reply::Endless(bytes) => {
                write(&mut stream, &bytes).await;
                while stream.write_all(&[0; 65536]).await.is_ok() {}
                return;
            }
        }
    }
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) {
    // A client that has seen enough may have gone.
    let _gone = stream.write_all(bytes).await;
}

fn echo(request: &str) -> Vec<u8> {
    let line = request.replace("\r\n", " | ");
    let body = serde_json::json!({ "echo": request }).to_string();
    answer(
        "200 OK",
        &[&format!("x-echo: {line}"), "content-type: application/json"],
        &body,
    )
}

/// One request, head and body; none when the client closed, or spoke something else.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        if bytes[0] == 0x16 {
            return Some("TLS".to_owned());
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |n| n.parse().unwrap()) {
                return Some(text.into_owned());
            }
        }
    }
}
