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
    // The first answer cannot be written; nothing that is asked after it is done.
    stdio.ask("tools/list", json!({})).await;
    assert_eq!(stdio.exit_code().await, Some(0), "{}", stdio.log());
    assert!(!stdio.log().contains("panicked"), "{}", stdio.log());
    assert!(stdio.log().contains("reads no more"), "{}", stdio.log());
}

#[tokio::test]
async fn a_write_that_outlives_the_drain_time_may_have_happened() {
    let crm = Crm::start().await;
    let config = format!("{EVERYTHING}drain_ms = 300\n");
    crm.faults
        .on_body("Late Ltd", Fault::Slow(Duration::from_secs(600)));
    for http in [false, true] {
        let home = Portcullis::new()
            .config(&config, &crm.url())
            .variable("CRM_KEY", FULL_KEY);
        let arguments = json!({"entityType": "Account", "data": {"name": "Late Ltd"}});
        let created = json!({"name": "crm_create", "arguments": arguments});
        let asked = crm.faults.applied();
        let result = if http {
            let process = Stdio::spawn(home, &["serve", "--http", "127.0.0.1:0"], Era::Stateless);
            let address = process.listens().await;
            let client = HttpMcp::connect(address, Era::Stateless).await;
            let stop = async {
                until("the CRM to be asked", async || crm.faults.applied() > asked).await;
                process.terminate();
            };
            let (answer, ()) = tokio::join!(client.request("tools/call", created), stop);
            answer["result"].clone()
        } else {
            let mut stdio = Stdio::start(home, &[], Era::Handshake).await;
            let id = stdio.ask("tools/call", created).await;
            until("the CRM to be asked", async || crm.faults.applied() > asked).await;
            stdio.terminate();
            stdio.answer(id).await["result"].clone()
        };
        assert_eq!(result["isError"], true, "{result}");
        let said = text(&result, "/content/0/text");
        assert!(
            said.contains("may-have-happened") && said.contains("STOPPING"),
            "{said}"
        );
        assert!(said.contains("requests"), "{said}");
    }
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
    let client = HttpMcp::connect(process.listens().await, Era::Stateless).await;
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
    for line in ["{\"half\": ", "no json at all", "", "\u{0}"] {
        stdio.write_line(line).await;
    }
    for line in ["[]", "{}", r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#] {
        stdio.write_line(line).await;
        let answer = stdio.message().await.expect("an answer");
        assert_eq!(answer["error"]["code"], -32600, "{line}: {answer}");
    }
    let answer = stdio.request("tools/list", json!({})).await;
    assert!(answer["result"]["tools"].is_array(), "{answer}");
}

#[tokio::test]
async fn a_request_that_nests_too_deep_is_answered() {
    let crm = Crm::start().await;
    for era in Era::BOTH {
        let mut stdio = Stdio::start(home(&crm), &[], era).await;
        for levels in [98, 130, 5000] {
            let deep = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
            let message = era.message(
                900,
                "tools/call",
                json!({"name": "crm_search", "arguments": {"where": "DEEP"}}),
            );
            stdio
                .write_line(&message.to_string().replace("\"DEEP\"", &deep))
                .await;
            let answer = stdio.answer(900).await;
            assert_eq!(answer["error"]["code"], -32602, "{levels}: {answer}");
            assert!(
                text(&answer, "/error/message").contains("levels"),
                "{answer}"
            );
        }
        let answer = stdio.request("tools/list", json!({})).await;
        assert!(answer["result"]["tools"].is_array(), "{answer}");
    }
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_named() {
    let crm = Crm::start().await;
    for era in Era::BOTH {
        let mut stdio = Stdio::start(home(&crm), &[], era).await;
        for (params, told) in [
            (json!({"name": "crm_get", "arguments": [1]}), "`arguments`"),
            (json!({"name": "crm_get", "arguments": "x"}), "`arguments`"),
            (json!({"name": 5}), "`name`"),
            (json!({}), "tools/call"),
        ] {
            let answer = stdio.request("tools/call", params).await;
            assert_eq!(answer["error"]["code"], -32602, "{answer}");
            assert!(text(&answer, "/error/message").contains(told), "{answer}");
        }
    }
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
