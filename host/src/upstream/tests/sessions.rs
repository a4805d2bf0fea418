//! The recipe `login` on the wire: log in, place, renew, refuse, and give nothing away.

use super::crm::{PASSWORD, invalid_login, ok, token, with_data};
use super::*;

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[tokio::test]
async fn one_login_serves_many_requests_and_the_token_stays_in_the_host() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|_| ());
    for _ in 0..3 {
        let answer = send(&upstream, v4("get_entry")).await.unwrap();
        let text = text(&answer);
        assert!(text.contains(REDACTED), "{text}");
        for part in ["t0ken", &hex::encode("t0ken"), "Users"] {
            assert!(!text.contains(part), "{text}");
        }
    }
    assert_eq!(crm.with(|state| state.logins), 1);
    let sent = crm.stub.seen().remove(1);
    let body = sent.split_once("\r\n\r\n").unwrap().1;
    let fields: BTreeMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).collect();
    assert_eq!(
        fields["rest_data"],
        json!([token(1), "Accounts"]).to_string()
    );
}

#[tokio::test]
async fn what_the_plugin_puts_in_the_tokens_place_is_refused_before_any_login() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|_| ());
    for data in ["[\"stolen\"]", "[]", "{\"session\":null}", "x"] {
        let (reason, stage, detail) = fail(&upstream, with_data("get_entry", data)).await;
        assert_eq!((reason, stage), (Reason::InvalidRequest, Stage::NotSent));
        assert!(detail.contains("`rest_data`"), "{detail}");
    }
    assert_eq!(crm.stub.seen().len(), 0);
}

#[tokio::test]
async fn an_expired_session_is_renewed_and_the_request_repeated_once() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|_| ());
    send(&upstream, v4("get_entry")).await.unwrap();
    crm.with(|state| state.live.clear());
    let answer = send(&upstream, v4("set_entry")).await.unwrap();
    assert!(text(&answer).contains("echo"));
    assert!(!text(&answer).contains("t0ken"));
    assert_eq!(crm.with(|s| (s.logins, s.calls["set_entry"])), (2, 2));
}

#[tokio::test]
async fn a_second_refusal_is_the_answer_and_is_not_renewed_again_for_a_while() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|_| ());
    crm.with(|state| state.refuse_all = true);
    let answer = send(&upstream, v4("get_entry")).await.unwrap();
    assert!(text(&answer).contains("Invalid Session ID"));
    assert!(!text(&answer).contains("t0ken"), "{}", text(&answer));
    assert_eq!(crm.with(|s| (s.logins, s.calls["get_entry"])), (2, 2));
    send(&upstream, v4("get_entry")).await.unwrap();
    assert_eq!(crm.with(|s| (s.logins, s.calls["get_entry"])), (2, 3));
}

#[tokio::test]
async fn a_change_that_may_have_happened_is_not_repeated() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|recipe| recipe["refused_means_not_done"] = json!(false));
    send(&upstream, v4("get_entry")).await.unwrap();
    crm.with(|state| state.live.clear());
    let answer = send(&upstream, v4("set_entry")).await.unwrap();
    assert!(text(&answer).contains("Invalid Session ID"));
    assert_eq!(crm.with(|s| (s.logins, s.calls["set_entry"])), (1, 1));
    let answer = send(&upstream, v4("set_entry")).await.unwrap();
    assert!(text(&answer).contains("echo"));
    assert_eq!(crm.with(|s| (s.logins, s.calls["set_entry"])), (2, 2));
}

#[tokio::test]
async fn two_requests_that_meet_an_expired_session_log_in_once() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|_| ());
    send(&upstream, v4("first")).await.unwrap();
    crm.with(|state| state.live.clear());
    let all = (0..8).map(|_| send(&upstream, v4("get_entry")));
    for answer in futures::future::join_all(all).await {
        assert!(text(&answer.unwrap()).contains("echo"));
    }
    let (logins, calls) = crm.with(|s| (s.logins, s.calls["get_entry"]));
    assert_eq!(logins, 2);
    assert!((9..=16).contains(&calls), "{calls}");
}

