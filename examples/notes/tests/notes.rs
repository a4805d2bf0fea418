//! The plugin natively: no wasm, no network.

use notes_plugin::plugin;
use portcullis_sdk::testing::{Harness, get, post};
use serde_json::json;

#[test]
fn lists_as_many_as_asked_for() {
    let harness = Harness::new(plugin()).expect(
        get("notes")
            .query("limit", 2)
            .reply(200, json!([{"id": 1, "text": "milk"}])),
    );
    assert_eq!(
        harness.invoke("list_notes", json!({"limit": 2})).unwrap(),
        json!({"records": [{"id": 1, "text": "milk"}]})
    );
}

#[test]
fn adds_a_note() {
    let sent = json!({"kind": "note", "text": "bread"});
    let harness = Harness::new(plugin()).expect(
        post("notes")
            .body(sent)
            .reply(201, json!({"id": 2, "text": "bread"})),
    );
    assert_eq!(
        harness
            .invoke("add_note", json!({"text": " bread "}))
            .unwrap()["id"],
        2
    );
}

#[test]
fn refuses_a_limit_that_the_notebook_does_not_take() {
    let failure = Harness::new(plugin())
        .invoke("list_notes", json!({"limit": 51}))
        .unwrap_err();
    assert_eq!(failure.fields, ["/limit"]);
}

#[test]
fn a_write_whose_answer_was_lost_says_so() {
    use portcullis_sdk::{Outcome, Reason, Stage};
    let harness =
        Harness::new(plugin()).expect(post("notes").fail(Reason::Timeout, Stage::MaybeSent));
    let failure = harness
        .invoke("add_note", json!({"text": "bread"}))
        .unwrap_err();
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
}
