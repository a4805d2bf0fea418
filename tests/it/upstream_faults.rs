//! A CRM that fails in every way that servers fail: what a model is told, whether it may try again,
//! and that a change whose answer was lost is never called undone.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::{Crm, Stub, TestHost, text};
use portcullis_demo::fault::Fault;

/// Too little time for a second try, so that no test waits for one.
fn hasty() -> String {
    EVERYTHING.replace("allow =", "limits.timeout_ms = 1500\nallow =")
}

/// The errors of a read and of a create that meet a fault on the record itself.
async fn both(fault: Fault) -> (Value, Value) {
    let crm = Crm::start().await;
    let id = crm.first("Lead");
    let host = TestHost::with(&hasty(), &crm.url()).await;
    host.call("crm_get_schema", json!({"entityType": "Lead"}))
        .await
        .expect("metadata is fine");
    crm.faults.on("/Lead", fault);
    let read = host
        .call("crm_get", json!({"entityType": "Lead", "id": id}))
        .await
        .expect_err("a fault");
    let lead = json!({"entityType": "Lead", "data": {"lastName": "Faulty", "emailAddress": "f@example.com"}});
    let created = host.call("crm_create", lead).await.expect_err("a fault");
    (read["error"].clone(), created["error"].clone())
}

/// One row: the fault, the read's code and whether it may be repeated, the create's outcome.
struct Row(&'static str, Fault, &'static str, bool, &'static str);

async fn check(row: Row) {
    let Row(name, fault, code, retryable, outcome) = row;
    let (read, created) = both(fault).await;
    assert_eq!(
        (text(&read, "/code"), &read["retryable"]),
        (code, &json!(retryable)),
        "{name}: {read}"
    );
    assert_eq!(read["outcome"], "not-done", "{name}: {read}");
    assert_eq!(created["outcome"], outcome, "{name}: {created}");
    if outcome == "may-have-happened" {
        assert_eq!(created["retryable"], false, "{name}: {created}");
    }
    for error in [&read, &created] {
        assert_ne!(error["code"], "PLUGIN_FAILED", "{name}: {error}");
        assert!(text(error, "/message").len() < 500, "{name}: {error}");
    }
}

#[tokio::test]
async fn a_read_says_what_happened_and_a_create_whether_it_may_have() {
    let (open, shut) = ("may-have-happened", "not-done");
    for row in [
        Row(
            "slow",
            Fault::Slow(Duration::from_secs(600)),
            "UPSTREAM_TIMEOUT",
            true,
            open,
        ),
        Row("page", Fault::Html(200), "UPSTREAM_ERROR", false, open),
        Row(
            "page of a gateway",
            Fault::Html(502),
            "UPSTREAM_ERROR",
            true,
            open,
        ),
        Row("empty 500", Fault::Empty(500), "UPSTREAM_ERROR", true, open),
        Row("429", Fault::too_many(), "RATE_LIMITED", true, shut),
        Row(
            "429 with a time",
            Fault::too_many_until("7"),
            "RATE_LIMITED",
            true,
            shut,
        ),
        Row("bad json", Fault::BadJson, "UPSTREAM_ERROR", false, open),
        Row("cut", Fault::CutMidBody, "UPSTREAM_ERROR", true, open),
        Row(
            "dropped",
            Fault::DropAfterRequest,
            "UPSTREAM_ERROR",
            true,
            open,
        ),
        Row("100 MB", Fault::Huge(100 << 20), "TOO_LARGE", false, open),
        Row("a bomb", Fault::Bomb(200 << 20), "TOO_LARGE", false, open),
    ] {
        check(row).await;
    }
}

#[tokio::test]
async fn a_429_passes_on_how_long_to_wait() {
    let (read, _) = both(Fault::too_many_until("7")).await;
    assert_eq!(read["retry_after_ms"], 7000, "{read}");
}

#[tokio::test]
async fn a_crm_that_is_down_is_said_to_be_unavailable() {
    let gone = Crm::start().await.url();
    let host = TestHost::with(&hasty(), &gone).await;
    let read = host
        .call("crm_get", json!({"entityType": "Lead", "id": "1"}))
        .await
        .expect_err("nobody listens");
    assert_eq!(
        (text(&read, "/error/kind"), &read["error"]["retryable"]),
        ("unavailable", &json!(true)),
        "{read}"
    );
    let lead = json!({"entityType": "Lead", "data": {"lastName": "Faulty"}});
    let created = host
        .call("crm_create", lead)
        .await
        .expect_err("nobody listens");
    assert_eq!(created["error"]["outcome"], "not-done", "{created}");
}

#[tokio::test]
async fn a_passing_fault_of_a_read_is_not_even_noticed() {
    let crm = Crm::start().await;
    let host = TestHost::over(&crm).await;
    let arguments = json!({"entityType": "Account", "id": crm.first("Account")});
    for fault in [
        Fault::too_many_until("0"),
        Fault::Html(503),
        Fault::CutMidBody,
    ] {
        crm.faults.next(fault.clone());
        let read = host.call("crm_get", arguments.clone()).await;
        assert!(read.is_ok(), "{fault:?}: {read:?}");
    }
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_sent_once_and_lists_the_request() {
    let crm = Crm::start().await;
    let host = TestHost::with(&hasty(), &crm.url()).await;
    let before = crm.memory.count("Lead");
    crm.faults.on("/Lead", Fault::DropAfterRequest);
    let lead = json!({"entityType": "Lead", "data": {"lastName": "Lost"}});
    let error = host.call("crm_create", lead).await.expect_err("no answer")["error"].clone();
    assert_eq!(error["outcome"], "may-have-happened", "{error}");
    assert_eq!(crm.memory.count("Lead"), before + 1, "it happened, once");
    assert_eq!(error["details"]["requests"][0]["path"], "Lead", "{error}");
    assert_eq!(
        error["details"]["requests"][0]["status"],
        Value::Null,
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Stub::ok().await;
    let (read, created) = both(Fault::Redirect(elsewhere.url())).await;
    assert!(
        elsewhere.seen().is_empty(),
        "nobody else sees the request or the key"
    );
    for error in [read, created] {
        assert!(text(&error, "/message").contains("302"), "{error}");
        assert!(!error.to_string().contains(&elsewhere.url()), "{error}");
    }
}
