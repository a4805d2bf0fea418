//! Destructive tools: a preview first, then the call that repeats it with the token, once, by the
//! same caller, with the same arguments, while the record is still what was shown.

use serde_json::{Value, json};

use crate::support::{Crm, Era, HttpMcp, Street, Stub, TestHost, text};
use portcullis::policy::Principal;

/// A lead that may be deleted, its arguments, and a host.
async fn doomed() -> (Crm, TestHost, Value) {
    let crm = Crm::start().await;
    let host = TestHost::over(&crm).await;
    let arguments = json!({"entityType": "Lead", "id": crm.first("Lead")});
    (crm, host, arguments)
}

fn with(arguments: &Value, key: &str, value: Value) -> Value {
    let mut arguments = arguments.clone();
    arguments[key] = value;
    arguments
}

async fn preview(host: &TestHost, arguments: &Value) -> Value {
    let answer = host
        .call("crm_delete", arguments.clone())
        .await
        .expect_err("a preview comes first");
    assert_eq!(answer["error"]["code"], "DELETE_NOT_CONFIRMED", "{answer}");
    answer
}

async fn refused(host: &TestHost, arguments: Value) -> String {
    let answer = host
        .call("crm_delete", arguments)
        .await
        .expect_err("not confirmed");
    assert_eq!(answer["error"]["code"], "DELETE_NOT_CONFIRMED", "{answer}");
    text(&answer, "/error/message").to_owned()
}

fn deletions(crm: &Crm) -> usize {
    crm.changes()
        .iter()
        .filter(|seen| seen.method == "DELETE")
        .count()
}

#[tokio::test]
async fn a_preview_shows_what_would_go_and_its_token_lets_the_call_through_once() {
    let (crm, host, arguments) = doomed().await;
    let shown = preview(&host, &arguments).await;
    assert!(
        text(&shown, "/preview/summary").contains("would be deleted"),
        "{shown}"
    );
    assert!(shown["expires_in_s"].is_number(), "{shown}");
    assert_eq!(deletions(&crm), 0);
    let confirmed = with(
        &arguments,
        "confirmation_token",
        shown["confirmation_token"].clone(),
    );
    let done = host
        .call("crm_delete", confirmed.clone())
        .await
        .expect("it was confirmed");
    assert_eq!(done["deleted"], arguments["id"]);
    assert_eq!(deletions(&crm), 1);
    let again = host
        .call("crm_delete", confirmed)
        .await
        .expect_err("a token is good once");
    assert_ne!(again["error"]["code"], "INTERNAL", "{again}");
    assert_eq!(deletions(&crm), 1);
}

#[tokio::test]
async fn yes_after_a_preview_suffices_and_yes_alone_does_not() {
    let (crm, host, arguments) = doomed().await;
    let yes = with(&arguments, "confirm", json!(true));
    let message = refused(&host, yes.clone()).await;
    assert!(message.contains("was not previewed"), "{message}");
    assert_eq!(deletions(&crm), 0);
    let done = host
        .call("crm_delete", yes)
        .await
        .expect("the refusal was the preview");
    assert_eq!(done["deleted"], arguments["id"]);
}

#[tokio::test]
async fn no_weighs_more_than_a_token() {
    let (crm, host, arguments) = doomed().await;
    let token = preview(&host, &arguments).await["confirmation_token"].clone();
    let no = with(&arguments, "confirmation_token", token);
    preview(&host, &with(&no, "confirm", json!(false))).await;
    assert_eq!(deletions(&crm), 0);
}

#[tokio::test]
async fn a_token_is_good_for_its_own_arguments_alone() {
    let (crm, host, arguments) = doomed().await;
    let token = preview(&host, &arguments).await["confirmation_token"].clone();
    let other = crm.memory.ids("Lead").pop().expect("several leads");
    let moved = json!({"entityType": "Lead", "id": other, "confirmation_token": token});
    assert!(refused(&host, moved).await.contains("was not previewed"));
    let wrong = with(&arguments, "confirmation_token", json!("guessed"));
    assert!(
        refused(&host, wrong)
            .await
            .contains("the token does not belong")
    );
    assert_eq!(deletions(&crm), 0);
}

#[tokio::test]
async fn a_token_is_good_for_its_own_caller_alone() {
    let (crm, mut host, arguments) = doomed().await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    let shown = client.call("crm_delete", arguments.clone()).await;
    let shown: Value = serde_json::from_str(text(&shown, "/content/0/text")).expect("JSON");
    let confirmed = with(
        &arguments,
        "confirmation_token",
        shown["confirmation_token"].clone(),
    );
    let operator = Principal::named("cli", "operator");
    let other = host
        .call_as(operator, "crm_delete", confirmed.clone())
        .await
        .expect_err("another caller");
    assert_eq!(other["error"]["code"], "DELETE_NOT_CONFIRMED", "{other}");
    assert_eq!(deletions(&crm), 0);
    let done = client.call("crm_delete", confirmed).await;
    assert_ne!(done["isError"], true, "{done}");
}

#[tokio::test]
async fn a_record_that_changed_meanwhile_is_shown_again() {
    let (crm, host, arguments) = doomed().await;
    let token = preview(&host, &arguments).await["confirmation_token"].clone();
    let change =
        json!({"entityType": "Lead", "id": arguments["id"], "data": {"lastName": "Changed"}});
    host.call("crm_update", change)
        .await
        .expect("the lead can be changed");
    let message = refused(&host, with(&arguments, "confirmation_token", token)).await;
    assert!(message.contains("no longer what was shown"), "{message}");
    assert_eq!(deletions(&crm), 0);
}

#[tokio::test]
async fn a_connection_may_leave_it_to_a_human_alone() {
    let crm = Crm::start().await;
    let config = format!(
        "{}\nconfirm = \"human\"\n",
        crate::policy::connection("read\", \"destructive")
    );
    let host = TestHost::with(&config, &crm.url()).await;
    let arguments = json!({"entityType": "Lead", "id": crm.first("Lead"), "confirm": true});
    for _ in 0..2 {
        let answer = host
            .call("crm_delete", arguments.clone())
            .await
            .expect_err("no human was asked");
        assert_eq!(answer["error"]["code"], "DELETE_NOT_CONFIRMED", "{answer}");
        assert!(answer.get("confirmation_token").is_none(), "{answer}");
        assert!(
            text(&answer, "/error/message").contains("human"),
            "{answer}"
        );
    }
    assert_eq!(deletions(&crm), 0);
}

#[tokio::test]
pub async fn writes_in_preview() {
    let stub = Stub::ok().await;
    let street = Street::of("writes_in_preview", "", &stub.url()).await;
    let remove = |arguments: Value| street.host.call("guest_remove", arguments);
    let previews = street.meanwhile(async || remove(json!({})).await).await;
    let mut token = Value::Null;
    for answer in previews {
        let answer = answer.expect_err("a preview");
        assert_eq!(answer["preview"]["reason"], "Denied", "{answer}");
        token = answer["confirmation_token"].clone();
    }
    let other = Principal::named("key", "somebody-else");
    let theirs = json!({"confirmation_token": token});
    let theirs = street.host.call_as(other, "guest_remove", theirs).await;
    let theirs = theirs.expect_err("a preview of their own");
    assert_eq!(theirs["preview"]["reason"], "Denied", "{theirs}");
    assert!(stub.seen().is_empty());
    let done = remove(json!({"confirmation_token": token}))
        .await
        .expect("confirmed");
    assert_eq!(done["status"], 200, "{done}");
    assert_eq!(stub.seen().len(), 1);
}
