//! What goes out, and what comes back.

use super::*;

#[tokio::test]
async fn a_request_as_it_is_sent() {
    let reply = answer(
        "201 Created",
        &["content-type: application/json", "server: x", "ETag: \"1\""],
        "{}",
    );
    let stub = Stub::new(vec![Reply::Bytes(reply)]).await;
    let mut request = post(r#"{"name":"a"}"#);
    request.path = vec!["Account".to_owned(), "a b?".to_owned()];
    request.query = vec![("q".to_owned(), "ä&b".to_owned())];
    request.headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    request.credential = Some("api".to_owned());
    let answer = send(&upstream(&stub), request).await.unwrap();
    let seen = stub.seen().remove(0);
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head
        .lines()
        .filter(|l| !l.starts_with("accept-encoding: "))
        .collect();
    assert_eq!(
        lines.remove(0),
        "POST /crm/api/v1/Account/a%20b%3F?q=%C3%A4%26b HTTP/1.1"
    );
    lines.sort_unstable();
    let host = format!("host: 127.0.0.1:{}", stub.port);
    assert_eq!(
        lines,
        [
            "accept: */*",
            "content-length: 12",
            "content-type: application/json",
            &host,
            concat!("user-agent: portcullis/", env!("CARGO_PKG_VERSION")),
            &format!("x-api-key: {KEY}"),
        ]
    );
    assert_eq!(body, r#"{"name":"a"}"#);
    let header = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body, b"{}");
    assert_eq!(
        answer.headers,
        [
            header("content-type", "application/json"),
            header("etag", "\"1\"")
        ]
    );
}

#[tokio::test]
async fn plain_answer() {
    let stub = Stub::new(vec![Reply::Bytes(answer("200 OK", &[], "hello"))]).await;
    let answer = send(&upstream(&stub), ask(Method::Get, &["a"]))
        .await
        .unwrap();
    assert_eq!(answer.body, b"hello");
}

/// Runs `plain_answer` again in a process whose environment names proxies that do not exist.
#[test]
fn proxy_variables_are_ignored() {
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("{module}::plain_answer")]);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, "http://127.0.0.1:1");
    }
    let output = child
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn redirects_are_answers() {
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let reply = Reply::Bytes(answer(status, &["location: /elsewhere"], ""));
        let stub = Stub::new(vec![reply]).await;
        let answer = send(&upstream(&stub), post("x")).await.unwrap();
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(answer.headers, []);
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn html_and_errors_are_answers() {
    for status in ["403 Forbidden", "404 Not Found", "500 Oops", "503 Busy"] {
        let reply = answer(
            status,
            &["content-type: text/html", "retry-after: 7"],
            "<html>",
        );
        let stub = Stub::new(vec![Reply::Bytes(reply)]).await;
        let answer = send(&upstream(&stub), signed(Method::Get, &["a"]))
            .await
            .unwrap();
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(answer.body, b"<html>");
        assert_eq!(answer.headers.len(), 2);
    }
}

#[tokio::test]
async fn cookies_are_neither_kept_nor_shown() {
    let reply = answer("200 OK", &["set-cookie: session=abc"], "");
    let stub = Stub::new(vec![Reply::Bytes(reply.clone()), Reply::Bytes(reply)]).await;
    let upstream = upstream(&stub);
    for _ in 0..2 {
        let answer = send(&upstream, ask(Method::Get, &["a"])).await.unwrap();
        assert_eq!(answer.headers, []);
    }
    assert!(stub.seen().iter().all(|head| !head.contains("cookie")));
}

#[tokio::test]
async fn requests_that_are_never_sent() {
    let stub = Stub::new(vec![]).await;
    let upstream = upstream(&stub);
    let mut dots = ask(Method::Get, &["a", ".."]);
    let invalid = |text: &str| (Reason::InvalidRequest, Stage::NotSent, text.to_owned());
    assert_eq!(
        fail(&upstream, dots.clone()).await,
        invalid("path segment 2 is a dot segment")
    );
    dots.path.pop();
    dots.headers = vec![("host".to_owned(), "evil".to_owned())];
    assert_eq!(
        fail(&upstream, dots).await,
        invalid(
            "the header `host` is not among `headers.send` of the manifest, or is the host's own"
        )
    );
    let stranger = Outgoing {
        credential: Some("v8".to_owned()),
        ..post("x")
    };
    assert_eq!(
        fail(&upstream, stranger).await,
        invalid("the manifest declares no such credential slot")
    );
    let (reason, stage, detail) = fail(&upstream, post(&"x".repeat(1025))).await;
    assert_eq!((reason, stage), (Reason::TooLarge, Stage::NotSent));
    assert_eq!(
        detail,
        "the body has more than 1024 bytes (`limits.request_bytes`)"
    );
    let failed = upstream
        .send(post("x"), Instant::now() + RESERVE)
        .await
        .unwrap_err();
    assert_eq!(
        (failed.reason, failed.stage),
        (Reason::BudgetSpent, Stage::NotSent)
    );
    assert_eq!(stub.seen().len(), 0);
}
