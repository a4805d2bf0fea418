//! When a connection stops calling, and for whom.

use super::*;

fn answers(replies: &[(&str, &str)]) -> Vec<Reply> {
    let reply = |(status, body): &(&str, &str)| Reply::Bytes(answer(status, &[], body));
    replies.iter().map(reply).collect()
}

async fn patient(stub: &Stub, threshold: u32, reset_ms: u64) -> Upstream {
    let mut spec = spec(stub.port);
    spec.circuit = CircuitLimits {
        threshold,
        reset: Duration::from_millis(reset_ms),
    };
    spec.explained = serde_json::from_value(json!([
        { "status": [500], "body": "empty" },
        { "status": [500], "body": { "contains": "Database failure" } }
    ]))
    .unwrap();
    Upstream::new(spec).unwrap()
}

#[tokio::test]
async fn unexplained_faults_in_a_row_open_it_and_one_probe_closes_it() {
    let fault = ("503 Service Unavailable", "busy");
    let stub = Stub::new(answers(&[fault, fault, ("200 OK", "")])).await;
    let upstream = patient(&stub, 2, 300).await;
    for _ in 0..2 {
        assert_eq!(
            send(&upstream, ask(Method::Get, &["a"]))
                .await
                .unwrap()
                .status,
            503
        );
    }
    let failed = send(&upstream, post("x")).await.unwrap_err();
    assert_eq!(
        (failed.reason, failed.stage),
        (Reason::CircuitOpen, Stage::NotSent)
    );
    assert_eq!(
        failed.detail,
        "the circuit breaker is open: 2 faults in a row, the last 0 s ago; nothing is sent until one request finds out whether the CRM works again"
    );
    assert!(failed.retry_after.is_some());
    assert_eq!(upstream.circuit().state, CircuitState::Open);
    assert_eq!(stub.seen().len(), 2);
    tokio::time::sleep(Duration::from_millis(320)).await;
    assert_eq!(upstream.circuit().state, CircuitState::HalfOpen);
    assert_eq!(send(&upstream, post("x")).await.unwrap().status, 200);
    assert_eq!(upstream.circuit().state, CircuitState::Closed);
}

#[tokio::test]
async fn a_mistake_of_a_caller_never_opens_it() {
    let mistakes = [
        ("400 Bad Request", "x"),
        ("403 Forbidden", ""),
        ("404 Not Found", ""),
        ("429 Too Many Requests", ""),
        ("500 Internal Server Error", " "),
        (
            "500 Internal Server Error",
            "Database failure. Please refer to the log.",
        ),
    ];
    let stub = Stub::new(answers(&mistakes)).await;
    let upstream = patient(&stub, 1, 60_000).await;
    for _ in mistakes {
        send(&upstream, ask(Method::Get, &["a"])).await.unwrap();
    }
    assert_eq!(upstream.circuit().failures, 0);
    let invalid = Outgoing {
        path: vec!["..".to_owned()],
        ..ask(Method::Get, &[])
    };
    send(&upstream, invalid).await.unwrap_err();
    assert_eq!(upstream.circuit().state, CircuitState::Closed);
}

#[tokio::test]
async fn a_server_that_is_down_opens_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut spec = spec(listener.local_addr().unwrap().port());
    drop(listener);
    spec.circuit.threshold = 3;
    let upstream = Upstream::new(spec).unwrap();
    for _ in 0..3 {
        assert_eq!(fail(&upstream, post("x")).await.0, Reason::Connect);
    }
    assert_eq!(fail(&upstream, post("x")).await.0, Reason::CircuitOpen);
}
