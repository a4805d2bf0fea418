//! MCP over HTTP by hand, in both eras: the handshake of 2025-11-25 and the stateless form of
//! 2026-07-28. Messages are values, so that a test sees exactly what a client would.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::http::{Answer, Ask, Open};
use super::in_time;

/// How a client opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// `initialize`, then a session.
    Handshake,
    /// Every request says everything.
    Stateless,
}

impl Era {
    pub const BOTH: [Self; 2] = [Self::Handshake, Self::Stateless];

    /// The revision of the era that the tests speak.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Handshake => "2025-11-25",
            Self::Stateless => "2026-07-28",
        }
    }

    /// A request of this era.
    pub fn message(self, id: u64, method: &str, params: Value) -> Value {
        self.message_of(id, method, params, &json!({}))
    }

    /// A request of a client with these capabilities.
    pub fn message_of(self, id: u64, method: &str, mut params: Value, able: &Value) -> Value {
        if self == Self::Stateless {
            let meta = &mut params["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = self.version().into();
            meta["io.modelcontextprotocol/clientInfo"] = json!({"name": "test", "version": "1"});
            meta["io.modelcontextprotocol/clientCapabilities"] = able.clone();
        }
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
    }
}

/// What `initialize` is sent with.
pub fn initialize() -> Value {
    initialize_with(&json!({}))
}

/// What a client with these capabilities sends `initialize` with.
pub fn initialize_with(able: &Value) -> Value {
    json!({
        "protocolVersion": Era::Handshake.version(),
        "capabilities": able,
        "clientInfo": {"name": "test", "version": "1"},
    })
}

/// A client of one endpoint.
pub struct HttpMcp {
    pub address: SocketAddr,
    pub era: Era,
    path: String,
    pub session: Option<String>,
    bearer: Option<String>,
    able: Value,
    ids: AtomicU64,
}

impl HttpMcp {
    /// Connects to `/mcp`.
    pub async fn connect(address: SocketAddr, era: Era) -> Self {
        Self::connect_to(address, era, "/mcp").await
    }

    /// Connects to an endpoint; in the older era with its handshake.
    pub async fn connect_to(address: SocketAddr, era: Era, path: &str) -> Self {
        Self::stranger(address, era, path).introduced().await
    }

    /// Connects to an endpoint with a token on every request.
    pub async fn connect_as(address: SocketAddr, era: Era, path: &str, bearer: &str) -> Self {
        let stranger = Self::stranger(address, era, path);
        stranger.bearing(Some(bearer)).introduced().await
    }

    /// A client that has said nothing yet.
    pub fn stranger(address: SocketAddr, era: Era, path: &str) -> Self {
        Self {
            address,
            era,
            path: path.to_owned(),
            session: None,
            bearer: None,
            able: json!({}),
            ids: AtomicU64::new(1),
        }
    }

    /// The same client, session and all, with another token or none.
    pub fn bearing(self, bearer: Option<&str>) -> Self {
        let bearer = bearer.map(str::to_owned);
        Self { bearer, ..self }
    }

    /// The same client with capabilities.
    pub fn able_to(self, able: Value) -> Self {
        Self { able, ..self }
    }

    /// The same client after its handshake, in the era that has one.
    pub async fn introduced(self) -> Self {
        let mut client = self;
        let era = client.era;
        if era == Era::Handshake {
            let answer = client
                .send("initialize", initialize_with(&client.able))
                .await;
            assert_eq!(answer.status, 200, "{answer:?}");
            client.session = answer.header("mcp-session-id").map(str::to_owned);
            client.notify("notifications/initialized").await;
        }
        client
    }

    /// The answer to a request: the JSON-RPC message.
    pub async fn request(&self, method: &str, params: Value) -> Value {
        self.send(method, params).await.json()
    }

    /// The `result` of `tools/call`.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = self
            .request("tools/call", json!({"name": tool, "arguments": arguments}))
            .await;
        answer
            .get("result")
            .cloned()
            .unwrap_or_else(|| panic!("no result: {answer}"))
    }

    /// A request with its whole HTTP answer.
    pub async fn send(&self, method: &str, params: Value) -> Answer {
        let sent = self.ask(method, params).send(self.address);
        in_time(method, sent)
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// A request whose answer is a stream.
    pub async fn open(&self, method: &str, params: Value) -> Open {
        let opened = self.ask(method, params).open(self.address);
        in_time(method, opened)
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The stream on which a session is told of changes.
    pub async fn session_stream(&self) -> Open {
        let ask = self.head(Ask::new("GET", &self.path).header("accept", "text/event-stream"));
        in_time("the session's stream", ask.open(self.address))
            .await
            .expect("a stream")
    }

    /// The request, to be changed or sent.
    pub fn ask(&self, method: &str, params: Value) -> Ask {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let message = self.era.message_of(id, method, params, &self.able);
        let mut ask = self.head(
            Ask::new("POST", &self.path).header("accept", "application/json, text/event-stream"),
        );
        ask = ask.header("content-type", "application/json");
        if self.era == Era::Stateless {
            ask = ask.header("mcp-method", method);
            let name = &message["params"]["name"];
            let name = name.as_str().or(message["params"]["uri"].as_str());
            if let Some(name) = name {
                ask = ask.header("mcp-name", name);
            }
        }
        ask.body(message.to_string())
    }

    async fn notify(&self, method: &str) {
        self.tell(&json!({"jsonrpc": "2.0", "method": method}))
            .await;
    }

    /// Sends a message that gets no answer.
    pub async fn tell(&self, message: &Value) {
        let ask = Ask::new("POST", &self.path)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json");
        let answer = in_time(
            "a message to be taken",
            self.head(ask).body(message.to_string()).send(self.address),
        )
        .await
        .expect("an answer");
        assert_eq!(answer.status, 202, "{answer:?}");
    }

    fn head(&self, ask: Ask) -> Ask {
        let known = self.era == Era::Stateless || self.session.is_some();
        let ask = if known {
            ask.header("mcp-protocol-version", self.era.version())
        } else {
            ask
        };
        let ask = match &self.bearer {
            Some(bearer) => ask.header("authorization", &format!("Bearer {bearer}")),
            None => ask,
        };
        match &self.session {
            Some(session) => ask.header("mcp-session-id", session),
            None => ask,
        }
    }
}
