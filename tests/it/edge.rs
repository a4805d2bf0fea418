//! What a client meets before MCP: bodies that are no messages, media types, browsers, and the
//! revisions' different ways to say the same.

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::http::{Answer, Ask};
use crate::support::{Crm, Era, HttpMcp, TestHost, in_time, list};

fn post(body: &str) -> Ask {
    Ask::new("POST", "/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(body)
}

async fn sent(ask: Ask, to: std::net::SocketAddr) -> Answer {
    in_time("an answer", ask.send(to)).await.expect("an answer")
}

#[tokio::test]
async fn a_body_that_is_no_message_gets_an_error_of_json_rpc() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    for (body, code) in [
        ("", -32700),
        ("hello", -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list""#, -32700),
        ("[]", -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32600),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}"#,
            -32602,
        ),
    ] {
        let answer = sent(post(body), address).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        assert_eq!(answer.json()["error"]["code"], code, "{body}");
        assert_eq!(answer.json()["jsonrpc"], "2.0", "{body}");
    }
    let plain = post("{}").header("content-type", "text/plain");
    let answer = sent(plain, address).await;
    assert_eq!(
        (answer.status, answer.json()["error"]["code"].as_i64()),
        (415, Some(-32600))
    );
}

#[tokio::test]
async fn a_method_that_is_served_is_not_called_unknown() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    let stateless = HttpMcp::connect(address, Era::Stateless).await;
    let handshake = HttpMcp::connect(address, Era::Handshake).await;
    for (method, params, code) in [
        ("tools/call", json!({}), -32602),
        (
            "tools/call",
            json!({"name": "crm_get", "arguments": [1]}),
            -32602,
        ),
        ("tools/list", json!({"cursor": 5}), -32602),
        ("subscriptions/listen", json!({"notifications": 5}), -32602),
        ("initialize", json!({}), -32601),
        ("ping", json!({}), -32601),
        ("logging/setLevel", json!({"level": 5}), -32601),
        ("resources/subscribe", json!({}), -32601),
        ("unheard/of", json!({}), -32601),
    ] {
        let answer = stateless.send(method, params).await;
        assert_eq!(
            answer.json()["error"]["code"],
            code,
            "{method}: {}",
            answer.body
        );
        if code == -32601 {
            assert_eq!(answer.status, 404, "{method}: {}", answer.body);
        }
    }
    for (method, params, code) in [
        (
            "tools/call",
            json!({"name": "crm_get", "arguments": [1]}),
            Some(-32602),
        ),
        (
            "subscriptions/listen",
            json!({"notifications": {}}),
            Some(-32601),
        ),
        ("ping", json!({}), None),
    ] {
        let answer = handshake.request(method, params).await;
        assert_eq!(answer["error"]["code"].as_i64(), code, "{method}: {answer}");
    }
}

