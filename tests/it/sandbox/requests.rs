//! Guests that ask for more than their routes: what they ask never leaves the host.

use serde_json::{Value, json};

use super::assert_names;
use crate::support::{Street, Stub, list, text};

/// Every request of the guest is refused before it is sent, for one of these reasons.
async fn assert_none_leaves(guest: &str, reasons: &[&str]) {
    let stub = Stub::ok().await;
    let street = Street::of(guest, "", &stub.url()).await;
    for told in street.told().await {
        let (requests, answers) = (list(&told["requests"]), list(&told["answers"]));
        assert!(!requests.is_empty() && requests.len() == answers.len());
        for (request, answer) in requests.iter().zip(answers) {
            let refused = (text(answer, "/reason"), text(answer, "/stage"));
            assert!(reasons.contains(&refused.0), "{request}: {answer}");
            assert_eq!(refused.1, "NotSent", "{request}: {answer}");
        }
    }
    assert!(stub.seen().is_empty(), "{:?}", stub.seen());
}

const DENIED: &str = "Denied";
const INVALID: &str = "InvalidRequest";

#[tokio::test]
pub async fn forbidden_path() {
    assert_none_leaves("forbidden_path", &[DENIED, INVALID]).await;
}

#[tokio::test]
pub async fn dot_segments() {
    assert_none_leaves("dot_segments", &[INVALID]).await;
}

#[tokio::test]
pub async fn encoded_slash() {
    assert_none_leaves("encoded_slash", &[INVALID]).await;
}

#[tokio::test]
pub async fn duplicate_field() {
    assert_none_leaves("duplicate_field", &[DENIED]).await;
}

#[tokio::test]
pub async fn injects_headers() {
    assert_none_leaves("injects_headers", &[INVALID]).await;
}

#[tokio::test]
pub async fn sets_headers() {
    assert_none_leaves("sets_headers", &[INVALID]).await;
}

#[tokio::test]
pub async fn floods_requests() {
    let stub = Stub::ok().await;
    let limits = "limits.upstream_calls = 3\nlimits.cpu_ms = 50";
    let street = Street::of("floods_requests", limits, &stub.url()).await;
    let errors = street.errors().await;
    for error in &errors {
        assert_names(error, "limits.cpu_ms");
    }
    assert_eq!(stub.seen().len(), 3 * errors.len());
}

#[tokio::test]
pub async fn sends_ten_thousand() {
    let stub = Stub::ok().await;
    let limits = "limits.upstream_calls = 64";
    let street = Street::of("sends_ten_thousand", limits, &stub.url()).await;
    let told = street.told().await;
    for told in &told {
        let counted = json!({"answered": 64, "spent": 10_000 - 64, "all": 10_000});
        assert_eq!(*told, counted);
    }
    assert_eq!(stub.seen().len(), 64 * told.len());
}

#[tokio::test]
pub async fn oversize_request() {
    let stub = Stub::ok().await;
    let limits = "limits.request_bytes = 1000000\nlimits.host_bytes = 3000000";
    let street = Street::of("oversize_request", limits, &stub.url()).await;
    // One body that is too large.
    for told in street
        .told_with(&json!({"bytes": 1_000_001, "times": 1}))
        .await
    {
        assert_refused(&told["answers"][0], "TooLarge", "limits.request_bytes");
    }
    assert!(stub.seen().is_empty());
    // Bodies none of which is too large, until all together are.
    let before = street
        .host
        .call("guest_say", json!({"bytes": 900_000, "times": 5}));
    let told = before.await.expect("it is told");
    let answers = list(&told["answers"]);
    assert_eq!(stub.seen().len(), 3, "{told}");
    for answer in &answers[3..] {
        assert_refused(answer, "BudgetSpent", "limits.host_bytes");
    }
    // One that is larger than everything that may be handed over: it is not even read.
    let many = json!({"bytes": 4_000_000, "times": 1});
    for end in street.ends_of("say", &many).await {
        assert_names(&end.expect_err("it is too much"), "limits.host_bytes");
    }
    assert_eq!(stub.seen().len(), 3);
}

fn assert_refused(answer: &Value, reason: &str, detail: &str) {
    assert_eq!(text(answer, "/reason"), reason, "{answer}");
    assert_eq!(text(answer, "/stage"), "NotSent", "{answer}");
    assert!(text(answer, "/detail").contains(detail), "{answer}");
}
