//! One hostile guest per test: what it tries ends where the limit is, says which, costs nobody else
//! anything, and never tells a caller more than that the plugin failed.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::crm::ODD_KEY;
use crate::support::host::guest_connection;
use crate::support::{Stub, TestHost, guests, list, text};
use portcullis_demo::espocrm::FULL_KEY;
use std::sync::Arc;

const NOWHERE: &str = "http://127.0.0.1:9";

/// The error of the guest's one tool.
async fn error_of(guest: &str, limits: &str) -> Value {
    let host = TestHost::guest(guest, limits, NOWHERE).await;
    host.call("guest_say", json!({}))
        .await
        .expect_err("it sins")
}

/// A failure of the plugin: the caller sees that, the call's id, and nothing else.
fn assert_plain(answer: &Value) {
    let error = &answer["error"];
    assert_eq!(
        (text(error, "/code"), text(error, "/message")),
        ("PLUGIN_FAILED", "the plugin failed"),
        "{answer}"
    );
    assert_eq!(error["outcome"], "not-done", "{answer}");
    assert!(text(answer, "/call_id").len() >= 8, "{answer}");
}

fn assert_names(answer: &Value, limit: &str) {
    assert_eq!(answer["error"]["code"], "PLUGIN_LIMIT", "{answer}");
    assert!(text(answer, "/error/message").contains(limit), "{answer}");
}

#[tokio::test]
async fn spin_ends_with_its_computing_time() {
    assert_names(
        &error_of("spin", "limits.cpu_ms = 50").await,
        "limits.cpu_ms",
    );
}

#[tokio::test]
async fn spin_ends_with_the_time_of_its_call_when_that_is_shorter() {
    let answer = error_of("spin", "limits.cpu_ms = 60000\nlimits.timeout_ms = 200").await;
    assert_eq!(answer["error"]["code"], "TIMEOUT", "{answer}");
    assert!(
        text(&answer, "/error/message").contains("limits.timeout_ms"),
        "{answer}"
    );
}

#[tokio::test]
async fn grow_memory_ends_at_its_limit() {
    assert_names(
        &error_of("grow_memory", "limits.memory_bytes = 4194304").await,
        "limits.memory_bytes",
    );
}

#[tokio::test]
async fn deep_recursion_is_a_failure_like_any_other() {
    assert_plain(&error_of("deep_recursion", "").await);
}

#[tokio::test]
async fn trap_in_call_says_nothing_of_its_cause() {
    let answer = error_of("trap_in_call", "").await;
    assert_plain(&answer);
    assert!(
        !answer.to_string().contains("words for the log"),
        "{answer}"
    );
}

#[tokio::test]
async fn bad_json_is_a_failure_of_the_plugin() {
    assert_plain(&error_of("bad_json", "").await);
}

#[tokio::test]
async fn wrong_shape_is_a_failure_of_the_plugin() {
    assert_plain(&error_of("wrong_shape", "").await);
}

#[tokio::test]
async fn huge_output_is_refused_by_the_name_of_the_limit() {
    assert_names(
        &error_of("huge_output", "limits.output_bytes = 1000000").await,
        "limits.output_bytes",
    );
}

#[tokio::test]
async fn endless_failure_is_cut() {
    let answer = error_of("endless_failure", "").await;
    assert_eq!(
        answer["error"]["code"],
        "PLUGIN_ERROR",
        "{:.500}",
        answer.to_string()
    );
    assert!(answer.to_string().len() < 10_000);
}

#[tokio::test]
async fn floods_log_loses_lines_and_nothing_else() {
    let host = TestHost::guest("floods_log", "limits.log_lines = 10", NOWHERE).await;
    assert_eq!(
        host.call("guest_say", json!({})).await,
        Ok(json!({"done": true}))
    );
}

#[tokio::test]
async fn keeps_state_finds_a_fresh_instance_each_time() {
    let host = TestHost::guest("keeps_state", "", NOWHERE).await;
    for _ in 0..5 {
        assert_eq!(
            host.call("guest_say", json!({})).await,
            Ok(json!({"calls": 1}))
        );
    }
}

#[tokio::test]
async fn looks_around_sees_nothing_of_the_machine() {
    let host = TestHost::guest("looks_around", "", NOWHERE).await;
    let seen = host
        .call("guest_say", json!({}))
        .await
        .expect("looking is no sin");
    assert_eq!(seen, json!({"variables": 0, "arguments": 0}));
}

/// The answer of a guest that fails after a POST, with the request that it sent.
fn assert_unclear(answer: &Value) {
    let error = &answer["error"];
    assert_eq!(error["outcome"], "may-have-happened", "{answer}");
    assert_eq!(error["retryable"], false, "{answer}");
    let requests = list(&error["details"]["requests"]);
    assert_eq!(requests.len(), 1, "{answer}");
    assert_eq!(
        (
            &requests[0]["method"],
            &requests[0]["path"],
            &requests[0]["status"]
        ),
        (&json!("POST"), &json!("notes"), &json!(200)),
        "{answer}"
    );
}

