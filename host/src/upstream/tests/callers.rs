//! Callers' own tokens on the wire: each signs its own call, on a connection that is made for it.

use super::*;
use crate::caller::{Caller, Token};

const ADA: &str = "pat_ada/0123456789+a";
const BOB: &str = "pat_bob/0123456789+b";

fn slots() -> Value {
    json!({ "api": [
        { "name": "key", "needs": ["key"], "recipe": "bearer", "value": "{key}" },
        { "name": "caller", "recipe": "forward" }
    ] })
}

fn made(port: u16, forward: bool) -> Upstream {
    let spec = Spec {
        credentials: credentials(slots()),
        forward,
        ..spec(port)
    };
    Upstream::new(spec).unwrap()
}

fn by(token: &str) -> Outgoing {
    Outgoing {
        caller: Some(Token::new(token).unwrap()),
        ..signed(Method::Get, &["a"])
    }
}

#[tokio::test]
async fn a_token_signs_its_own_request_and_its_echo_is_taken_out() {
    let stub = Stub::new(vec![Reply::Echo, Reply::Echo]).await;
    let upstream = made(stub.port, true);
    for token in [ADA, BOB] {
        let answer = send(&upstream, by(token)).await.unwrap();
        let body = String::from_utf8(answer.body).unwrap();
        assert!(
            body.contains(REDACTED) && !body.contains("0123456789"),
            "{body}"
        );
        let sent = stub.seen().pop().unwrap();
        assert!(
            sent.contains(&format!("authorization: Bearer {token}\r\n")),
            "{sent}"
        );
        assert!(!sent.contains(KEY), "{sent}");
    }
}

#[tokio::test]
async fn a_connection_with_an_account_never_sends_a_callers_token() {
    let stub = Stub::new(vec![Reply::Echo]).await;
    send(&made(stub.port, false), by(ADA)).await.unwrap();
    let sent = stub.seen().remove(0);
    assert!(
        sent.contains(&format!("authorization: Bearer {KEY}\r\n")),
        "{sent}"
    );
    assert!(!sent.contains(ADA), "{sent}");
}

#[tokio::test]
async fn a_call_without_a_token_is_not_sent() {
    let (reason, stage, detail) = fail(&made(1, true), signed(Method::Get, &["a"])).await;
    assert_eq!((reason, stage), (Reason::CredentialMissing, Stage::NotSent));
    assert_eq!(
        detail,
        "credential `api` is the caller's own token, and this call brought none"
    );
}

#[tokio::test]
async fn a_person_is_not_held_back_under_a_new_token_and_its_echo_is_taken_out() {
    let refused = Reply::Bytes(answer("401 Unauthorized", &[], ""));
    let stub = Stub::new(vec![refused, Reply::Echo]).await;
    let upstream = made(stub.port, true);
    let by_ada = |token| {
        let caller = Caller::person("https://crm.example", "ada", Token::new(token).unwrap());
        Outgoing {
            caller: caller.token().cloned(),
            ..signed(Method::Get, &["a"])
        }
    };
    assert_eq!(send(&upstream, by_ada(ADA)).await.unwrap().status, 401);
    let answer = send(&upstream, by_ada(BOB)).await.unwrap();
    let body = String::from_utf8(answer.body).unwrap();
    assert!(body.contains(REDACTED) && !body.contains(BOB), "{body}");
}

#[tokio::test]
async fn a_refused_token_holds_back_its_holder_alone() {
    let refused = Reply::Bytes(answer("401 Unauthorized", &[], ""));
    let fine = Reply::Bytes(answer("200 OK", &[], ""));
    let stub = Stub::new(vec![refused, fine]).await;
    let upstream = made(stub.port, true);
    assert_eq!(send(&upstream, by(ADA)).await.unwrap().status, 401);
    let (reason, stage, detail) = fail(&upstream, by(ADA)).await;
    assert_eq!(
        (reason, stage),
        (Reason::CredentialRejected, Stage::NotSent)
    );
    assert!(
        detail.starts_with("the CRM refused the token of this caller 0 s ago"),
        "{detail}"
    );
    assert_eq!(send(&upstream, by(BOB)).await.unwrap().status, 200);
    assert_eq!(stub.seen().len(), 2);
}

#[test]
fn what_the_plugin_and_the_identity_have_to_agree_on() {
    let only = |recipe: Value| json!({ "api": [recipe] });
    let key = json!({ "name": "key", "needs": ["key"], "recipe": "bearer", "value": "{key}" });
    let caller = json!({ "name": "caller", "recipe": "forward" });
    for (slots, auth, forward, expected) in [
        (
            only(key),
            None,
            true,
            "credential `api` of the plugin cannot be the caller's own token",
        ),
        (
            only(caller),
            None,
            false,
            "credential `api` of the plugin can only be the caller's own token",
        ),
        (
            slots(),
            Some("key"),
            true,
            "`auth` chooses `key`, which needs `identity = \"service\"`",
        ),
        (
            slots(),
            Some("caller"),
            false,
            "`auth` chooses `caller`, which needs `identity = \"forward\"`",
        ),
        (json!({}), None, true, "the plugin signs no request"),
    ] {
        let spec = Spec {
            credentials: credentials(slots),
            auth: auth.map(str::to_owned),
            forward,
            ..spec(1)
        };
        let told = Upstream::new(spec).unwrap_err().remove(0).to_string();
        assert!(told.starts_with(expected), "{told}");
    }
}
