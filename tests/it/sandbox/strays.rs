//! The guest that sends whatever it is told, from a tool that may use three routes: what may go out
//! goes out well formed, and nothing of the operator's comes back.

use serde_json::json;

use crate::support::crm::ODD_KEY;
use crate::support::host::guest_connection;
use crate::support::{Stub, TestHost, guests, text};
use portcullis_demo::espocrm::FULL_KEY;

#[tokio::test]
pub async fn strays() {
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
