//! An upstream that remembers which request came over which connection, on several loopback addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Whether a connection is kept after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    Keep,
    Close,
}

/// A request with its connection.
#[derive(Debug, Clone)]
pub struct Came {
    /// The client's end, which no two connections share.
    pub from: SocketAddr,
    /// The address that was dialled.
    pub to: IpAddr,
    /// The lines before the body.
    pub head: String,
}

impl Came {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let fits = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
        let line = self.head.lines().find(fits)?;
        line.split_once(':').map(|(_, value)| value.trim())
    }
}

/// A running upstream.
pub struct Sockets {
    pub port: u16,
    came: Arc<Mutex<Vec<Came>>>,
    _tasks: JoinSet<()>,
}

impl Sockets {
    /// Listens on `127.0.0.1` to `127.0.0.n`, and answers `{}`.
    pub async fn on(addresses: u8, after: After) -> Self {
        let (came, mut tasks, mut port) = (Arc::default(), JoinSet::new(), 0);
        for last in 1..=addresses {
            let address = (Ipv4Addr::new(127, 0, 0, last), port);
            let listener = TcpListener::bind(address).await.expect("a free port");
            port = listener.local_addr().expect("it is bound").port();
            tasks.spawn(serve(listener, after, Arc::clone(&came)));
        }
        Self {
            port,
            came,
            _tasks: tasks,
        }
    }

    /// The requests so far.
    pub fn came(&self) -> Vec<Came> {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.clone()
    }
}

async fn serve(listener: TcpListener, after: After, came: Arc<Mutex<Vec<Came>>>) {
    let mut open = JoinSet::new();
    while let Ok((stream, from)) = listener.accept().await {
        open.spawn(converse(stream, from, after, Arc::clone(&came)));
    }
}

async fn converse(
    mut stream: TcpStream,
    from: SocketAddr,
    after: After,
    came: Arc<Mutex<Vec<Came>>>,
) {
    let to = stream.local_addr().expect("it is connected").ip();
    while let Some(head) = head(&mut stream).await {
        let request = Came { from, to, head };
        came.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        let last = match after {
            After::Keep => "",
            After::Close => "connection: close\r\n",
        };
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n{last}\r\n{{}}");
        // A client may have gone.
        let _gone = stream.write_all(answer.as_bytes()).await;
        if after == After::Close {
            return;
        }
    }
}

/// The head of a request without a body.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
