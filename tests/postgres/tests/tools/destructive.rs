//! Deleting and merging.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::json;

use crate::crm::{crm, run, stored};

#[test]
fn a_company_takes_with_it_what_was_counted() {
    let project = Project::start().unwrap();
    run(
        &project,
        "insert into contact_notes (contact_id, text) values (2, 'a'), (3, 'b'); insert into deal_notes (deal_id, text) values (2, 'c')",
    );
    let crm = crm(&project, Caller::Rep);
    let arguments = json!({"entity": "companies", "id": 2});
    let counts = "select json_build_array((select count(*) from companies), (select count(*) from contacts), (select count(*) from tasks),
                    (select count(*) from contact_notes), (select count(*) from deals), (select count(*) from deal_notes))";
    let before = stored(&project, counts);
    let shown = crm.preview("delete_record", arguments.clone());
    assert_eq!(
        shown["dependents"],
        json!({"contacts": 2, "contact_tasks": 1, "contact_notes": 2, "deals": 1, "deal_notes": 1})
    );
    assert_eq!(shown["record"]["name"], "Globex");
    assert_eq!(
        (before, stored(&project, counts)),
        ("[3, 3, 2, 3, 2, 2]".into(), "[3, 3, 2, 3, 2, 2]".into())
    );
    assert_eq!(
        crm.call("delete_record", arguments.clone()),
        json!({"entity": "companies", "deleted": 2})
    );
    assert_eq!(stored(&project, counts), "[2, 1, 1, 1, 1, 1]");
    assert_eq!(
        &*crm.fails("delete_record", arguments).code,
        "RECORD_NOT_FOUND"
    );
}

#[test]
fn every_other_record_is_counted_and_deleted() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    for (entity, id, dependents) in [
        ("tags", 1, json!({"contacts_that_have_it": 2})),
        ("deals", 1, json!({"notes": 1})),
        (
            "contacts",
            2,
            json!({"tasks": 1, "notes": 0, "deals_that_name_it": 1}),
        ),
        ("tasks", 1, json!({})),
        ("contact_notes", 1, json!({})),
    ] {
        let arguments = json!({"entity": entity, "id": id});
        assert_eq!(
            crm.preview("delete_record", arguments.clone())["dependents"],
            dependents,
            "{entity}"
        );
        crm.call("delete_record", arguments);
        assert_eq!(
            stored(
                &project,
                &format!("select count(*) from {entity} where id = {id}")
            ),
            "0",
            "{entity}"
        );
    }
}

#[test]
fn a_merge_moves_everything_to_the_one_that_stays() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    let arguments = json!({"loser_id": 3, "winner_id": 2});
    let shown = crm.preview("merge_contacts", arguments.clone());
    assert_eq!(
        shown["moves"],
        json!({"tasks": 0, "notes": 0, "deals_that_name_it": 1})
    );
    assert_eq!(
        (
            &shown["loser"]["first_name"],
            &shown["winner"]["first_name"]
        ),
        (&json!("Johnny"), &json!("John"))
    );
    let merged = crm.call("merge_contacts", arguments.clone());
    assert_eq!(
        (&merged["winner_id"], &merged["deleted"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(merged["record"]["email_jsonb"].as_array().unwrap().len(), 2);
    assert_eq!(crm.record("deals", 2)["contact_ids"], json!([2]));
    let failure = crm.fails("merge_contacts", arguments);
    assert_eq!(
        (&*failure.code, &failure.fields[..]),
        ("RECORD_NOT_FOUND", &["/loser_id".to_owned()][..])
    );
}

#[test]
fn a_merge_that_leaves_the_loser_is_told_as_half_done() {
    let project = Project::start().unwrap();
    run(
        &project,
        r#"drop policy "signed-in users" on contacts;
           create policy "see" on contacts for select to authenticated using (true);
           create policy "change" on contacts for update to authenticated using (true)"#,
    );
    let failure =
        crm(&project, Caller::Rep).fails("merge_contacts", json!({"loser_id": 3, "winner_id": 2}));
    assert_eq!(&*failure.code, "PARTIAL");
    assert_eq!(failure.outcome, Some(portcullis_sdk::Outcome::PartlyDone));
}
