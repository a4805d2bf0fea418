//! Streamable HTTP as its clients meet it: who is answered at all, one endpoint per connection,
//! being told of changes, going away in the middle of a call, and stopping.

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::wait::until;
use crate::support::{Crm, Era, HttpMcp, TestHost, guests, in_time, list, text};
use portcullis_demo::fault::Fault;
use std::time::Duration;

#[tokio::test]
async fn only_known_hosts_and_origins_are_answered() {
    let crm = Crm::start().await;
    let config = format!(
        "{EVERYTHING}\n[server]\nallowed_hosts = [\"mcp.example.com\"]\nallowed_origins = [\"https://app.example.com\"]\n"
    );
    let mut host = TestHost::with(&config, &crm.url()).await;
    let served = host.serve().await;
    let client = HttpMcp::connect(served.address, Era::Stateless).await;
    for (header, value, status) in [
        ("host", "localhost", 200),
        ("host", "mcp.example.com", 200),
        ("host", "evil.example", 403),
        ("host", "127.0.0.1.evil.example", 403),
        ("origin", "http://localhost:3000", 200),
        ("origin", "https://app.example.com", 200),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
    ] {
        for (method, params) in [("tools/list", json!({})), ("tools/call", unheard_of())] {
            let ask = client.ask(method, params).header(header, value);
            let answer = in_time(value, ask.send(served.address))
                .await
                .expect("an answer");
            let what = format!("{method}, {header}: {value}: {}", answer.body);
            assert_eq!(answer.status, status, "{what}");
        }
    }
}

/// A call of no tool, which is an answer of its own.
fn unheard_of() -> Value {
    json!({"name": "crm_unheard_of"})
}

/// rmcp serves whatever names an origin; without one, the short way does.
#[tokio::test]
async fn the_short_way_answers_as_rmcp_does() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    let client = HttpMcp::connect(address, Era::Stateless).await;
    let account = json!({"entityType": "Account", "id": crm.first("Account")});
    for params in [
        json!({"name": "crm_get", "arguments": account}),
        json!({"name": "crm_get", "arguments": {"entityType": "Account", "id": "none"}}),
        json!({"name": "crm_get", "arguments": {"entityType": 7}}),
        json!({"name": "crm_get"}),
        unheard_of(),
    ] {
        let mut answers = Vec::new();
        for ask in [
            client.ask("tools/call", params.clone()),
            client
                .ask("tools/call", params.clone())
                .header("origin", "http://localhost"),
        ] {
            let answer = in_time("an answer", ask.send(address))
                .await
                .expect("an answer");
            let mut body = answer.json();
            body["id"] = json!(0);
            let kind = answer.header("content-type").map(str::to_owned);
            answers.push((answer.status, kind, body));
        }
        assert_eq!(answers[0], answers[1], "{params}");
    }
}

#[tokio::test]
async fn a_head_that_contradicts_its_body_is_refused() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    let client = HttpMcp::connect(address, Era::Stateless).await;
    let account = json!({"entityType": "Account", "id": crm.first("Account")});
    let call = json!({"name": "crm_get", "arguments": account});
    for (header, value, status) in [
        ("mcp-name", "crm_search", 400),
        ("mcp-method", "tools/list", 400),
        ("mcp-protocol-version", "2025-11-25", 400),
        ("content-type", "text/plain", 415),
        ("accept", "text/html", 406),
    ] {
        let ask = client.ask("tools/call", call.clone()).header(header, value);
        let answer = in_time(value, ask.send(address)).await.expect("an answer");
        assert_eq!(answer.status, status, "{header}: {value}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_handshake_says_who_answers_and_what_it_can() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Handshake).await;
    let answer = client
        .request("initialize", crate::support::mcp::initialize())
        .await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(answer["result"]["serverInfo"]["name"], "portcullis");
    assert_eq!(
        answer["result"]["capabilities"]["tools"]["listChanged"],
        true
    );
    assert!(text(&answer, "/result/instructions").contains("confirmation_token"));
}

#[tokio::test]
async fn a_stateless_client_discovers_every_revision_and_is_told_the_kind_of_each_result() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    let found = client.request("server/discover", json!({})).await;
    let versions = list(&found["result"]["supportedVersions"]);
    for version in ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"] {
        assert!(versions.contains(&json!(version)), "{found}");
    }
    let listed = client.request("tools/list", json!({})).await;
    assert_eq!(listed["result"]["resultType"], "complete");
    assert_eq!(listed["result"]["cacheScope"], "private");
    let id = crm.first("Account");
    let called = client
        .call("crm_get", json!({"entityType": "Account", "id": id}))
        .await;
    assert_eq!(called["resultType"], "complete");
}

#[tokio::test]
async fn an_unknown_revision_is_refused_with_the_known_ones() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    let client = HttpMcp::connect(address, Era::Stateless).await;
    let params = json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2031-01-01",
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params});
    let ask = crate::support::http::Ask::new("POST", "/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2031-01-01")
        .header("mcp-method", "tools/list")
        .body(message.to_string());
    let answer = in_time("an answer", ask.send(client.address))
        .await
        .expect("an answer");
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.json()["error"]["code"], -32022, "{}", answer.body);
}

const TWO: &str = r#"
[connections.one]
plugin = "espocrm"
url = "URL"
secrets.api_key = "env:CRM_KEY"
[connections.two]
plugin = "espocrm"
url = "URL"
secrets.api_key = "env:CRM_KEY"
"#;

