//! A raw HTTP/1.1 client: one connection per request, or one that is kept open for several; every
//! header as the test says.
//!
//! It knows content-length, chunks and event streams, and nothing of MCP.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A request that is being put together.
pub struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// An answer whose body is still to come.
pub struct Open {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    left: Left,
    events: String,
}

/// A connection that serves one request after the other.
pub struct Kept {
    to: SocketAddr,
    open: Option<(BufReader<OwnedReadHalf>, OwnedWriteHalf)>,
}

impl Kept {
    pub async fn open(to: SocketAddr) -> io::Result<Self> {
        let (reader, writer) = TcpStream::connect(to).await?.into_split();
        Ok(Self {
            to,
            open: Some((BufReader::new(reader), writer)),
        })
    }

    /// The next request; it fails when the server closed the connection after the last one.
    pub async fn send(&mut self, ask: Ask) -> io::Result<Answer> {
        let (mut reader, mut writer) = self.open.take().expect("the last answer was whole");
        let head = ask.head(self.to, "keep-alive");
        writer.write_all(head.as_bytes()).await?;
        writer.write_all(&ask.body).await?;
        let (status, headers) = read_head(&mut reader).await?;
        let mut open = Open {
            status,
            left: left(&headers),
            headers,
            reader,
            writer,
            events: String::new(),
        };
        let body = open.rest().await?;
        let (status, headers) = (open.status, open.headers);
        self.open = Some((open.reader, open.writer));
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}

/// How the end of a body is known.
enum Left {
    Bytes(usize),
    Chunks,
    UntilClosed,
}

impl Ask {
    pub fn new(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Sets a header, in the place of one of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a header beside those of that name.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self, to: SocketAddr) -> io::Result<Answer> {
        self.open(to).await?.whole().await
    }

    /// Sends it and reads the head of the answer. A server may answer and close before it has read
    /// everything, so writing may fail without harm.
    pub async fn open(self, to: SocketAddr) -> io::Result<Open> {
        let (reader, mut writer) = TcpStream::connect(to).await?.into_split();
        let mut reader = BufReader::new(reader);
        let head = self.head(to, "close");
        let write = async {
            writer.write_all(head.as_bytes()).await?;
            writer.write_all(&self.body).await
        };
        let (_, head) = tokio::join!(write, read_head(&mut reader));
        let (status, headers) = head?;
        let left = left(&headers);
        Ok(Open {
            status,
            headers,
            reader,
            writer,
            left,
            events: String::new(),
        })
    }

    fn head(&self, to: SocketAddr, connection: &str) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            head.push_str(&format!("host: {to}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!(
            "content-length: {}\r\nconnection: {connection}\r\n\r\n",
            self.body.len()
        ));
        head
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as JSON, or the first event of a stream.
    pub fn json(&self) -> Value {
        let text = self
            .body
            .lines()
            .find_map(|line| line.strip_prefix("data:").filter(|data| data.contains('{')));
        let text = text.unwrap_or(&self.body);
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in answer {self:?}"))
    }
}

impl Open {
    async fn whole(mut self) -> io::Result<Answer> {
        let body = self.rest().await?;
        Ok(Answer {
            status: self.status,
            headers: self.headers,
            body,
        })
    }

    /// Whether the body is a stream of events.
    pub fn is_events(&self) -> bool {
        find(&self.headers, "content-type").is_some_and(|kind| kind.contains("event-stream"))
    }

    /// What is left of the body.
    pub async fn rest(&mut self) -> io::Result<String> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            body.extend(piece);
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// The next event of a stream, by name; none when it ended.
    pub async fn named_event(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.events.clone().split_once("\n\n") {
                self.events = rest.to_owned();
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                if let (Some(name), Some(data)) = (line("event:"), line("data:")) {
                    return Some((name.trim().to_owned(), data.trim().to_owned()));
                }
                continue;
            }
            let piece = self.piece().await.ok().flatten()?;
            self.events
                .push_str(&String::from_utf8_lossy(&piece).replace("\r\n", "\n"));
        }
    }

    /// The next message of an event stream; none when it ended.
    pub async fn event(&mut self) -> Option<Value> {
        loop {
            while let Some((event, rest)) = self.events.clone().split_once("\n\n") {
                self.events = rest.to_owned();
                let data: String = event
                    .lines()
                    .filter_map(|line| line.strip_prefix("data:"))
                    .collect();
                if data.contains('{') {
                    return Some(serde_json::from_str(&data).expect("events hold JSON"));
                }
            }
            let piece = self.piece().await.ok().flatten()?;
            self.events
                .push_str(&String::from_utf8_lossy(&piece).replace("\r\n", "\n"));
        }
    }

    async fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.left {
            Left::Bytes(0) => Ok(None),
            Left::Bytes(length) => {
                self.left = Left::Bytes(0);
                self.exactly(length).await.map(Some)
            }
            Left::Chunks => self.chunk().await,
            Left::UntilClosed => {
                let mut rest = Vec::new();
                self.reader.read_to_end(&mut rest).await?;
                self.left = Left::Bytes(0);
                Ok(Some(rest))
            }
        }
    }

    async fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut size = String::new();
        self.reader.read_line(&mut size).await?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        let chunk = self.exactly(size).await?;
        self.exactly(2).await?;
        Ok((size > 0).then_some(chunk))
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes).await?;
        Ok(bytes)
    }
}

async fn read_head(
    reader: &mut BufReader<OwnedReadHalf>,
) -> io::Result<(u16, Vec<(String, String)>)> {
    let mut line = String::new();
    reader.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status line: {line:?}")))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).await?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => return Ok((status, headers)),
        }
    }
}

fn left(headers: &[(String, String)]) -> Left {
    let length = find(headers, "content-length").and_then(|length| length.parse().ok());
    match (length, find(headers, "transfer-encoding")) {
        (Some(length), _) => Left::Bytes(length),
        (None, Some("chunked")) => Left::Chunks,
        _ => Left::UntilClosed,
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}
