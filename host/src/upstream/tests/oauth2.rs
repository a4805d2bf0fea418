//! The recipe `oauth2` on the wire.

use super::*;

const TOKEN: &str = "acce55-t0ken";

fn recipe(grant: &str) -> Value {
    json!({ "name": "a", "recipe": "oauth2", "grant": grant,
        "token": { "path": "access_token", "body": "json", "client": "body" },
        "place": { "header": "authorization", "value": "Bearer {token}" },
        "expired": [{ "status": [401] }], "refused_means_not_done": true, "refresh": true })
}

fn with_recipe(port: u16, recipe: &Value, store: &Arc<MemoryRefreshStore>) -> Upstream {
    let mut spec = spec(port);
    spec.credentials = credentials(json!({ "api": [recipe] }));
    spec.secrets = Secrets::of(&[
        ("client_id", "the-client"),
        ("client_secret", "s3cret of client"),
        ("username", "admin"),
        ("password", "nope"),
        ("refresh_token", "refresh-0"),
    ]);
    spec.refresh_tokens = Arc::clone(store) as Arc<dyn RefreshStore>;
    Upstream::new(spec).unwrap()
}

fn token(more: &Value) -> Reply {
    let mut body = json!({ "token_type": "Bearer", "access_token": TOKEN });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    Reply::Bytes(answer("200 OK", &[], &body.to_string()))
}

fn refusal(status: &str, code: &str) -> Reply {
    let text = "The password is invalid: nope";
    let body = json!({ "error": code, "error_description": text, "message": text });
    Reply::Bytes(answer(status, &[], &body.to_string()))
}

fn fine() -> Reply {
    Reply::Bytes(answer("200 OK", &[], TOKEN))
}