#[tokio::test]
async fn a_refused_login_is_quoted_held_back_and_gives_nothing_away() {
    for (refusal, quoted) in [
        (invalid_login(), "Invalid Login (10)"),
        (
            ok(&json!({ "name": format!("bad {PASSWORD}"), "number": 10 })),
            "HTTP 200",
        ),
        (
            answer("401 Unauthorized", &[], "<html>hunter2</html>"),
            "HTTP 401",
        ),
        (ok(&Value::Null), "HTTP 200"),
    ] {
        let crm = Crm::new().await;
        let upstream = crm.upstream(|recipe| recipe["sessions"] = json!(4));
        crm.with(|state| state.refuse_login = Some(refusal));
        let all = (0..6).map(|_| send(&upstream, v4("get_entry")));
        for failed in futures::future::join_all(all).await {
            let failed = failed.unwrap_err();
            assert_eq!(failed.reason, Reason::CredentialRejected);
            assert_eq!(failed.stage, Stage::NotSent);
            assert!(failed.retry_after.unwrap() > Duration::from_secs(50));
            let wanted = format!("the CRM refused the login of credential `api`: {quoted}");
            assert_eq!(failed.detail, wanted);
        }
        let held = send(&upstream, v4("get_entry")).await.unwrap_err();
        assert_eq!(
            (held.reason, held.stage),
            (Reason::CredentialRejected, Stage::NotSent)
        );
        assert!(
            held.detail
                .starts_with("the CRM refused credential `api` 0 s ago")
        );
        assert_eq!(
            crm.with(|state| state.logins),
            1,
            "one login, not one per request"
        );
        assert_eq!(crm.stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_login_without_a_usable_answer_is_no_refusal_and_leaves_the_request_unsent() {
    for (reply, detail) in [
        (answer("500 Oops", &[], "hunter2"), "the CRM answered 500"),
        (
            answer("404 Not Found", &[], ""),
            "the CRM answered 404; is the URL the CRM's own?",
        ),
        (
            answer("302 Found", &["location: /x"], ""),
            "it was answered with a redirect (302); is the URL the CRM's own?",
        ),
        (
            answer("200 OK", &[], "<html>hunter2"),
            "the CRM's answer is not JSON; is the URL the CRM's own?",
        ),
        (
            ok(&json!({ "id": "short" })),
            "the CRM's answer has a token of fewer than 8 characters, which could not be kept from plugins",
        ),
        (
            b"gibberish\r\n\r\n".to_vec(),
            "what came back is not an answer in HTTP, or none came",
        ),
    ] {
        let crm = Crm::new().await;
        let upstream = crm.upstream(|_| ());
        crm.with(|state| state.refuse_login = Some(reply));
        let wanted = format!("the login of credential `api` failed: {detail}");
        assert_eq!(
            fail(&upstream, v4("set_entry")).await,
            (Reason::Protocol, Stage::NotSent, wanted)
        );
        crm.with(|state| state.refuse_login = None);
        let answer = send(&upstream, v4("set_entry")).await.unwrap();
        assert!(
            text(&answer).contains("echo"),
            "it works at once when the CRM does"
        );
    }
}

#[tokio::test]
async fn a_login_that_takes_too_long_is_a_timeout_before_anything_was_sent() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|_| ());
    crm.with(|state| state.hold_login = Some(Arc::default()));
    let soon = Instant::now() + RESERVE + Duration::from_millis(300);
    let all = (0..2).map(|_| upstream.send(v4("set_entry"), soon));
    for failed in futures::future::join_all(all).await {
        let failed = failed.unwrap_err();
        assert_eq!(
            (failed.reason, failed.stage),
            (Reason::Timeout, Stage::NotSent),
            "{}",
            failed.detail
        );
    }
    assert_eq!(crm.with(|state| state.calls.len()), 0);
}

#[tokio::test]
async fn tokens_of_headers_and_cookies() {
    for (capture, place, sent) in [
        (
            json!({ "cookie": "sid" }),
            json!({ "cookie": "sid" }),
            "cookie: sid=c00kie-value\r\n",
        ),
        (
            json!({ "header": "X-Token" }),
            json!({ "header": "authorization", "value": "Token {token}" }),
            "authorization: Token h3ader-value\r\n",
        ),
    ] {
        let login = answer(
            "204 No Content",
            &[
                "set-cookie: other=1; Path=/",
                "set-cookie: sid=c00kie-value; HttpOnly",
                "x-token: h3ader-value",
            ],
            "",
        );
        let stub = Stub::new(vec![
            Reply::Bytes(login),
            Reply::Echo,
            Reply::Bytes(answer("401 No", &[], "")),
            Reply::Echo,
        ])
        .await;
        let mut spec = spec(stub.port);
        spec.credentials = credentials(json!({ "api": [{ "name": "a", "recipe": "login",
            "login": { "method": "POST", "path": "login", "json": { "password": "{key}" } },
            "capture": capture, "place": place }] }));
        let upstream = Upstream::new(spec).unwrap();
        let answer = send(&upstream, signed(Method::Get, &["a"])).await.unwrap();
        assert!(stub.seen()[1].contains(sent), "{}", stub.seen()[1]);
        assert!(!text(&answer).contains("-value"), "{}", text(&answer));
        assert!(stub.seen()[0].contains("content-type: application/json\r\n"));
    }
}

#[test]
fn nothing_prints_a_password() {
    let upstream = Upstream::new(spec(1)).unwrap();
    assert!(!format!("{upstream:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_login_outlives_the_request_that_began_it() {
    let crm = Crm::new().await;
    let signal = Arc::<tokio::sync::Notify>::default();
    crm.with(|state| state.hold_login = Some(Arc::clone(&signal)));
    let upstream = crm.upstream(|_| ());
    let mut first = tokio::task::JoinSet::new();
    first.spawn({
        let upstream = Arc::clone(&upstream);
        async move { send(&upstream, v4("get_entry")).await.map(drop) }
    });
    crm.until(|state| state.logins == 1).await;
    first.abort_all();
    let ended = first.join_next().await.unwrap();
    assert!(ended.unwrap_err().is_cancelled());
    crm.with(|state| state.hold_login = None);
    signal.notify_one();
    let answer = send(&upstream, v4("get_entry")).await.unwrap();
    assert!(text(&answer).contains("echo"));
    assert_eq!(crm.with(|s| (s.logins, s.calls["get_entry"])), (1, 1));
}
