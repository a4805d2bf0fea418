//! Answers' bodies: too large, cut, compressed.

use super::*;

/// `{"ok":true}`, as `gzip` writes it.
const GZIPPED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\xcf\x56\xb2\x2a\x29\x2a\x4d\xad\x05\x00\x90\x5f\xd4\xa7\x0b\x00\x00\x00";

fn with_head(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes(), body].concat()
}

/// A gzip stream that is `times` × 258 zeros, 13 bits each: one literal zero, then copies of the
/// byte before. It has no end, and a reader that stops in time does not miss it.
fn bomb(times: usize) -> Vec<u8> {
    let mut bits = vec![true, true, false];
    bits.extend([false, false, true, true, false, false, false, false]);
    for _ in 0..times {
        bits.extend([true, true, false, false, false, true, false, true]);
        bits.extend([false; 5]);
    }
    let byte = |bits: &[bool]| {
        bits.iter()
            .rev()
            .fold(0, |byte, bit| byte << 1 | u8::from(*bit))
    };
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    head.into_iter().chain(bits.chunks(8).map(byte)).collect()
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let head = with_head("transfer-encoding: chunked\r\n", b"7fffffff\r\n");
    let wanted = "the CRM answered 200 with more than 1048576 bytes (`limits.response_bytes`)";
    for head in [head, with_head("", b"")] {
        let failed = fail_with(Reply::Endless(head), post("x")).await;
        assert_eq!(
            failed,
            (Reason::TooLarge, Stage::Answered, wanted.to_owned())
        );
    }
}

#[tokio::test]
async fn an_announced_size_is_believed_when_it_is_too_much() {
    let head = with_head("content-length: 104857600\r\n", b"");
    let (reason, stage, _) = fail_with(Reply::Hang(head), post("x")).await;
    assert_eq!((reason, stage), (Reason::TooLarge, Stage::Answered));
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_passes() {
    let body = "x".repeat(1 << 20);
    let stub = Stub::new(vec![Reply::Bytes(answer("200 OK", &[], &body))]).await;
    let answer = send(&upstream(&stub), post("x")).await.unwrap();
    assert_eq!(answer.body.len(), 1 << 20);
}

#[tokio::test]
async fn a_few_kilobytes_that_unpack_to_megabytes() {
    let bomb = bomb(400_000);
    assert!(bomb.len() < 1 << 20);
    let head = with_head(
        "content-encoding: gzip\r\ncontent-length: 9999999\r\n",
        &bomb,
    );
    let (reason, stage, _) = fail_with(Reply::Hang(head), post("x")).await;
    assert_eq!((reason, stage), (Reason::TooLarge, Stage::Answered));
}

#[tokio::test]
async fn compressed_bodies_arrive_unpacked() {
    let head = format!(
        "content-encoding: gzip\r\ncontent-length: {}\r\n",
        GZIPPED.len()
    );
    let stub = Stub::new(vec![Reply::Bytes(with_head(&head, GZIPPED))]).await;
    let answer = send(&upstream(&stub), ask(Method::Get, &["a"]))
        .await
        .unwrap();
    assert_eq!(answer.body, br#"{"ok":true}"#);
}

#[tokio::test]
async fn bodies_that_break_off() {
    let broken = "the CRM answered 200, and its body broke off";
    for reply in [
        with_head("content-length: 100\r\n", b"0123456789"),
        with_head("transfer-encoding: chunked\r\n", b"ff\r\n0123456789"),
        with_head("transfer-encoding: chunked\r\n", b"4\r\n0123\r\n"),
    ] {
        let (reason, stage, detail) = fail_with(Reply::Close(reply), post("x")).await;
        assert_eq!((reason, stage), (Reason::Protocol, Stage::Answered));
        assert_eq!(detail, broken);
    }
    let garbage = with_head(
        "content-encoding: gzip\r\ncontent-length: 10\r\n",
        b"0123456789",
    );
    let (reason, stage, detail) = fail_with(Reply::Bytes(garbage), post("x")).await;
    assert_eq!((reason, stage), (Reason::Protocol, Stage::Answered));
    assert!(
        detail.starts_with("the CRM answered 200, and its body"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_body_that_does_not_arrive() {
    let stub = Stub::new(vec![Reply::Hang(with_head(
        "content-length: 100\r\n",
        b"01",
    ))])
    .await;
    let mut spec = spec(stub.port);
    spec.limits.timeout = Duration::from_millis(400);
    let (reason, stage, detail) = fail(&Upstream::new(spec).unwrap(), post("x")).await;
    assert_eq!((reason, stage), (Reason::Timeout, Stage::Answered));
    assert_eq!(
        detail,
        "the CRM answered 200, and the answer's body did not arrive in time (`limits.timeout_ms`)"
    );
}

#[tokio::test]
async fn answers_without_a_body() {
    for (method, reply) in [
        (
            Method::Head,
            with_head(
                "content-length: 104857600\r\ncontent-encoding: gzip\r\n",
                b"",
            ),
        ),
        (
            Method::Delete,
            b"HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n".to_vec(),
        ),
        (
            Method::Get,
            b"HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n".to_vec(),
        ),
    ] {
        let stub = Stub::new(vec![Reply::Bytes(reply)]).await;
        let answer = send(&upstream(&stub), ask(method, &["a"])).await.unwrap();
        assert_eq!(answer.body, b"");
    }
}
