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

#[test]
fn a_write_that_met_a_fault_of_the_notebook_may_have_happened() {
    use portcullis_sdk::Outcome;
    let harness = Harness::new(plugin()).expect(post("notes").reply(500, json!({})));
    let failure = harness
        .invoke("add_note", json!({"text": "bread"}))
        .unwrap_err();
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));

    let harness = Harness::new(plugin()).expect(post("notes").reply(422, json!({})));
    let failure = harness
        .invoke("add_note", json!({"text": "bread"}))
        .unwrap_err();
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
}

#[test]
fn ten_are_listed_unless_more_are_wanted_and_a_misspelt_limit_is_refused() {
    let harness =
        Harness::new(plugin()).expect(get("notes").query("limit", 10).reply(200, json!([])));
    harness.invoke("list_notes", json!({})).unwrap();
    let failure = harness
        .invoke("list_notes", json!({"limits": 2}))
        .unwrap_err();
    assert_eq!(failure.code, "INVALID_ARGUMENT");
}

#[test]
fn the_token_is_the_only_secret_and_goes_along_as_a_bearer() {
    let manifest = serde_json::to_value(plugin().describe()).unwrap();
    assert_eq!(manifest["secrets"]["token"]["title"], "Access token");
    let slot = &manifest["credentials"]["default"];
    assert_eq!(slot.as_array().unwrap().len(), 1);
    assert_eq!(
        (&slot[0]["name"], &slot[0]["recipe"], &slot[0]["value"]),
        (&json!("token"), &json!("bearer"), &json!("{token}"))
    );
    assert_eq!(slot[0]["needs"], json!(["token"]));
}
