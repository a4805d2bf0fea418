//! The session on standard input and output: how it ends, what it survives, and that nothing but
//! messages ever stands on standard output.

use std::time::Duration;

use serde_json::json;

use crate::support::host::EVERYTHING;
use crate::support::wait::until;
use crate::support::{Crm, Era, HttpMcp, Portcullis, Stdio, guests, text};
use portcullis_demo::espocrm::FULL_KEY;
use portcullis_demo::fault::Fault;

fn home(crm: &Crm) -> Portcullis {
    Portcullis::new()
        .config(EVERYTHING, &crm.url())
        .variable("CRM_KEY", FULL_KEY)
}

/// A call that the CRM answers late, running.
async fn slow_call(crm: &Crm, stdio: &mut Stdio, delay: Duration) -> u64 {
    crm.faults.next(Fault::Slow(delay));
    let arguments = json!({"entityType": "Account", "id": crm.first("Account")});
    let id = stdio
        .ask(
            "tools/call",
            json!({"name": "crm_get", "arguments": arguments}),
        )
        .await;
    until("the CRM to be asked", async || crm.faults.applied() > 0).await;
    id
}

#[tokio::test]
async fn the_end_of_standard_input_ends_the_process() {
    let crm = Crm::start().await;
    for era in Era::BOTH {
        let mut stdio = Stdio::start(home(&crm), &[], era).await;
        stdio.request("tools/list", json!({})).await;
        stdio.hang_up();
        assert_eq!(stdio.exit_code().await, Some(0), "{era:?}: {}", stdio.log());
    }
}

#[tokio::test]
async fn a_call_is_one_line_in_the_log_and_the_protocol_is_none() {
    let crm = Crm::start().await;
    let account = json!({"entityType": "Account", "id": crm.first("Account")});
    let mut stdio = Stdio::start(home(&crm), &[], Era::Handshake).await;
    let call = json!({"name": "crm_get", "arguments": account});
    stdio.request("tools/call", call).await;
    stdio.hang_up();
    assert_eq!(stdio.exit_code().await, Some(0), "{}", stdio.log());
    stdio.logs("tool=get").await;
    let log = stdio.log();
    let about_the_call = log.lines().filter(|line| line.contains("tool=get"));
    assert_eq!(about_the_call.count(), 1, "{log}");
    assert!(
        !log.contains("peer_info") && !log.contains("serve_inner"),
        "{log}"
    );
}

