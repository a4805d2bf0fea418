//! Documents that the host fetches for itself.

use super::*;

async fn document(reply: Reply, most: usize) -> (Result<Vec<u8>, Reason>, String) {
    let stub = Stub::new(vec![reply]).await;
    let found = upstream(&stub).document("auth/v1/k.json", most).await;
    (found.map_err(|failed| failed.reason), stub.seen().concat())
}

#[tokio::test]
async fn a_document_is_fetched_below_the_base_without_a_credential() {
    let reply = Reply::Bytes(answer("200 OK", &[], "{}"));
    let (found, sent) = document(reply, 100).await;
    assert_eq!(found, Ok(b"{}".to_vec()));
    assert!(
        sent.starts_with("GET /crm/api/v1/auth/v1/k.json HTTP/1.1\r\n"),
        "{sent}"
    );
    assert!(
        !sent.contains("x-api-key") && !sent.contains("authorization"),
        "{sent}"
    );
}

#[tokio::test]
async fn what_is_no_document() {
    for (status, headers, body, reason) in [
        ("200 OK", &[][..], "0123456789a", Reason::TooLarge),
        ("404 Not Found", &[], "{}", Reason::Protocol),
        (
            "302 Found",
            &["location: http://169.254.169.254/"],
            "",
            Reason::Protocol,
        ),
        ("502 Bad Gateway", &[], "{}", Reason::Protocol),
    ] {
        let reply = Reply::Bytes(answer(status, headers, body));
        let (found, _) = document(reply, 10).await;
        assert_eq!(found, Err(reason), "{status}");
    }
}
