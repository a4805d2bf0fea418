//! HTTP+SSE, the transport of 2024-11-05: messages go one way, answers come on a stream, and everything
//! that protects the newer transport protects this one.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::http::{Answer, Ask, Open};
use crate::support::person::{forms, yes};
use crate::support::wait::until;
use crate::support::{Crm, TestHost, in_time, text};

async fn started() -> (Crm, TestHost, SocketAddr) {
    let crm = Crm::start().await;
    let few = "[server]\nlegacy_sse = true\n[server.limits]\nsessions = 3";
    let config = EVERYTHING.replacen("[server.limits]", few, 1);
    let mut host = TestHost::with(&config, &crm.url()).await;
    let address = host.serve().await.address;
    (crm, host, address)
}

/// An open stream and where its messages go.
struct Session {
    address: SocketAddr,
    stream: Open,
    messages: String,
}

impl Session {
    async fn open(address: SocketAddr, path: &str) -> Self {
        let mut stream = opened(address, path).await;
        assert_eq!(stream.status, 200);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("x-accel-buffering", "no"),
        ] {
            let found = stream.headers.iter().find(|(header, _)| header == name);
            assert!(
                found.is_some_and(|(_, found)| found.contains(value)),
                "{name}"
            );
        }
        let (event, messages) = in_time("the first event", stream.named_event())
            .await
            .expect("it has one");
        assert_eq!(event, "endpoint");
        Self {
            address,
            stream,
            messages,
        }
    }

    /// Says hello in a revision; what the server says.
    async fn introduced(mut self, revision: &str, able: Value) -> (Self, Value) {
        let hello = json!({
            "protocolVersion": revision, "capabilities": able,
            "clientInfo": {"name": "test", "version": "1"},
        });
        let answer = self.request(1, "initialize", hello).await;
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.tell(&ready).await;
        (self, answer["result"].clone())
    }

    async fn tell(&self, message: &Value) {
        let answer = post(self.address, &self.messages, message).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    }

    async fn next(&mut self) -> Value {
        in_time("an event", self.stream.event())
            .await
            .expect("the stream is open")
    }

    async fn request(&mut self, id: u64, method: &str, params: Value) -> Value {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.tell(&message).await;
        loop {
            let answer = self.next().await;
            if answer["id"] == id {
                return answer;
            }
        }
    }
}

async fn opened(address: SocketAddr, path: &str) -> Open {
    let ask = Ask::new("GET", path).header("accept", "text/event-stream");
    in_time("a stream", ask.open(address))
        .await
        .expect("an answer")
}

async fn post(address: SocketAddr, path: &str, message: &Value) -> Answer {
    let ask = Ask::new("POST", path)
        .header("content-type", "application/json")
        .body(message.to_string());
    in_time("an answer", ask.send(address))
        .await
        .expect("an answer")
}

#[tokio::test]
async fn a_tool_is_called_in_every_revision_that_has_a_handshake() {
    let (crm, _host, address) = started().await;
    let lead = json!({"entityType": "Lead", "id": crm.first("Lead")});
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        for path in ["/sse", "/crm/sse"] {
            let session = Session::open(address, path).await;
            let (mut session, hello) = session.introduced(revision, json!({})).await;
            assert_eq!(hello["protocolVersion"], revision, "{hello}");
            let listed = session.request(2, "tools/list", json!({})).await;
            let tools = listed["result"]["tools"].as_array().map_or(0, Vec::len);
            assert!(tools > 5, "{listed}");
            let params = json!({"name": "crm_get", "arguments": lead});
            let got = session.request(3, "tools/call", params).await;
            let record = text(&got, "/result/content/0/text");
            assert!(record.contains(text(&lead, "/id")), "{got}");
        }
    }
}

