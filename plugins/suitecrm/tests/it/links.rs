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
            100
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
    let done = start(&[OTHER]).invoke("unlink_records", dry).unwrap();
    assert_eq!(
        done["note"],
        json!(format!("dry run: would unlink {OTHER}"))
    );
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

#[test]
fn links_without_a_module_are_verified_by_reading_them() {
    let read = |ids: &[&str]| {
        let rows = ids
            .iter()
            .map(|id| row("Contacts", id, json!({})))
            .collect();
        v4(
            "get_relationships",
            json!(["Accounts", ID, "partners", "", ["id"], [], 0, "", 0, 1000]),
        )
        .reply(200, entries(rows))
    };
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(there("Accounts", ID, json!({})))
        .expect(read(&[]))
        .expect(
            v4(
                "set_relationship",
                json!(["Accounts", ID, "partners", [OTHER], [], 0]),
            )
            .reply(200, json!({"created": 1, "failed": 0, "deleted": 0})),
        )
        .expect(read(&[OTHER, "else"]));
    let done = harness
        .invoke(
            "link_records",
            json!({"module": "Accounts", "id": ID, "link_field": "partners", "related_ids": OTHER}),
        )
        .unwrap();
    assert_eq!(done["linked"], json!([OTHER]));
}
