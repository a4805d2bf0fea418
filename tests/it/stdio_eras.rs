//! What differs between revisions on standard input and output: how a session begins, what each is told, and
//! that nothing is lost at its end. The official suite knows no such transport.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::wait::until;
use crate::support::{Crm, Era, Portcullis, Stdio, guests, list, text};
use portcullis_demo::espocrm::FULL_KEY;
use portcullis_demo::fault::Fault;

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

fn home(crm: &Crm) -> Portcullis {
    Portcullis::new()
        .config(EVERYTHING, &crm.url())
        .variable("CRM_KEY", FULL_KEY)
}

/// The conformance suite's fixture, which logs and says that lists changed.
fn fixture() -> Stdio {
    let config = "[server]\nplugins = \"plugins\"\n[connections.guest]\nplugin = \"conformance\"\nurl = \"URL\"\nprefix = \"\"\n";
    let home = Portcullis::new()
        .config(config, "http://127.0.0.1:9")
        .file("plugins/conformance.wasm", &guests::bytes("conformance"));
    let arguments = ["serve", "--stdio", "--conformance-fixture"];
    Stdio::spawn(home, &arguments, Era::Stateless)
}

#[tokio::test]
async fn an_answer_that_is_on_its_way_outlives_the_end_of_standard_input() {
    let crm = Crm::start().await;
    for era in Era::BOTH {
        let mut stdio = Stdio::start(home(&crm), &[], era).await;
        let before = crm.faults.applied();
        crm.faults.next(Fault::Slow(Duration::from_millis(300)));
        let arguments = json!({"entityType": "Account", "id": crm.first("Account")});
        let params = json!({"name": "crm_get", "arguments": arguments});
        let id = stdio.ask("tools/call", params).await;
        until("the CRM to be asked", async || {
            crm.faults.applied() > before
        })
        .await;
        stdio.hang_up();
        let answer = stdio.answer(id).await;
        assert_ne!(answer["result"]["isError"], true, "{era:?}: {answer}");
        assert_eq!(stdio.exit_code().await, Some(0), "{era:?}: {}", stdio.log());
    }
}

#[tokio::test]
async fn a_revision_that_nobody_speaks_is_answered_with_those_that_are_spoken() {
    let crm = Crm::start().await;
    let mut stdio = Stdio::spawn(home(&crm), &[], Era::Stateless);
    let mut message = Era::Stateless.message(7, "tools/list", json!({}));
    message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01".into();
    stdio.write(&message).await;
    let refused = stdio.answer(7).await;
    assert_eq!(refused["error"]["code"], -32022, "{refused}");
    let told = &refused["error"]["data"];
    assert_eq!(told["requested"], "2099-01-01", "{refused}");
    let supported = list(&told["supported"]);
    assert!(supported.contains(&json!("2026-07-28")), "{refused}");
}

#[tokio::test]
async fn the_oldest_handshake_is_answered_with_a_revision_that_is_spoken() {
    let crm = Crm::start().await;
    let mut stdio = Stdio::spawn(home(&crm), &[], Era::Handshake);
    let params = json!({
        "protocolVersion": "2024-11-05", "capabilities": {},
        "clientInfo": {"name": "old", "version": "1"},
    });
    let answer = stdio.request("initialize", params).await;
    let revision = text(&answer, "/result/protocolVersion");
    assert!(
        ["2025-03-26", "2025-06-18", "2025-11-25"].contains(&revision),
        "{answer}"
    );
}

#[tokio::test]
async fn a_client_that_asks_who_is_there_may_still_shake_hands() {
    let crm = Crm::start().await;
    let mut stdio = Stdio::spawn(home(&crm), &[], Era::Stateless);
    let told = stdio.request("server/discover", json!({})).await;
    assert!(told["result"]["supportedVersions"].is_array(), "{told}");
    stdio.era = Era::Handshake;
    let params = json!({
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "both", "version": "1"},
    });
    let answer = stdio.request("initialize", params).await;
    assert_eq!(
        answer["result"]["protocolVersion"], "2025-11-25",
        "{answer}"
    );
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    stdio.write(&initialized).await;
    let tools = stdio.request("tools/list", json!({})).await;
    assert!(tools["result"]["tools"].is_array(), "{tools}");
}

#[tokio::test]
async fn no_line_of_the_protocols_log_goes_to_a_client_that_wants_none() {
    let mut stdio = fixture();
    let call = |level: Option<&str>| {
        let mut params = json!({"name": "test_logging_tool", "arguments": {}});
        if let Some(level) = level {
            params["_meta"] = json!({"io.modelcontextprotocol/logLevel": level});
        }
        params
    };
    for (level, lines) in [(None, 0), (Some("error"), 0), (Some("info"), 3)] {
        let id = stdio.ask("tools/call", call(level)).await;
        let mut seen = 0;
        loop {
            let message = stdio.message().await.expect("a message");
            if message["id"] == id {
                break;
            }
            assert_eq!(message["method"], "notifications/message", "{message}");
            seen += 1;
        }
        assert_eq!(seen, lines, "{level:?}");
    }
}

#[tokio::test]
async fn a_change_right_after_a_subscription_is_never_lost() {
    let mut stdio = fixture();
    for round in 0..40 {
        let wanted = json!({"notifications": {"toolsListChanged": true}});
        let subscription = stdio.ask("subscriptions/listen", wanted).await;
        let trigger = json!({"name": "test_trigger_tool_change", "arguments": {}});
        stdio.ask("tools/call", trigger).await;
        let mine = |message: &Value| {
            message["method"] == "notifications/tools/list_changed"
                && message["params"]["_meta"][SUBSCRIPTION]
                    .to_string()
                    .trim_matches('"')
                    == subscription.to_string()
        };
        while !mine(
            &stdio
                .message()
                .await
                .unwrap_or_else(|| panic!("lost in round {round}")),
        ) {}
        let ended = json!({"requestId": subscription});
        let ended = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": ended});
        stdio.write(&ended).await;
    }
}

#[tokio::test]
async fn an_open_subscription_does_not_hold_up_the_end() {
    let mut stdio = fixture();
    let wanted = json!({"notifications": {"toolsListChanged": true}});
    stdio.ask("subscriptions/listen", wanted).await;
    let first = stdio.message().await.expect("a message");
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    let began = Instant::now();
    stdio.hang_up();
    assert_eq!(stdio.exit_code().await, Some(0), "{}", stdio.log());
    // A few milliseconds on a quiet machine; whoever waits for the stream needs five seconds.
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}