#[tokio::test]
async fn trap_after_post_may_have_happened() {
    let stub = Stub::ok().await;
    let host = TestHost::guest("trap_after_post", "", &stub.url()).await;
    let answer = host
        .call("guest_say", json!({}))
        .await
        .expect_err("it panics");
    assert_eq!(answer["error"]["code"], "PLUGIN_FAILED", "{answer}");
    assert_unclear(&answer);
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn spin_after_post_may_have_happened() {
    let stub = Stub::ok().await;
    let host = TestHost::guest("spin_after_post", "limits.cpu_ms = 50", &stub.url()).await;
    let answer = host
        .call("guest_say", json!({}))
        .await
        .expect_err("it spins");
    assert_names(&answer, "limits.cpu_ms");
    assert_unclear(&answer);
}

#[tokio::test]
async fn strays_are_refused_before_they_leave_the_host() {
    let stub = Stub::ok().await;
    let host = TestHost::guest("strays", "", &stub.url()).await;
    let json_body = |status: &str| json!({"method": "POST", "path": ["drafts"], "headers": [["content-type", "application/json"]], "body": format!("{{\"status\":{status}}}")});
    for (request, reason) in [
        (json!({"path": ["secrets"]}), "Denied"),
        (
            json!({"method": "DELETE", "path": ["notes", "1"]}),
            "Denied",
        ),
        (json!({"method": "POST", "path": ["notes", "1"]}), "Denied"),
        (json!({"path": ["notes", "1", "more"]}), "Denied"),
        (json!({"path": ["notes", ".."]}), "InvalidRequest"),
        (json!({"path": ["notes", "."]}), "InvalidRequest"),
        (json!({"path": ["notes", ""]}), "Denied"),
        (json!({"path": ["notes", "a/b"]}), "InvalidRequest"),
        (json!({"path": ["notes", "a\\b"]}), "InvalidRequest"),
        (json!({"path": ["notes", "a%2fb"]}), "InvalidRequest"),
        (json!({"path": ["notes", "%2e%2e"]}), "InvalidRequest"),
        (
            json!({"path": ["notes", "a\r\nhost: evil"]}),
            "InvalidRequest",
        ),
        (
            json!({"path": ["notes", "1"], "headers": [["authorization", "Bearer mine"]]}),
            "InvalidRequest",
        ),
        (
            json!({"path": ["notes", "1"], "headers": [["x-key", "mine"]]}),
            "InvalidRequest",
        ),
        (
            json!({"path": ["notes", "1"], "headers": [["host", "evil.example"]]}),
            "InvalidRequest",
        ),
        (
            json!({"path": ["notes", "1"], "headers": [["cookie", "a=b"]]}),
            "InvalidRequest",
        ),
        (
            json!({"path": ["notes", "1"], "headers": [["x-http-method-override", "DELETE"]]}),
            "InvalidRequest",
        ),
        (
            json!({"path": ["notes", "1"], "headers": [["accept", "a\r\nx-evil: 1"]]}),
            "InvalidRequest",
        ),
        (
            json!({"path": ["notes", "1"], "headers": [["accept\r\nx-evil", "1"]]}),
            "InvalidRequest",
        ),
        (json_body("\"Sent\""), "Denied"),
        (json_body("\"Draft\",\"status\":\"Sent\""), "Denied"),
    ] {
        let answer = host
            .call("guest_say", request.clone())
            .await
            .expect("the guest tells what it was told");
        assert_eq!(answer["reason"], reason, "{request}: {answer}");
        assert_eq!(answer["stage"], "NotSent", "{request}: {answer}");
    }
    assert!(stub.seen().is_empty(), "{:?}", stub.seen());
}

#[tokio::test]
async fn strays_may_send_what_their_routes_allow_and_each_segment_is_encoded() {
    let stub = Stub::ok().await;
    let host = TestHost::guest("strays", "", &format!("{}/crm", stub.url())).await;
    let answer = host
        .call(
            "guest_say",
            json!({"path": ["notes", "ä ?#&"], "query": [["q", "a&b=c"]]}),
        )
        .await
        .expect("allowed");
    assert_eq!(answer["status"], 200, "{answer}");
    let seen = stub.seen();
    assert_eq!(seen[0].path, "/crm/notes/%C3%A4%20%3F%23%26?q=a%26b%3Dc");
    assert_eq!(seen[0].header("x-key"), Some(FULL_KEY));
}

#[tokio::test]
async fn strays_do_not_follow_a_redirect() {
    let elsewhere = Stub::ok().await;
    let to = elsewhere.url();
    let stub = Stub::start(move |_| {
        let response = axum::http::Response::builder()
            .status(302)
            .header("location", to.clone());
        response
            .body(axum::body::Body::empty())
            .expect("a response")
    })
    .await;
    let host = TestHost::guest("strays", "", &stub.url()).await;
    let answer = host
        .call("guest_say", json!({"path": ["notes", "1"]}))
        .await
        .expect("a 302 is an answer");
    assert_eq!(answer["status"], 302, "{answer}");
    assert!(elsewhere.seen().is_empty());
    assert!(
        !answer.to_string().contains(&elsewhere.url()),
        "no address is told: {answer}"
    );
}

#[tokio::test]
async fn strays_run_out_of_requests() {
    let stub = Stub::ok().await;
    let host = TestHost::guest("strays", "limits.upstream_calls = 3", &stub.url()).await;
    let answer = host
        .call("guest_say", json!({"path": ["notes", "1"], "times": 10}))
        .await
        .expect("it is told");
    assert_eq!(answer["reason"], "BudgetSpent", "{answer}");
    assert_eq!(stub.seen().len(), 3);
}

#[tokio::test]
async fn strays_never_see_the_secret_in_any_spelling() {
    let stub = Stub::start(|arrived| {
        assert_eq!(arrived.header("x-key"), Some(ODD_KEY));
        crate::support::stub::json_response(spellings().join("\n"))
    })
    .await;
    let config = guest_connection("strays", "").replace("CRM_KEY", "ODD_KEY");
    let config = format!("[server]\nplugins = \"PLUGINS\"\n{config}");
    let files = [("strays.wasm", &*guests::bytes("strays"))];
    let host = TestHost::with_files(&config, &stub.url(), &files)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let answer = host
        .call("guest_say", json!({"path": ["notes", "1"]}))
        .await
        .expect("it is told");
    let body = text(&answer, "/body");
    assert_eq!(body.lines().count(), spellings().len(), "{answer}");
    for spelling in spellings() {
        assert!(!body.contains(&spelling), "{spelling} is still in {body}");
    }
}

/// The secret as upstreams repeat it: raw, in hex, base64, JSON, percent and HTML.
fn spellings() -> Vec<String> {
    use base64::Engine as _;
    let everything = percent_encoding::NON_ALPHANUMERIC;
    let json = json!(ODD_KEY).to_string();
    vec![
        ODD_KEY.to_owned(),
        format!("Bearer {ODD_KEY}, again"),
        hex::encode(ODD_KEY),
        base64::engine::general_purpose::STANDARD.encode(ODD_KEY),
        json.trim_matches('"').to_owned(),
        percent_encoding::utf8_percent_encode(ODD_KEY, everything).to_string(),
        ODD_KEY
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
    ]
}

#[tokio::test]
async fn a_neighbour_does_not_notice_a_spinning_plugin() {
    let config = format!(
        "[server]\nplugins = \"PLUGINS\"\n{}{}",
        guest_connection("spin", "limits.cpu_ms = 300\nlimits.concurrent_calls = 8"),
        guest_connection("notebook", "limits.rate_burst = 1000")
            .replace("connections.guest", "connections.good"),
    );
    let files = [
        ("spin.wasm", &*guests::bytes("spin")),
        ("good.wasm", &*guests::bytes("good_one")),
    ];
    let host = Arc::new(
        TestHost::with_files(&config, NOWHERE, &files)
            .await
            .unwrap_or_else(|error| panic!("{error}")),
    );
    let mut spinning = JoinSet::new();
    for _ in 0..4 {
        let host = Arc::clone(&host);
        spinning.spawn(async move { host.call("guest_say", json!({})).await });
    }
    for _ in 0..40 {
        assert_eq!(
            host.call("good_say", json!({})).await,
            Ok(json!({"version": "one"}))
        );
    }
    while let Some(spun) = spinning.join_next().await {
        assert_names(
            &spun.expect("no panic").expect_err("it spins"),
            "limits.cpu_ms",
        );
    }
}

#[tokio::test]
async fn the_embedded_plugin_survives_its_own_crm_answering_nonsense() {
    let stub =
        Stub::json("{\"total\": 99999999999999999999, \"list\": [1, null, {\"id\": {}}]}").await;
    let host = TestHost::with(crate::support::host::EVERYTHING, &stub.url()).await;
    for (tool, arguments) in [
        ("crm_search", json!({"entityType": "Account"})),
        ("crm_get", json!({"entityType": "Account", "id": "1"})),
        ("crm_list_entity_types", json!({})),
        ("crm_get_schema", json!({"entityType": "Account"})),
    ] {
        if let Err(answer) = host.call(tool, arguments).await {
            assert_ne!(answer["error"]["code"], "PLUGIN_FAILED", "{tool}: {answer}");
        }
    }
}
