//! link_records and unlink_records: both ends looked at, before and after.

use portcullis_sdk::{
    Outcome,
    testing::{Exchange, Harness},
};
use serde_json::{Value, json};

use crate::fixtures::{
    ID, OTHER, THIRD, broken, crm, entries, failed, fields, gone, modules, row, there, v4,
};

fn linked(ids: &[&str]) -> Exchange {
    let rows = ids
        .iter()
        .map(|id| row("Contacts", id, json!({})))
        .collect();
    let clause = format!("(contacts.id IN ('{OTHER}','{THIRD}'))");
    v4(
        "get_relationships",
        json!([
            "Accounts",
            ID,
            "contacts",
            clause,
            ["id"],
            [],
            0,
            "",
            0,
            500
        ]),
    )
    .reply(200, entries(rows))
}

fn both() -> Exchange {
    v4("get_entries", json!(["Contacts", [OTHER, THIRD], ["id"]])).reply(
        200,
        entries(vec![
            row("Contacts", OTHER, json!({})),
            row("Contacts", THIRD, json!({})),
        ]),
    )
}

fn set(ids: Value, delete: u8) -> Exchange {
    v4(
        "set_relationship",
        json!(["Accounts", ID, "contacts", ids, [], delete]),
    )
}

fn start(before: &[&str]) -> Harness {
    crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(fields("Contacts"))
        .expect(there("Accounts", ID, json!({})))
        .expect(linked(before))
}

fn ask() -> Value {
    json!({"module": "Accounts", "id": ID, "link_field": "contacts", "related_ids": [OTHER, THIRD, OTHER]})
}

#[test]
fn only_what_is_not_linked_is_linked_and_counted() {
    let harness = start(&[OTHER])
        .expect(both())
        .expect(set(json!([THIRD]), 0).reply(200, json!({"created": 1, "failed": 0, "deleted": 0})))
        .expect(linked(&[OTHER, THIRD]));
    let done = harness.invoke("link_records", ask()).unwrap();
    assert_eq!(
        (
            &done["created"],
            &done["linked"],
            &done["already_linked"],
            &done["failed"]
        ),
        (&json!(1), &json!([THIRD]), &json!([OTHER]), &json!([]))
    );
}

#[test]
fn a_yes_without_a_link_is_no_link() {
    let harness = start(&[])
        .expect(both())
        .expect(
            set(json!([OTHER, THIRD]), 0)
                .reply(200, json!({"created": 1, "failed": 0, "deleted": 0})),
        )
        .expect(linked(&[]));
    let failure = failed(harness.invoke("link_records", ask()));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("NOT_APPLIED", Some(Outcome::NotDone))
    );
    let harness = start(&[])
        .expect(both())
        .expect(
            set(json!([OTHER, THIRD]), 0)
                .reply(200, json!({"created": 1, "failed": 0, "deleted": 0})),
        )
        .expect(linked(&[OTHER]));
    let done = harness.invoke("link_records", ask()).unwrap();
    assert_eq!(
        (&done["linked"], &done["failed"]),
        (&json!([OTHER]), &json!([THIRD]))
    );
}

#[test]
fn a_broken_off_link_is_read() {
    let harness = start(&[])
        .expect(both())
        .expect(broken(set(json!([OTHER, THIRD]), 0)))
        .expect(linked(&[OTHER, THIRD]));
    assert_eq!(harness.invoke("link_records", ask()).unwrap()["created"], 2);
    let again = broken(v4("get_relationships", json!(["Accounts", ID])));
    let harness = start(&[])
        .expect(both())
        .expect(broken(set(json!([OTHER, THIRD]), 0)))
        .expect(again);
    assert_eq!(
        failed(harness.invoke("link_records", ask())).outcome,
        Some(Outcome::MayHaveHappened)
    );
}

#[test]
fn a_link_that_broke_off_and_is_not_there_stays_open() {
    let harness = start(&[])
        .expect(both())
        .expect(broken(set(json!([OTHER, THIRD]), 0)))
        .expect(linked(&[]));
    let failure = failed(harness.invoke("link_records", ask()));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    assert_ne!(
        failure.code, "NOT_APPLIED",
        "it did not answer without an error"
    );
}