#[tokio::test]
async fn an_endpoint_of_one_connection_has_its_tools_alone() {
    let crm = Crm::start().await;
    let mut host = TestHost::with(TWO, &crm.url()).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        let client = HttpMcp::connect_to(address, era, "/mcp/two").await;
        let listed = client.request("tools/list", json!({})).await;
        let tools = list(&listed["result"]["tools"]);
        assert!(
            !tools.is_empty()
                && tools
                    .iter()
                    .all(|tool| text(tool, "/name").starts_with("two_")),
            "{listed}"
        );
        let id = crm.first("Account");
        let arguments = json!({"entityType": "Account", "id": id});
        let own = client.call("two_get", arguments.clone()).await;
        assert_eq!(own["structuredContent"]["id"], json!(id), "{own}");
        let other = client
            .request(
                "tools/call",
                json!({"name": "one_get", "arguments": arguments}),
            )
            .await;
        assert_eq!(other["error"]["code"], -32602, "{other}");
    }
}

#[tokio::test]
async fn five_megabytes_of_arguments_are_refused_before_anything_is_done() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        let arguments = json!({"entityType": "Lead", "data": {"description": "x".repeat(5 << 20)}});
        let answer = client
            .send(
                "tools/call",
                json!({"name": "crm_create", "arguments": arguments}),
            )
            .await;
        assert_eq!(answer.status, 413, "{}", answer.body);
    }
    assert!(crm.memory.requests().is_empty());
}

/// A connection that waits for the plugin of the test's file.
fn waiting() -> String {
    format!(
        "{}\n[server]\nplugins = \"PLUGINS\"\n",
        crate::support::host::guest_connection("notebook", "")
    )
}

async fn drop_in_the_good_one(host: &TestHost) {
    std::fs::write(
        host.plugins().join("notebook.wasm"),
        guests::bytes("good_one"),
    )
    .expect("the folder is ours");
}

#[tokio::test]
async fn a_session_is_told_when_the_list_changed() {
    let mut host = TestHost::with(&waiting(), "http://127.0.0.1:9").await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Handshake).await;
    let mut stream = client.session_stream().await;
    drop_in_the_good_one(&host).await;
    let told = in_time("list_changed", stream.event())
        .await
        .expect("a message");
    assert_eq!(told["method"], "notifications/tools/list_changed", "{told}");
    let listed = client.request("tools/list", json!({})).await;
    assert_eq!(
        listed["result"]["tools"][0]["name"], "guest_say",
        "{listed}"
    );
}

#[tokio::test]
async fn a_subscriber_is_told_when_the_list_changed() {
    let mut host = TestHost::with(&waiting(), "http://127.0.0.1:9").await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    let mut stream = client
        .open(
            "subscriptions/listen",
            json!({"notifications": {"toolsListChanged": true}}),
        )
        .await;
    let first = in_time("the acknowledgement", stream.event())
        .await
        .expect("a message");
    assert_eq!(
        first["method"], "notifications/subscriptions/acknowledged",
        "{first}"
    );
    drop_in_the_good_one(&host).await;
    let told = in_time("list_changed", stream.event())
        .await
        .expect("a message");
    assert_eq!(told["method"], "notifications/tools/list_changed", "{told}");
    assert!(
        told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"].is_number(),
        "{told}"
    );
}

/// One call at a time, with far more time than the test has: the second can only run when the
/// first is gone.
const ONE_AT_A_TIME: &str = r#"
[connections.crm]
plugin = "espocrm"
url = "URL"
secrets.api_key = "env:CRM_KEY"
limits.concurrent_calls = 1
limits.timeout_ms = 600000
"#;

#[tokio::test]
async fn a_client_that_goes_away_takes_its_call_with_it() {
    let crm = Crm::start().await;
    let mut host = TestHost::with(ONE_AT_A_TIME, &crm.url()).await;
    let address = host.serve().await.address;
    crm.faults.next(Fault::Slow(Duration::from_secs(600)));
    let arguments = json!({"entityType": "Account", "id": crm.first("Account")});
    let client = HttpMcp::connect(address, Era::Stateless).await;
    let ask = client.ask(
        "tools/call",
        json!({"name": "crm_get", "arguments": arguments}),
    );
    let slow = async { ask.send(address).await.map(drop) };
    tokio::select! {
        _ = slow => panic!("the CRM does not answer"),
        () = until("the CRM to be asked", async || crm.faults.applied() > 0) => {}
    }
    let next = in_time("the next call", client.call("crm_get", arguments)).await;
    assert_ne!(next["isError"], true, "{next}");
}

#[tokio::test]
async fn a_stop_lets_the_running_call_finish_and_takes_no_new_one() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let served = host.serve().await;
    crm.faults.next(Fault::Slow(Duration::from_millis(500)));
    let client = HttpMcp::connect(served.address, Era::Stateless).await;
    let call = client.call(
        "crm_get",
        json!({"entityType": "Account", "id": crm.first("Account")}),
    );
    let stop = async {
        until("the CRM to be asked", async || crm.faults.applied() > 0).await;
        served.stop.cancel();
    };
    let (answer, ()) = tokio::join!(call, stop);
    assert_ne!(answer["isError"], true, "{answer}");
    let ended = in_time("the server to end", served.ended)
        .await
        .expect("it says how it ended");
    assert!(ended.is_ok(), "{ended:?}");
    let late = client
        .ask("tools/list", Value::default())
        .send(served.address)
        .await;
    assert!(late.is_err(), "nobody listens any more");
}