#[tokio::test]
async fn standard_input_that_ends_at_once_is_no_crash() {
    let crm = Crm::start().await;
    let ran = home(&crm).run(&["serve", "--stdio"]).await;
    assert!(
        ran.out.is_empty() && !ran.err.contains("panicked"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn a_client_that_reads_no_more_ends_the_process() {
    let crm = Crm::start().await;
    let mut stdio = Stdio::start(home(&crm), &[], Era::Handshake).await;
    stdio.stop_reading();
    for _ in 0..3 {
        stdio.ask("tools/list", json!({})).await;
    }
    stdio.hang_up();
    stdio.exit_code().await;
    assert!(!stdio.log().contains("panicked"), "{}", stdio.log());
}

#[tokio::test]
async fn a_supervisor_that_terminates_it_lets_the_running_call_finish() {
    let crm = Crm::start().await;
    let mut stdio = Stdio::start(home(&crm), &[], Era::Handshake).await;
    let id = slow_call(&crm, &mut stdio, Duration::from_millis(500)).await;
    stdio.terminate();
    let answer = stdio.answer(id).await;
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    assert_eq!(stdio.exit_code().await, Some(0), "{}", stdio.log());
}

#[tokio::test]
async fn a_supervisor_that_terminates_the_listener_lets_the_running_call_finish() {
    let crm = Crm::start().await;
    let mut process = Stdio::spawn(
        home(&crm),
        &["serve", "--http", "127.0.0.1:0"],
        Era::Stateless,
    );
    process.logs("listening on http://").await;
    let log = process.log();
    let address = log
        .split("listening on http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .expect("an address");
    let client = HttpMcp::connect(address.parse().expect("an address"), Era::Stateless).await;
    crm.faults.next(Fault::Slow(Duration::from_millis(500)));
    let call = client.call(
        "crm_get",
        json!({"entityType": "Account", "id": crm.first("Account")}),
    );
    let stop = async {
        until("the CRM to be asked", async || crm.faults.applied() > 0).await;
        process.terminate();
    };
    let (answer, ()) = tokio::join!(call, stop);
    assert_ne!(answer["isError"], true, "{answer}");
    assert_eq!(process.exit_code().await, Some(0), "{}", process.log());
}

#[tokio::test]
async fn a_cancelled_call_is_dropped_and_never_answered() {
    let crm = Crm::start().await;
    for era in Era::BOTH {
        let mut stdio = Stdio::start(home(&crm), &[], era).await;
        let before = crm.faults.applied();
        crm.faults.next(Fault::Slow(Duration::from_secs(600)));
        let arguments = json!({"entityType": "Account", "id": crm.first("Account")});
        let id = stdio
            .ask(
                "tools/call",
                json!({"name": "crm_get", "arguments": arguments}),
            )
            .await;
        until("the CRM to be asked", async || {
            crm.faults.applied() > before
        })
        .await;
        stdio.write(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}})).await;
        stdio.logs("outcome=\"cancelled\"").await;
        let next = stdio.ask("tools/list", json!({})).await;
        let answer = stdio.message().await.expect("an answer");
        assert_eq!(
            answer["id"], next,
            "{era:?}: nothing is said of the cancelled call: {answer}"
        );
    }
}

#[tokio::test]
async fn lines_that_are_no_messages_do_not_end_the_session() {
    let crm = Crm::start().await;
    let mut stdio = Stdio::start(home(&crm), &[], Era::Handshake).await;
    for line in ["{\"half\": ", "no json at all", "", "[]", "{}", "\u{0}"] {
        stdio.write_line(line).await;
    }
    let answer = stdio.request("tools/list", json!({})).await;
    assert!(answer["result"]["tools"].is_array(), "{answer}");
}

#[tokio::test]
async fn a_notification_before_anything_else_does_not_end_the_session() {
    let crm = Crm::start().await;
    let mut stdio = Stdio::spawn(home(&crm), &[], Era::Stateless);
    stdio.write(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})).await;
    let answer = stdio.request("tools/list", json!({})).await;
    assert!(answer["result"]["tools"].is_array(), "{answer}");
}

#[tokio::test]
async fn five_megabytes_of_arguments_are_refused_by_name_of_the_limit() {
    let crm = Crm::start().await;
    let mut stdio = Stdio::start(home(&crm), &[], Era::Handshake).await;
    let arguments = json!({"entityType": "Lead", "data": {"description": "x".repeat(5 << 20)}});
    let result = stdio.call("crm_create", arguments).await;
    assert_eq!(result["isError"], true, "{result}");
    assert!(
        text(&result, "/content/0/text").contains("server.limits.request_bytes"),
        "{result}"
    );
    assert!(crm.memory.requests().is_empty());
}

#[tokio::test]
async fn both_eras_are_told_when_the_list_changed() {
    for era in Era::BOTH {
        let config = format!(
            "{}\n[server]\nplugins = \"plugins\"\n",
            crate::support::host::guest_connection("notebook", "")
        );
        let home = Portcullis::new()
            .config(&config, "http://127.0.0.1:9")
            .file("plugins/readme", b"")
            .variable("CRM_KEY", FULL_KEY);
        let file = home.folder.path().join("plugins/notebook.wasm");
        let mut stdio = Stdio::start(home, &[], era).await;
        if era == Era::Stateless {
            stdio
                .ask(
                    "subscriptions/listen",
                    json!({"notifications": {"toolsListChanged": true}}),
                )
                .await;
            let first = stdio.message().await.expect("a message");
            assert_eq!(
                first["method"], "notifications/subscriptions/acknowledged",
                "{first}"
            );
        } else {
            stdio.request("ping", json!({})).await;
        }
        std::fs::write(&file, guests::bytes("good_one")).expect("the folder is ours");
        let told = stdio.message().await.expect("a message");
        assert_eq!(
            told["method"], "notifications/tools/list_changed",
            "{era:?}: {told}"
        );
        stdio.hang_up();
        assert_eq!(
            stdio.exit_code().await,
            Some(0),
            "{era:?}: an open subscription does not keep it"
        );
    }
}
