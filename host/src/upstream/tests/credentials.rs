//! Credentials on the wire: which are sent, held back, and taken out of what comes back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn with_slots(port: u16, slots: Value, secrets: &[(&str, &str)]) -> Upstream {
    let mut spec = spec(port);
    spec.credentials = credentials(slots);
    spec.secrets = Secrets::of(secrets);
    Upstream::new(spec).unwrap()
}

#[tokio::test]
async fn an_echo_gives_nothing_away() {
    let recipes = [
        json!({ "name": "a", "recipe": "header", "header": "x-api-key", "value": "{key}" }),
        json!({ "name": "a", "recipe": "bearer", "value": "{key}" }),
        json!({ "name": "a", "recipe": "basic", "username": "admin", "password": "{key}" }),
        json!({ "name": "a", "recipe": "hmac", "header": "x-hmac", "id": "{key}", "key": "{other}" }),
    ];
    let pair = STANDARD.encode(format!("admin:{KEY}"));
    for recipe in recipes {
        let stub = Stub::new(vec![Reply::Echo]).await;
        let secrets = [("key", KEY), ("other", "another secret")];
        let upstream = with_slots(stub.port, json!({ "api": [recipe] }), &secrets);
        let answer = send(&upstream, signed(Method::Get, &["a"])).await.unwrap();
        let sent = stub.seen().remove(0);
        let body = String::from_utf8(answer.body).unwrap();
        let header = &answer
            .headers
            .iter()
            .find(|(name, _)| name == "x-echo")
            .unwrap()
            .1;
        for text in [&body, header] {
            assert!(text.contains(REDACTED), "{text}");
            assert!(!text.contains(KEY) && !text.contains(&pair), "{text}");
            assert!(!text.contains(&STANDARD.encode(KEY)[..20]), "{text}");
        }
        let echoed: Value = serde_json::from_str(&body).unwrap();
        assert_ne!(echoed["echo"], json!(sent));
    }
}

#[tokio::test]
async fn a_missing_credential_is_named_and_other_requests_go_out() {
    let stub = Stub::new(vec![Reply::Bytes(answer("200 OK", &[], ""))]).await;
    let slots = json!({ "api": [{ "name": "key", "needs": ["key"], "recipe": "bearer", "value": "{key}" }] });
    let upstream = with_slots(stub.port, slots, &[]);
    assert_eq!(
        upstream.slots().collect::<Vec<_>>(),
        [("api", Err(&["secrets.key".to_owned()][..]))]
    );
    let wanted = (
        Reason::CredentialMissing,
        Stage::NotSent,
        "credential `api` needs `secrets.key`".to_owned(),
    );
    assert_eq!(fail(&upstream, signed(Method::Get, &["a"])).await, wanted);
    assert_eq!(
        send(&upstream, ask(Method::Get, &["a"]))
            .await
            .unwrap()
            .status,
        200
    );
}

#[tokio::test]
async fn constant_headers_are_always_sent() {
    let stub = Stub::new(vec![Reply::Bytes(answer("200 OK", &[], ""))]).await;
    let mut spec = spec(stub.port);
    spec.headers.constant = [("apikey".to_owned(), "pk-{key}".to_owned())].into();
    let upstream = Upstream::new(spec).unwrap();
    send(&upstream, ask(Method::Get, &["a"])).await.unwrap();
    assert!(stub.seen()[0].contains(&format!("apikey: pk-{KEY}\r\n")));
    let mut request = ask(Method::Get, &["a"]);
    request.headers = vec![("apikey".to_owned(), "mine".to_owned())];
    assert_eq!(fail(&upstream, request).await.0, Reason::InvalidRequest);
}

#[tokio::test]
async fn after_one_401_the_crm_is_left_alone() {
    let refused = Reply::Bytes(answer("401 Unauthorized", &[], ""));
    let fine = Reply::Bytes(answer("200 OK", &[], ""));
    let stub = Stub::new(vec![refused, fine]).await;
    let upstream = upstream(&stub);
    let first = send(&upstream, signed(Method::Get, &["a"])).await.unwrap();
    assert_eq!(first.status, 401);
    let failed = send(&upstream, signed(Method::Get, &["a"]))
        .await
        .unwrap_err();
    assert_eq!(
        (failed.reason, failed.stage),
        (Reason::CredentialRejected, Stage::NotSent)
    );
    assert!(failed.retry_after.unwrap() > Duration::from_secs(50));
    assert!(
        failed
            .detail
            .starts_with("the CRM refused credential `api` 0 s ago"),
        "{}",
        failed.detail
    );
    assert_eq!(
        send(&upstream, ask(Method::Get, &["a"]))
            .await
            .unwrap()
            .status,
        200
    );
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn a_401_without_a_credential_holds_nothing_back() {
    let refused = Reply::Bytes(answer("401 Unauthorized", &[], ""));
    let fine = Reply::Bytes(answer("200 OK", &[], ""));
    let stub = Stub::new(vec![refused, fine]).await;
    let upstream = upstream(&stub);
    send(&upstream, ask(Method::Get, &["a"])).await.unwrap();
    assert_eq!(
        send(&upstream, signed(Method::Get, &["a"]))
            .await
            .unwrap()
            .status,
        200
    );
}

#[test]
fn nothing_prints_a_secret() {
    let spec = spec(1);
    let printed = format!("{spec:?}");
    assert!(!printed.contains(KEY), "{printed}");
    let upstream = Upstream::new(spec).unwrap();
    assert_eq!(
        format!("{upstream:?}"),
        r#"Upstream { name: "sales", base: "http://127.0.0.1:1/crm/api/v1", .. }"#
    );
}
