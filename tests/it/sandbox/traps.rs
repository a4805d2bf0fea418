//! Guests that panic: in which function, and after what.

use serde_json::{Value, json};

use super::assert_plain;
use crate::support::neighbour::NOWHERE;
use crate::support::{Street, Stub, list};

/// The answer of a guest that fails after a POST, with the request that it sent.
pub(super) fn assert_unclear(answer: &Value) {
    let error = &answer["error"];
    assert_eq!(error["outcome"], "may-have-happened", "{answer}");
    assert_eq!(error["retryable"], false, "{answer}");
    let requests = list(&error["details"]["requests"]);
    let sent = json!([{"method": "POST", "path": "notes", "status": 200}]);
    assert_eq!(json!(requests), sent, "{answer}");
}

#[tokio::test]
pub async fn trap_in_call() {
    for error in Street::of("trap_in_call", "", NOWHERE).await.errors().await {
        assert_plain(&error);
    }
}

#[tokio::test]
pub async fn trap_in_preview() {
    let stub = Stub::ok().await;
    let street = Street::of("trap_in_preview", "", &stub.url()).await;
    let previews = street.ends_of("remove", &json!({})).await;
    for error in previews {
        assert_plain(&error.expect_err("the preview panics"));
    }
    // What cannot be shown is not done, whatever the caller says.
    for said in [
        json!({"confirm": true}),
        json!({"confirmation_token": "any"}),
    ] {
        let answer = street.host.call("guest_remove", said).await;
        assert_plain(&answer.expect_err("the preview panics"));
    }
    assert!(stub.seen().is_empty());
}

#[tokio::test]
pub async fn trap_after_post() {
    let stub = Stub::ok().await;
    let street = Street::of("trap_after_post", "", &stub.url()).await;
    let errors = street.errors().await;
    for error in &errors {
        assert_eq!(error["error"]["code"], "PLUGIN_FAILED", "{error}");
        assert_unclear(error);
    }
    assert_eq!(stub.seen().len(), errors.len());
}