#[test]
fn unlinking_removes_what_is_there() {
    let harness = start(&[THIRD])
        .expect(set(json!([THIRD]), 1).reply(200, json!({"created": 0, "failed": 0, "deleted": 1})))
        .expect(linked(&[]));
    let done = harness.invoke("unlink_records", ask()).unwrap();
    assert_eq!(
        (&done["deleted"], &done["unlinked"], &done["not_linked"]),
        (&json!(1), &json!([THIRD]), &json!([OTHER]))
    );
    let harness = start(&[THIRD])
        .expect(set(json!([THIRD]), 1).reply(200, json!({"created": 0, "failed": 0, "deleted": 1})))
        .expect(linked(&[THIRD]));
    assert_eq!(
        &*failed(harness.invoke("unlink_records", ask())).code,
        "NOT_APPLIED"
    );
}

/// What a dry run shows for one id.
fn request(id: &str, delete: u8) -> Value {
    json!([{"method": "set_relationship", "arguments": ["Accounts", ID, "contacts", [id], [], delete]}])
}

#[test]
fn dry_runs_change_nothing() {
    let mut dry = ask();
    dry["dry_run"] = true.into();
    let done = start(&[OTHER])
        .expect(both())
        .invoke("link_records", dry.clone())
        .unwrap();
    assert_eq!(
        (&done["created"], &done["note"]),
        (&json!(0), &json!(format!("dry run: would link {THIRD}")))
    );
    assert_eq!(done["would_send"], request(THIRD, 0));
    let done = start(&[OTHER])
        .invoke("unlink_records", dry.clone())
        .unwrap();
    assert_eq!(
        done["note"],
        json!(format!("dry run: would unlink {OTHER}"))
    );
    assert_eq!(done["would_send"], request(OTHER, 1));
    let done = start(&[]).invoke("unlink_records", dry).unwrap();
    assert_eq!(done.get("would_send"), None);
}

#[test]
fn an_unknown_record_is_refused_before() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(fields("Contacts"))
        .expect(gone("Accounts", ID));
    let failure = failed(harness.invoke("link_records", ask()));
    assert_eq!(
        (&*failure.code, failure.fields.as_slice()),
        ("RECORD_NOT_FOUND", ["/id".to_owned()].as_slice())
    );
}

/// A page of what is behind a link whose module nobody tells.
fn page(offset: usize, ids: &[String]) -> Exchange {
    let rows = ids
        .iter()
        .map(|id| row("Contacts", id, json!({})))
        .collect();
    v4(
        "get_relationships",
        json!([
            "Accounts",
            ID,
            "partners",
            "",
            ["id"],
            [],
            0,
            "",
            offset,
            500
        ]),
    )
    .reply(200, entries(rows))
}

fn many(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("else-{index}")).collect()
}

fn partners() -> Harness {
    crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(there("Accounts", ID, json!({})))
}

#[test]
fn links_without_a_module_are_read_to_the_end() {
    let set = |ids: Value| {
        v4(
            "set_relationship",
            json!(["Accounts", ID, "partners", ids, [], 0]),
        )
        .reply(200, json!({"created": 1, "failed": 0, "deleted": 0}))
    };
    let ask = json!({"module": "Accounts", "id": ID, "link_field": "partners", "related_ids": [OTHER, THIRD]});
    let harness = partners()
        .expect(page(0, &many(500)))
        .expect(page(500, &[]))
        .expect(set(json!([OTHER, THIRD])))
        .expect(page(0, &many(500)))
        .expect(page(500, &[OTHER.to_owned()]));
    let done = harness.invoke("link_records", ask.clone()).unwrap();
    assert_eq!(
        (&done["linked"], &done["failed"]),
        (&json!([OTHER]), &json!([THIRD]))
    );
    let note = done["note"].as_str().unwrap();
    assert!(note.contains("may not exist"), "{note}");

    let endless = |harness: Harness| {
        (0..20).fold(harness, |harness, index| {
            harness.expect(page(index * 500, &many(500)))
        })
    };
    let failure = failed(endless(partners()).invoke("link_records", ask));
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
    assert!(failure.message.contains("10000"), "{}", failure.message);
}

#[test]
fn the_module_behind_a_link_is_learnt_from_the_other_side() {
    let missing = v4("get_entries", json!(["Leads", [OTHER, THIRD], ["id"]]))
        .reply(200, entries(vec![row("Leads", OTHER, json!({}))]));
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(fields("Leads"))
        .expect(there("Accounts", ID, json!({})))
        .expect(missing);
    let failure = failed(harness.invoke(
        "link_records",
        json!({"module": "Accounts", "id": ID, "link_field": "leads", "related_ids": [OTHER, THIRD]}),
    ));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("RECORD_NOT_FOUND", Some(Outcome::NotDone))
    );
    assert_eq!(failure.details, Some(json!({"missing": [THIRD]})));
}
