//! Deleting and merging: what goes is counted first, and no row is no deletion.

use portcullis_sdk::{
    Outcome,
    testing::{delete, post},
};
use serde_json::json;

use crate::fixtures::{contact, counted, crm, failed, one, refused, table};

#[test]
fn deleting_a_company_counts_everything_that_goes_with_it() {
    let crm = crm()
        .expect(
            one("companies_summary", 1)
                .reply(200, json!([{"id": 1, "name": "Acme", "nb_deals": 1}])),
        )
        .expect(counted(
            table("contacts")
                .query("company_id", "eq.1")
                .query("limit", 1),
            json!([{"id": 1}]),
            "0-0/12",
        ))
        .expect(counted(
            table("tasks")
                .query("select", "id,contacts!inner(company_id)")
                .query("contacts.company_id", "eq.1"),
            json!([{"id": 1}]),
            "0-0/30",
        ))
        .expect(counted(
            table("contact_notes").query("contacts.company_id", "eq.1"),
            json!([]),
            "*/0",
        ))
        .expect(counted(
            table("deals").query("company_id", "eq.1"),
            json!([{"id": 1}]),
            "0-0/2",
        ))
        .expect(counted(
            table("deal_notes").query("deals.company_id", "eq.1"),
            json!([{"id": 1}]),
            "0-0/5",
        ))
        .expect(
            delete("rest/v1/companies")
                .query("id", "eq.1")
                .query("select", "id")
                .reply(200, json!([{"id": 1}])),
        );
    let arguments = json!({"entity": "companies", "id": 1});
    let shown = crm.preview("delete_record", arguments.clone()).unwrap();
    assert_eq!(
        shown["dependents"],
        json!({"contacts": 12, "contact_tasks": 30, "contact_notes": 0, "deals": 2, "deal_notes": 5})
    );
    let summary = shown["summary"].as_str().unwrap();
    assert!(
        summary.contains("`Acme` (1)")
            && summary.contains("12 contacts")
            && summary.contains("may not see"),
        "{summary}"
    );
    assert_eq!(
        crm.invoke("delete_record", arguments).unwrap(),
        json!({"entity": "companies", "deleted": 1})
    );
}

#[test]
fn other_records_count_what_is_theirs() {
    let crm = crm()
        .expect(one("deals", 3).reply(200, json!([{"id": 3, "name": "Rollout"}])))
        .expect(counted(
            table("deal_notes").query("deal_id", "eq.3"),
            json!([]),
            "*/0",
        ))
        .expect(one("tags", 4).reply(200, json!([{"id": 4, "name": "vip"}])))
        .expect(counted(
            table("contacts").query("tags", "cs.{4}"),
            json!([{"id": 1}]),
            "0-0/7",
        ))
        .expect(one("tasks", 5).reply(200, json!([{"id": 5, "text": "Call"}])));
    for (entity, id, words) in [
        ("deals", 3, "Nothing that this user can see"),
        ("tags", 4, "7 contacts that have it: they keep its number"),
        ("tasks", 5, "`Call` (5)"),
    ] {
        let shown = crm
            .preview("delete_record", json!({"entity": entity, "id": id}))
            .unwrap();
        assert!(
            shown["summary"].as_str().unwrap().contains(words),
            "{shown}"
        );
    }
}

#[test]
fn no_row_in_the_answer_is_no_deletion() {
    for (seen, code) in [
        (json!([{"id": 3}]), "NOT_APPLIED"),
        (json!([]), "RECORD_NOT_FOUND"),
    ] {
        let crm = crm()
            .expect(
                delete("rest/v1/tasks")
                    .query("id", "eq.3")
                    .reply(200, json!([])),
            )
            .expect(one("tasks", 3).reply(200, seen));
        let failure = failed(crm.invoke("delete_record", json!({"entity": "tasks", "id": 3})));
        assert_eq!(
            (&*failure.code, failure.outcome),
            (code, Some(Outcome::NotDone))
        );
    }
}

#[test]
fn a_merge_shows_both_and_reads_the_one_that_stays() {
    let both = || {
        [
            one("contacts_summary", 3).reply(200, json!([contact(3, "Jane", "Do")])),
            one("contacts_summary", 2).reply(200, json!([contact(2, "Jane", "Doe")])),
        ]
    };
    let crm = crm()
        .expect_all(both())
        .expect(counted(
            table("tasks").query("contact_id", "eq.3"),
            json!([{"id": 1}]),
            "0-0/2",
        ))
        .expect(counted(
            table("contact_notes").query("contact_id", "eq.3"),
            json!([]),
            "*/0",
        ))
        .expect(counted(
            table("deals").query("contact_ids", "cs.{3}"),
            json!([]),
            "*/0",
        ))
        .expect(
            post("rest/v1/rpc/merge_contacts")
                .body(json!({"loser_id": 3, "winner_id": 2}))
                .reply(200, json!(2)),
        )
        .expect(
            table("contacts_summary")
                .query("id", "in.(3,2)")
                .reply(200, json!([contact(2, "Jane", "Doe")])),
        );
    let arguments = json!({"loser_id": 3, "winner_id": 2});
    let shown = crm.preview("merge_contacts", arguments.clone()).unwrap();
    assert_eq!(shown["moves"]["tasks"], 2);
    assert!(shown["summary"].as_str().unwrap().contains("`Jane Do` (3)"));
    let merged = crm.invoke("merge_contacts", arguments).unwrap();
    assert_eq!(
        (&merged["winner_id"], &merged["deleted"]),
        (&json!(2), &json!(3))
    );
}

#[test]
fn a_merge_that_left_the_loser_is_partly_done() {
    let merge = || post("rest/v1/rpc/merge_contacts").reply(200, json!(2));
    let arguments = json!({"loser_id": 3, "winner_id": 2});
    let left = json!([contact(3, "Jane", "Do"), contact(2, "Jane", "Doe")]);
    let crm = crm()
        .expect(merge())
        .expect(table("contacts_summary").reply(200, left))
        .expect(merge())
        .expect(table("contacts_summary").reply(500, json!({})));
    let failure = failed(crm.invoke("merge_contacts", arguments.clone()));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PARTIAL", Some(Outcome::PartlyDone))
    );
    let failure = failed(crm.invoke("merge_contacts", arguments));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
}

#[test]
fn a_merge_names_the_contact_that_is_not_there() {
    let crm = crm()
        .expect(refused(
            post("rest/v1/rpc/merge_contacts"),
            400,
            "P0001",
            "Contact not found",
        ))
        .expect(one("contacts_summary", 3).reply(200, json!([])))
        .expect(refused(
            post("rest/v1/rpc/merge_contacts"),
            404,
            "PGRST202",
            "Could not find the function",
        ));
    let arguments = json!({"loser_id": 3, "winner_id": 2});
    let failure = failed(crm.invoke("merge_contacts", arguments.clone()));
    assert_eq!(
        (&*failure.code, failure.fields[0].as_str()),
        ("RECORD_NOT_FOUND", "/loser_id")
    );
    let failure = failed(crm.invoke("merge_contacts", arguments));
    assert_eq!(&*failure.code, "NOT_INSTALLED");
    assert!(!failure.suggestion.as_ref().unwrap().contains("plugin sql"));
    let failure = failed(crm.invoke("merge_contacts", json!({"loser_id": 2, "winner_id": 2})));
    assert_eq!(failure.fields, ["/loser_id"]);
}