#[tokio::test]
async fn the_newest_revision_is_not_spoken() {
    let (_crm, _host, address) = started().await;
    let session = Session::open(address, "/sse").await;
    let (_session, hello) = session.introduced("2026-07-28", json!({})).await;
    assert_eq!(hello["protocolVersion"], "2025-11-25", "{hello}");
    let mut session = Session::open(address, "/sse").await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let probe = session
        .request(1, "server/discover", json!({"_meta": meta}))
        .await;
    assert!(probe.get("result").is_none(), "{probe}");
}

#[tokio::test]
async fn the_user_is_asked_here_too() {
    let (crm, _host, address) = started().await;
    let session = Session::open(address, "/sse").await;
    let (mut session, _) = session.introduced("2025-11-25", forms()).await;
    let lead = json!({"entityType": "Lead", "id": crm.first("Lead")});
    let params = json!({"name": "crm_delete", "arguments": lead});
    let call = json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": params});
    session.tell(&call).await;
    let question = session.next().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let answer = json!({"jsonrpc": "2.0", "id": question["id"], "result": yes()});
    session.tell(&answer).await;
    let done = session.next().await;
    assert_eq!(
        done["result"]["structuredContent"]["deleted"], lead["id"],
        "{done}"
    );
}

#[tokio::test]
async fn it_is_off_unless_it_is_wanted() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    for path in ["/sse", "/crm/sse"] {
        assert_eq!(opened(address, path).await.status, 404, "{path}");
    }
    let answer = post(address, "/messages?sessionId=x", &json!({})).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn strangers_and_their_messages_are_refused() {
    let (_crm, _host, address) = started().await;
    let session = Session::open(address, "/sse").await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for elsewhere in [
        "/messages",
        "/messages?sessionId=guessed",
        "/messages?other=1",
    ] {
        let answer = post(address, elsewhere, &ping).await;
        assert_eq!(answer.status, 404, "{elsewhere}: {answer:?}");
    }
    // The same session, at another endpoint's path.
    let moved = format!("/crm{}", session.messages);
    assert_eq!(post(address, &moved, &ping).await.status, 404);
    let message = |body: &str| {
        Ask::new("POST", &session.messages)
            .header("content-type", "application/json")
            .body(body.to_owned())
    };
    for (ask, status) in [
        (message("{half"), 400),
        (message("[]"), 400),
        (
            message(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#),
            400,
        ),
        (message("{}").header("content-type", "text/plain"), 415),
        (message(&"x".repeat(5 << 20)), 413),
        (message("{}").header("host", "evil.example"), 403),
        (message("{}").header("origin", "https://evil.example"), 403),
    ] {
        let answer = ask.send(address).await.expect("an answer");
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let stranger = Ask::new("GET", "/sse").header("origin", "https://evil.example");
    assert_eq!(stranger.open(address).await.expect("an answer").status, 403);
    assert_eq!(opened(address, "/nobody/sse").await.status, 404);
}

#[tokio::test]
async fn there_is_an_end_to_streams_and_a_closed_one_makes_room() {
    let (_crm, _host, address) = started().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(Session::open(address, "/sse").await);
    }
    assert_eq!(opened(address, "/sse").await.status, 503);
    let gone = open.pop().expect("three are open");
    let messages = gone.messages.clone();
    drop(gone);
    until("room for another stream", async || {
        opened(address, "/sse").await.status == 200
    })
    .await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!(post(address, &messages, &ping).await.status, 404);
}

#[tokio::test]
async fn a_stop_ends_the_streams() {
    let crm = Crm::start().await;
    let old = "[server]\nlegacy_sse = true\n[server.limits]\ndrain_ms = 1000";
    let config = EVERYTHING.replacen("[server.limits]", old, 1);
    let mut host = TestHost::with(&config, &crm.url()).await;
    let served = host.serve().await;
    let session = Session::open(served.address, "/sse").await;
    let (mut session, _) = session.introduced("2024-11-05", json!({})).await;
    served.stop.cancel();
    assert!(in_time("the end", session.stream.event()).await.is_none());
    let ended = in_time("the host to stop", served.ended).await;
    assert!(ended.is_ok_and(|end| end.is_ok()));
}