fn expired() -> Reply {
    Reply::Bytes(answer("401 Unauthorized", &[], TOKEN))
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

async fn get(upstream: &Upstream) -> Answer {
    send(upstream, signed(Method::Get, &["a"])).await.unwrap()
}

#[tokio::test]
async fn grants_and_where_the_client_stands() {
    let basic = "authorization: Basic dGhlLWNsaWVudDpzM2NyZXQrb2YrY2xpZW50\r\n";
    let client = r#","client_id":"the-client","client_secret":"s3cret of client"}"#;
    for (grant, form, place, wanted) in [
        (
            "password",
            "json",
            "body",
            format!(r#"{{"grant_type":"password","username":"admin","password":"nope"{client}"#),
        ),
        (
            "client_credentials",
            "json",
            "body",
            format!(r#"{{"grant_type":"client_credentials"{client}"#),
        ),
        (
            "client_credentials",
            "form",
            "basic",
            "grant_type=client_credentials".to_owned(),
        ),
        (
            "refresh_token",
            "form",
            "none",
            "grant_type=refresh_token&refresh_token=refresh-0".to_owned(),
        ),
    ] {
        let stub = Stub::new(vec![token(&json!({})), fine()]).await;
        let mut recipe = recipe(grant);
        recipe["token"]["body"] = json!(form);
        recipe["token"]["client"] = json!(place);
        let upstream = with_recipe(stub.port, &recipe, &Arc::default());
        assert_eq!(get(&upstream).await.body, REDACTED.as_bytes());
        let seen = stub.seen();
        assert!(seen[0].starts_with("POST /crm/api/v1/access_token HTTP/1.1\r\n"));
        assert_eq!(body(&seen[0]), wanted);
        assert_eq!(seen[0].contains(basic), place == "basic", "{}", seen[0]);
        assert!(seen[1].contains(&format!("authorization: Bearer {TOKEN}\r\n")));
    }
}

#[tokio::test]
async fn a_wrong_password_that_is_answered_with_500_and_quoted_gives_nothing_away() {
    let stub = Stub::new(vec![refusal("500 Oops", "unknown_error")]).await;
    let upstream = with_recipe(stub.port, &recipe("password"), &Arc::default());
    let failed = send(&upstream, signed(Method::Get, &["a"]))
        .await
        .unwrap_err();
    assert_eq!(
        (failed.reason, failed.stage),
        (Reason::CredentialRejected, Stage::NotSent)
    );
    assert_eq!(
        failed.detail,
        "the CRM refused the token request of credential `api`: unknown_error"
    );
    let held = send(&upstream, signed(Method::Get, &["a"]))
        .await
        .unwrap_err();
    assert_eq!(held.reason, Reason::CredentialRejected);
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn an_outage_of_the_token_endpoint_is_no_refusal() {
    for reply in [
        refusal("500 Oops", "server_error"),
        refusal("503 Unavailable", "unknown_error"),
        Reply::Bytes(answer("500 Oops", &[], "nope")),
    ] {
        let stub = Stub::new(vec![reply, token(&json!({})), fine()]).await;
        let upstream = with_recipe(stub.port, &recipe("password"), &Arc::default());
        let failed = send(&upstream, signed(Method::Get, &["a"]))
            .await
            .unwrap_err();
        assert_eq!(
            (failed.reason, failed.stage),
            (Reason::Protocol, Stage::NotSent)
        );
        assert!(!failed.detail.contains("nope"), "{}", failed.detail);
        assert_eq!(get(&upstream).await.status, 200);
    }
}

#[tokio::test]
async fn an_expired_token_is_refreshed_and_the_refresh_token_rotates() {
    let store = Arc::<MemoryRefreshStore>::default();
    let replies = vec![
        token(&json!({ "refresh_token": "refresh-1" })),
        fine(),
        expired(),
        token(&json!({ "refresh_token": "refresh-2" })),
        fine(),
        expired(),
        refusal("401 Unauthorized", "invalid_grant"),
        token(&json!({})),
        fine(),
    ];
    let stub = Stub::new(replies).await;
    let upstream = with_recipe(stub.port, &recipe("password"), &store);
    for _ in 0..3 {
        assert_eq!(get(&upstream).await.status, 200);
    }
    let seen = stub.seen();
    let grants: Vec<Value> = [0, 3, 6, 7]
        .map(|at| serde_json::from_str(body(&seen[at])).unwrap())
        .into();
    assert_eq!(grants[0]["grant_type"], "password");
    assert_eq!(grants[1]["refresh_token"], "refresh-1");
    assert_eq!(grants[2]["refresh_token"], "refresh-2");
    assert_eq!(grants[3]["grant_type"], "password");
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_before_it_is_used() {
    let store = Arc::<MemoryRefreshStore>::default();
    let stub = Stub::new(vec![
        token(&json!({ "expires_in": 0 })),
        fine(),
        token(&json!({ "expires_in": "3600" })),
        fine(),
        fine(),
    ])
    .await;
    let upstream = with_recipe(stub.port, &recipe("client_credentials"), &store);
    for _ in 0..3 {
        get(&upstream).await;
    }
    assert_eq!(stub.seen().len(), 5);
}

#[tokio::test]
async fn a_rotated_token_outlives_the_connection_and_not_a_change_of_the_configured_one() {
    let store = Arc::<MemoryRefreshStore>::default();
    let stub = Stub::new(vec![
        token(&json!({ "refresh_token": "refresh-1" })),
        fine(),
        token(&json!({ "refresh_token": "refresh-2" })),
        fine(),
    ])
    .await;
    for _ in 0..2 {
        get(&with_recipe(stub.port, &recipe("refresh_token"), &store)).await;
    }
    assert!(body(&stub.seen()[0]).contains("refresh-0"));
    assert!(body(&stub.seen()[2]).contains("refresh-1"));
}

#[tokio::test]
async fn many_requests_share_one_token() {
    let script = |request: &str| match request.contains("access_token") {
        true => token(&json!({ "expires_in": 3600 })),
        false => fine(),
    };
    let stub = Stub::with(script).await;
    let upstream = with_recipe(stub.port, &recipe("password"), &Arc::default());
    futures::future::join_all((0..10).map(|_| get(&upstream))).await;
    let logins = stub
        .seen()
        .iter()
        .filter(|r| r.contains("grant_type"))
        .count();
    assert_eq!((logins, stub.seen().len()), (1, 11));
}

#[tokio::test]
async fn a_second_401_is_the_answer() {
    let stub = Stub::new(vec![
        token(&json!({})),
        expired(),
        token(&json!({})),
        expired(),
    ])
    .await;
    let upstream = with_recipe(stub.port, &recipe("password"), &Arc::default());
    let answer = get(&upstream).await;
    assert_eq!((answer.status, answer.body), (401, REDACTED.into()));
}
