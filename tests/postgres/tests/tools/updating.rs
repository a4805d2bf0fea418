//! Changes of single records, and tags by name.

use portcullis_postgres_tests::{Caller, Project};
use portcullis_sdk::Outcome;
use serde_json::{Value, json};

use crate::crm::{crm, run, stored};

#[test]
fn what_is_named_changes_and_nothing_else() {
    let project = Project::start().unwrap();
    run(&project, "update deals set updated_at = '2026-01-01'");
    let crm = crm(&project, Caller::Rep);
    for (entity, id, data, column, now) in [
        (
            "contacts",
            1,
            json!({"email": ["New@acme.example"]}),
            "email_jsonb",
            json!([{"email": "new@acme.example", "type": "Work"}]),
        ),
        ("contacts", 1, json!({"title": null}), "title", Value::Null),
        (
            "contacts",
            1,
            json!({"tags": ["customer"]}),
            "tags",
            json!([2]),
        ),
        (
            "companies",
            3,
            json!({"website": "hooli.example"}),
            "website",
            json!("https://hooli.example"),
        ),
        (
            "deals",
            1,
            json!({"amount": "70000"}),
            "amount",
            json!(70000),
        ),
        (
            "deals",
            1,
            json!({"contact_ids": []}),
            "contact_ids",
            json!([]),
        ),
        (
            "tasks",
            1,
            json!({"due_date": "2027-02-03"}),
            "due_date",
            json!("2027-02-03T00:00:00+00:00"),
        ),
        (
            "contact_notes",
            1,
            json!({"text": "Corrected"}),
            "text",
            json!("Corrected"),
        ),
        (
            "deal_notes",
            1,
            json!({"text": "Corrected"}),
            "text",
            json!("Corrected"),
        ),
        (
            "tags",
            1,
            json!({"color": "#99c1de"}),
            "color",
            json!("#99c1de"),
        ),
    ] {
        let before = crm.record(entity, id);
        let told = crm.call(
            "update_record",
            json!({"entity": entity, "id": id, "data": data}),
        );
        assert_eq!(told["record"][column], now, "{entity} {data}");
        assert_eq!(told.get("warnings"), None, "{told}");
        let mut after = crm.record(entity, id);
        assert_eq!(after[column], now);
        // What follows from it, in the database or beside it.
        let mut before = before;
        for name in [
            column,
            "updated_at",
            "logo",
            "tag_names",
            "email_fts",
            "contacts",
        ] {
            for record in [&mut before, &mut after] {
                record.as_object_mut().unwrap().remove(name);
            }
        }
        assert_eq!(after, before, "{entity} {data}");
    }
    assert!(crm.record("deals", 1)["updated_at"].as_str().unwrap() > "2026-01-02");
}

#[test]
fn tags_go_by_name_and_are_made_where_they_are_not() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    let told = crm.call(
        "tag_contact",
        json!({"id": 2, "add": ["VIP", "new one"], "remove": ["customer"]}),
    );
    assert_eq!(
        told,
        json!({"id": 2, "tags": ["vip", "new one"], "created": ["new one"], "not_there": ["customer"]})
    );
    assert_eq!(
        crm.record("contacts", 2)["tag_names"],
        json!(["vip", "new one"])
    );
    assert_eq!(
        stored(&project, "select color from tags where name = 'new one'"),
        "#fde2e4"
    );
    let told = crm.call("tag_contact", json!({"id": 2, "remove": ["vip"]}));
    assert_eq!(told["tags"], json!(["new one"]));
}

#[test]
fn what_may_be_seen_and_not_changed_is_not_reported_as_changed() {
    let project = Project::start().unwrap();
    run(
        &project,
        r#"drop policy "signed-in users" on tasks;
           create policy "all see" on tasks for select to authenticated using (true);
           create policy "own change" on tasks for update to authenticated using (sales_id = 1);
           create policy "own go" on tasks for delete to authenticated using (sales_id = 1)"#,
    );
    let crm = crm(&project, Caller::Rep);
    for (tool, arguments) in [
        (
            "update_record",
            json!({"entity": "tasks", "id": 1, "data": {"text": "x"}}),
        ),
        ("complete_task", json!({"id": 1})),
        ("delete_record", json!({"entity": "tasks", "id": 1})),
    ] {
        let failure = crm.fails(tool, arguments);
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("NOT_APPLIED", Some(Outcome::NotDone)),
            "{tool}"
        );
    }
    let failure = crm.fails(
        "create_record",
        json!({"entity": "tasks", "data": {"contact_id": 1, "text": "x"}}),
    );
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PERMISSION_DENIED", Some(Outcome::NotDone))
    );
    assert_eq!(
        stored(&project, "select count(*) || max(text) from tasks"),
        "2Mail John"
    );
}
