//! The circuit breaker over a CRM that fails in its own way: 500 with an empty body is its answer to
//! many mistakes of a caller, so only what no caller can cause counts.

use serde_json::{Value, json};

use super::{done, of, refused};
use crate::support::suite::OVER_V4;
use crate::support::{Suite, TestHost, text};
use portcullis_demo::fault::Fault;

/// Opens after three faults and stays open.
async fn guarded(suite: &Suite) -> TestHost {
    let config =
        format!("{OVER_V4}limits.breaker_threshold = 3\nlimits.breaker_reset_ms = 600000\n");
    TestHost::with(&config, &suite.url()).await
}

async fn state(host: &TestHost) -> Value {
    let info = done(host, "suite_server_info", json!({})).await;
    info["circuit_breaker"].clone()
}

#[tokio::test]
async fn a_callers_mistakes_never_open_it() {
    let suite = Suite::start().await;
    let host = guarded(&suite).await;
    let account = suite.first("Accounts");
    for _ in 0..3 {
        for (tool, arguments) in [
            ("suite_get", of("Accounts", "no-such-record")),
            ("suite_get", of("Nonsense", "1")),
            (
                "suite_update",
                json!({"module": "Accounts", "id": "no-such-record", "fields": {"name": "A"}}),
            ),
            (
                "suite_get_relationships",
                json!({"module": "Accounts", "id": account, "link_field": "nothing"}),
            ),
            (
                "suite_search",
                json!({"module": "Accounts", "query": "name = ("}),
            ),
            (
                "suite_search",
                json!({"module": "Accounts", "query": "name = 'select from union'"}),
            ),
        ] {
            // Whether it is refused or finds nothing is another test's concern.
            host.call(tool, arguments).await.ok();
        }
    }
    suite.faults.times(6, Fault::Empty(500));
    for _ in 0..6 {
        host.call("suite_get", of("Accounts", &account)).await.ok();
    }
    assert_eq!(
        state(&host).await,
        json!({"state": "closed", "failures": 0})
    );
    done(&host, "suite_get", of("Accounts", &account)).await;
}

#[tokio::test]
async fn faults_of_the_connection_open_it_and_every_refusal_says_so() {
    let suite = Suite::start().await;
    let host = guarded(&suite).await;
    let account = of("Accounts", &suite.first("Accounts"));
    done(&host, "suite_get", account.clone()).await;
    assert_eq!(
        state(&host).await,
        json!({"state": "closed", "failures": 0})
    );
    suite.faults.on_body("method=get_entry&", Fault::CutMidBody);
    suite
        .faults
        .on_body("method=get_user_id&", Fault::CutMidBody);
    let mut sent = 0;
    let error = loop {
        let error = refused(&host, "suite_get", account.clone()).await;
        assert_eq!(error["outcome"], "not-done", "{error}");
        if error.to_string().contains("circuit") {
            break error;
        }
        sent += 1;
        assert!(sent < 10, "it never opens: {error}");
    };
    assert_eq!(error["retryable"], true, "{error}");
    assert!(
        error["retry_after_ms"].is_number() || error["retry_after_s"].is_number(),
        "{error}"
    );
    suite.faults.clear();
    suite.memory.forget_requests();
    for (tool, arguments) in [
        ("suite_get", account),
        (
            "suite_create",
            json!({"module": "Accounts", "fields": {"name": "A"}}),
        ),
        ("suite_list_modules", json!({})),
    ] {
        let error = refused(&host, tool, arguments).await;
        assert!(
            text(&error, "/message").contains("circuit"),
            "{tool}: {error}"
        );
        assert_eq!(error["outcome"], "not-done", "{tool}: {error}");
    }
    assert!(suite.memory.requests().is_empty(), "nothing is sent");
    let info = done(&host, "suite_server_info", json!({})).await;
    assert_eq!(info["circuit_breaker"]["state"], "open", "{info}");
}

#[tokio::test]
async fn one_request_after_the_reset_time_closes_it() {
    let suite = Suite::start().await;
    let config = format!("{OVER_V4}limits.breaker_threshold = 3\nlimits.breaker_reset_ms = 1000\n");
    let host = TestHost::with(&config, &suite.url()).await;
    let account = of("Accounts", &suite.first("Accounts"));
    done(&host, "suite_get", account.clone()).await;
    suite.faults.on_body("method=get_entry&", Fault::CutMidBody);
    for _ in 0..4 {
        refused(&host, "suite_get", account.clone()).await;
    }
    suite.faults.clear();
    crate::support::wait::until("the circuit to close", async || {
        host.call("suite_get", account.clone()).await.is_ok()
    })
    .await;
    assert_eq!(
        state(&host).await,
        json!({"state": "closed", "failures": 0})
    );
}
