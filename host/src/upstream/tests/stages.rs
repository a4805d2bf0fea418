//! How far a request came, for every way in which it can fail.

use std::net::IpAddr;

use futures::future::BoxFuture;
use tokio::net::TcpListener;

use super::super::dial::tests::Script;
use super::*;

#[tokio::test]
async fn a_refused_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let upstream = Upstream::new(spec(port)).unwrap();
    let wanted = (
        Reason::Connect,
        Stage::NotSent,
        "the CRM's host refused the connection".to_owned(),
    );
    assert_eq!(fail(&upstream, post("x")).await, wanted);
}

#[tokio::test]
async fn no_answer_in_time() {
    let stub = Stub::new(vec![Reply::Hang(vec![])]).await;
    let mut spec = spec(stub.port);
    spec.limits.timeout = Duration::from_millis(400);
    let (reason, stage, detail) = fail(&Upstream::new(spec).unwrap(), post("x")).await;
    assert_eq!((reason, stage), (Reason::Timeout, Stage::MaybeSent));
    assert_eq!(detail, "no answer came in time (`limits.timeout_ms`)");
}

#[tokio::test]
async fn no_answer_while_the_call_has_time() {
    let stub = Stub::new(vec![Reply::Hang(vec![])]).await;
    let soon = Instant::now() + RESERVE + Duration::from_millis(400);
    let failed = upstream(&stub).send(post("x"), soon).await.unwrap_err();
    assert_eq!(
        (failed.reason, failed.stage),
        (Reason::Timeout, Stage::MaybeSent)
    );
    assert_eq!(
        failed.detail,
        "no answer came in time (`limits.timeout_ms` of the whole call)"
    );
    assert!(Instant::now() < soon);
}

#[tokio::test]
async fn half_a_head() {
    let (reason, stage, _) = fail_with(
        Reply::Close(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()),
        post("x"),
    )
    .await;
    assert_eq!((reason, stage), (Reason::Protocol, Stage::MaybeSent));
}

#[tokio::test]
async fn not_http() {
    let (reason, stage, detail) = fail_with(
        Reply::Close(b"220 smtp.example ready\r\n\r\n".to_vec()),
        post("x"),
    )
    .await;
    assert_eq!((reason, stage), (Reason::Protocol, Stage::MaybeSent));
    assert_eq!(
        detail,
        "what came back is not an answer in HTTP, or none came"
    );
}

#[tokio::test]
async fn not_tls() {
    let stub = Stub::new(vec![Reply::Close(
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    )])
    .await;
    let mut spec = spec(stub.port);
    spec.site.set_scheme("https").unwrap();
    let (reason, stage, detail) = fail(&Upstream::new(spec).unwrap(), post("x")).await;
    assert_eq!((reason, stage), (Reason::Tls, Stage::NotSent));
    assert_eq!(
        detail,
        "what the server answered is not TLS; is the URL meant to be http://?"
    );
    assert_eq!(stub.seen(), ["TLS"]);
}

/// The server took the second request from a kept connection and closed without an answer: it may
/// have acted, so the request is not repeated, whatever its method.
#[tokio::test]
async fn a_kept_connection_that_closes_under_a_request() {
    for method in [Method::Post, Method::Get] {
        let first = Reply::Bytes(answer("200 OK", &[], ""));
        let stub = Stub::new(vec![first, Reply::Close(vec![])]).await;
        let upstream = upstream(&stub);
        send(&upstream, ask(method, &["a"])).await.unwrap();
        let (reason, stage, _) = fail(&upstream, ask(method, &["b"])).await;
        assert_eq!((reason, stage), (Reason::Protocol, Stage::MaybeSent));
        assert_eq!(stub.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_public_name_never_turns_private() {
    let stub = Stub::new(vec![]).await;
    let mut spec = spec(stub.port);
    spec.site.set_host(Some("crm.test")).unwrap();
    let script = Script::of(&[&["93.184.216.34"], &["127.0.0.1"]]);
    let upstream = over(spec, script).unwrap();
    upstream.settle().await.unwrap();
    let (reason, stage, detail) = fail(&upstream, post("x")).await;
    assert_eq!((reason, stage), (Reason::AddressBlocked, Stage::NotSent));
    assert_eq!(
        detail,
        "the connection's name now resolves to a loopback address, which it did not at the start"
    );
    assert_eq!(stub.seen().len(), 0);
}

#[tokio::test]
async fn a_name_that_was_private_from_the_start_is_reached() {
    let stub = Stub::new(vec![Reply::Bytes(answer("200 OK", &[], ""))]).await;
    let mut spec = spec(stub.port);
    spec.site.set_host(Some("crm.test")).unwrap();
    let upstream = over(spec, Script::of(&[&["127.0.0.1"]])).unwrap();
    assert_eq!(send(&upstream, post("x")).await.unwrap().status, 200);
    assert!(stub.seen()[0].contains(&format!("host: crm.test:{}\r\n", stub.port)));
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let mut spec = spec(1);
    spec.site.set_host(Some("crm.test")).unwrap();
    let upstream = over(spec, Script::of(&[])).unwrap();
    let wanted = (
        Reason::Connect,
        Stage::NotSent,
        "the connection's name did not resolve".to_owned(),
    );
    assert_eq!(fail(&upstream, post("x")).await, wanted);
}

/// A resolver that never answers.
struct Silent;

impl Lookup for Silent {
    fn lookup(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn no_connection_in_time() {
    let mut spec = spec(1);
    spec.site.set_host(Some("crm.test")).unwrap();
    spec.limits.timeout = Duration::from_millis(400);
    let upstream = over(spec, Arc::new(Silent)).unwrap();
    let (reason, stage, detail) = fail(&upstream, post("x")).await;
    assert_eq!((reason, stage), (Reason::Connect, Stage::NotSent));
    assert_eq!(
        detail,
        "no connection in time; the CRM's host does not answer"
    );
}

#[test]
fn everything_wrong_is_said_at_once() {
    let mut spec = spec(1);
    spec.site = Url::parse("http://169.254.169.254/").unwrap();
    spec.auth = Some("oauth".to_owned());
    spec.headers.send = vec!["cookie".to_owned()];
    spec.headers.constant = [("apikey".to_owned(), "{".to_owned())].into();
    let errors = Upstream::new(spec).unwrap_err();
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "`auth` is `oauth`, which no credential of the plugin has as an alternative; there are key",
            "the connection's host is a metadata address, which needs an explicit exception",
            "`headers.constant`, `apikey`: `{` has to be followed by a secret's name and `}`; a brace itself is `{{`",
            "`headers.send`: no plugin may set `cookie`",
        ]
    );
}