#[tokio::test]
async fn clients_may_take_anything_that_holds_json() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        for (accept, status) in [
            ("*/*", 200),
            ("application/*", 200),
            ("application/json", 200),
            ("text/html", 406),
        ] {
            let ask = client.ask("tools/list", json!({})).header("accept", accept);
            let answer = sent(ask, address).await;
            assert_eq!(answer.status, status, "{accept}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_session_ends_with_no_content() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    let client = HttpMcp::connect(address, Era::Handshake).await;
    let session = client.session.clone().expect("a session");
    let end = || Ask::new("DELETE", "/mcp").header("mcp-session-id", &session);
    assert_eq!(sent(end(), address).await.status, 204);
    let answer = client.send("tools/list", json!({})).await;
    assert_eq!(answer.status, 404, "{}", answer.body);
}

#[tokio::test]
async fn pages_of_allowed_origins_are_clients_too() {
    let crm = Crm::start().await;
    let config =
        format!("{EVERYTHING}\n[server]\nallowed_origins = [\"https://app.example.com\"]\n");
    let mut host = TestHost::with(&config, &crm.url()).await;
    let address = host.serve().await.address;
    let client = HttpMcp::connect(address, Era::Stateless).await;
    for (origin, allowed) in [
        ("https://app.example.com", true),
        ("http://localhost:6274", true),
        ("https://evil.example", false),
    ] {
        let preflight = Ask::new("OPTIONS", "/mcp")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization, mcp-param-id",
            );
        let answer = sent(preflight, address).await;
        let told = answer.header("access-control-allow-origin");
        assert_eq!(told, allowed.then_some(origin), "{answer:?}");
        let headers = answer.header("access-control-allow-headers");
        assert_eq!(headers, Some("authorization, mcp-param-id"), "{answer:?}");
        let ask = client.ask("tools/list", json!({})).header("origin", origin);
        let answer = sent(ask, address).await;
        assert_eq!(answer.status, if allowed { 200 } else { 403 });
        if allowed {
            let readable = answer
                .header("access-control-expose-headers")
                .unwrap_or_default();
            assert!(readable.contains("mcp-session-id"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn every_result_of_the_stateless_era_says_who_answered() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    let account = json!({"entityType": "Account", "id": crm.first("Account")});
    for (era, told) in [(Era::Stateless, true), (Era::Handshake, false)] {
        let client = HttpMcp::connect(address, era).await;
        for (method, params) in [
            ("tools/list", json!({})),
            (
                "tools/call",
                json!({"name": "crm_get", "arguments": account}),
            ),
            ("tools/call", json!({"name": "crm_get", "arguments": {}})),
        ] {
            let answer = client.request(method, params).await;
            let info = &answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
            assert_eq!(info["name"] == "portcullis", told, "{answer}");
        }
    }
}

#[tokio::test]
async fn the_oldest_revision_is_told_in_text_alone() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    let mut open = crate::support::mcp::initialize();
    open["protocolVersion"] = json!("2025-03-26");
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": open});
    let opened = sent(post(&message.to_string()), address).await;
    assert_eq!(
        opened.json()["result"]["protocolVersion"],
        "2025-03-26",
        "{opened:?}"
    );
    let session = opened
        .header("mcp-session-id")
        .expect("a session")
        .to_owned();
    let ask = async |id: u64, method: &str, params: Value| {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let answer = sent(
            post(&message.to_string()).header("mcp-session-id", &session),
            address,
        )
        .await;
        answer.json()
    };
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let noted = post(&initialized.to_string()).header("mcp-session-id", &session);
    assert_eq!(sent(noted, address).await.status, 202);
    let listed = ask(2, "tools/list", json!({})).await;
    for tool in list(&listed["result"]["tools"]) {
        assert!(tool.get("outputSchema").is_none(), "{tool}");
    }
    let account = json!({"entityType": "Account", "id": crm.first("Account")});
    let called = ask(
        3,
        "tools/call",
        json!({"name": "crm_get", "arguments": account}),
    )
    .await;
    assert!(
        called["result"].get("structuredContent").is_none(),
        "{called}"
    );
    let said = called["result"]["content"][0]["text"]
        .as_str()
        .expect("text");
    let said: Value = serde_json::from_str(said).expect("JSON as text");
    assert_eq!(said["id"], json!(crm.first("Account")));
}

#[tokio::test]
async fn there_is_an_end_to_how_many_wait_for_changes() {
    let crm = Crm::start().await;
    let config = format!("{EVERYTHING}streams = 1\n");
    let mut host = TestHost::with(&config, &crm.url()).await;
    let address = host.serve().await.address;
    let client = HttpMcp::connect(address, Era::Stateless).await;
    let wanted = json!({"notifications": {"toolsListChanged": true}});
    let mut first = client.open("subscriptions/listen", wanted.clone()).await;
    in_time("the acknowledgement", first.event())
        .await
        .expect("a message");
    let mut second = client.open("subscriptions/listen", wanted.clone()).await;
    let refused = loop {
        let event = in_time("a refusal", second.event())
            .await
            .expect("a message");
        if event.get("error").is_some() {
            break event;
        }
    };
    assert!(
        refused["error"]["message"]
            .as_str()
            .is_some_and(|told| told.contains("too many")),
        "{refused}"
    );
    // Its place is free as soon as the first is gone.
    drop(first);
    crate::support::wait::until("a free place", async || {
        let mut next = client.open("subscriptions/listen", wanted.clone()).await;
        let acknowledged = next.event().await.is_some();
        let second =
            tokio::time::timeout(std::time::Duration::from_millis(300), next.event()).await;
        acknowledged && second.is_err()
    })
    .await;
}
