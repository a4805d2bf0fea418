//! Finding the prefix of an installation.

use super::*;

fn probing(stub: &Stub) -> Upstream {
    let mut spec = spec(stub.port);
    spec.base = serde_json::from_value(json!({
        "probe": {
            "prefixes": ["", "/legacy"], "method": "POST", "path": "service/rest.php",
            "form": { "method": "get_server_info" }, "expect": "/version"
        }
    }))
    .unwrap();
    Upstream::new(spec).unwrap()
}

fn page() -> Reply {
    Reply::Bytes(answer("200 OK", &["content-type: text/html"], "<html>"))
}

#[tokio::test]
async fn the_first_candidate_that_answers_as_the_api_is_kept() {
    let found = Reply::Bytes(answer("200 OK", &[], r#"{"version":"7"}"#));
    let done = Reply::Bytes(answer("200 OK", &[], "done"));
    let stub = Stub::new(vec![page(), found, done.clone(), done]).await;
    let upstream = probing(&stub);
    for _ in 0..2 {
        let answer = send(&upstream, signed(Method::Get, &["a"])).await.unwrap();
        assert_eq!(answer.body, b"done");
    }
    let seen = stub.seen();
    let lines: Vec<_> = seen.iter().map(|s| s.lines().next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "POST /crm/service/rest.php HTTP/1.1",
            "POST /crm/legacy/service/rest.php HTTP/1.1",
            "GET /crm/legacy/a HTTP/1.1",
            "GET /crm/legacy/a HTTP/1.1",
        ]
    );
    assert!(seen[1].ends_with("method=get_server_info"));
    assert!(!seen[0].contains("x-api-key") && seen[2].contains("x-api-key"));
    assert_eq!(upstream.base().path(), "/crm/legacy");
}

#[tokio::test]
async fn what_was_tried_is_said_and_tried_again() {
    let missing = Reply::Bytes(answer("404 Not Found", &[], "{}"));
    let null = Reply::Bytes(answer("200 OK", &[], r#"{"version":null}"#));
    let found = Reply::Bytes(answer("200 OK", &[], r#"{"version":"7"}"#));
    let done = Reply::Bytes(answer("200 OK", &[], "done"));
    let stub = Stub::new(vec![missing, null, found, done]).await;
    let upstream = probing(&stub);
    let (reason, stage, detail) = fail(&upstream, post("x")).await;
    assert_eq!((reason, stage), (Reason::Protocol, Stage::NotSent));
    assert_eq!(
        detail,
        "no API was found below the connection's `url`; tried /service/rest.php (404), /legacy/service/rest.php (200)"
    );
    assert_eq!(send(&upstream, post("x")).await.unwrap().body, b"done");
}

#[tokio::test]
async fn a_crm_in_maintenance_is_no_wrong_address() {
    let busy = Reply::Bytes(answer("503 Service Unavailable", &[], "<html>"));
    let stub = Stub::new(vec![busy]).await;
    let upstream = probing(&stub);
    let (reason, stage, detail) = fail(&upstream, post("x")).await;
    assert_eq!((reason, stage), (Reason::Protocol, Stage::NotSent));
    assert_eq!(detail, "the CRM answered 503 while its API was looked for");
    assert_eq!(upstream.circuit().failures, 0);
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_probe_without_an_answer_means_that_nothing_was_sent() {
    let stub = Stub::new(vec![Reply::Close(vec![])]).await;
    let (reason, stage, _) = fail(&probing(&stub), post("x")).await;
    assert_eq!((reason, stage), (Reason::Protocol, Stage::NotSent));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn whoever_waits_for_a_probe_waits_no_longer_than_they_may() {
    let stub = Stub::new(vec![Reply::Hang(vec![])]).await;
    let upstream = probing(&stub);
    let within = |seconds| {
        let began = Instant::now();
        let sent = upstream.send(post("x"), began + Duration::from_secs(seconds));
        async move { (sent.await.unwrap_err(), began.elapsed()) }
    };
    let (first, second) = futures::future::join(within(4), within(1)).await;
    for (failed, _) in [&first, &second] {
        assert_eq!(
            (failed.reason, failed.stage),
            (Reason::Timeout, Stage::NotSent)
        );
    }
    assert!(second.1 < Duration::from_secs(2), "{:?}", second.1);
    assert_eq!(stub.seen().len(), 1);
}
