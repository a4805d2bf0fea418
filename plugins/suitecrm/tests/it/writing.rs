//! create, update and delete over v4_1: validation, keys, dry runs, verification.

use portcullis_sdk::{Outcome, Reason, Stage, testing::Exchange};
use serde_json::{Value, json};

use crate::fixtures::{
    ID, OTHER, broken, crm, entries, failed, fields, gone, numbered, row, there, v4,
};

const KEY: &str = "import 2026-11 row 4711";

fn set_entry(pairs: Value) -> Exchange {
    v4("set_entry", json!(["Accounts", pairs, false]))
}

#[test]
fn a_new_record_is_read_back() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(set_entry(json!([{"name": "name", "value": "R&D <Ltd>"}, {"name": "employees", "value": "12"}])).reply(200, json!({"id": ID, "entry_list": {"name": {"name": "name", "value": "R&amp;amp;D "}}})))
        .expect(there("Accounts", ID, json!({"name": "R&D ", "employees": "12"})));
    let made = harness
        .invoke(
            "create",
            json!({"module": "Accounts", "fields": {"name": "R&D <Ltd>", "employees": 12}}),
        )
        .unwrap();
    assert_eq!(
        (&made["created"], &made["id"], &made["via"]),
        (&json!(true), &json!(ID), &json!("v4_1"))
    );
    assert_eq!(
        made["stored_otherwise"],
        json!([{"field": "name", "sent": "R&D <Ltd>", "stored": "R&D "}])
    );
    assert!(made["url"].as_str().unwrap().ends_with(ID));
}

#[test]
fn values_are_checked_against_the_module() {
    for (module, given, code, pointer, hint) in [
        (
            "Accounts",
            json!({"name": "A", "industry": "Bnking"}),
            "INVALID_FIELD_VALUE",
            "/fields/industry",
            "Banking",
        ),
        (
            "Accounts",
            json!({"name": "A", "industry": "something else"}),
            "INVALID_FIELD_VALUE",
            "/fields/industry",
            "`Other`",
        ),
        (
            "Accounts",
            json!({"name": "A", "tags_c": ["a", "x"]}),
            "INVALID_FIELD_VALUE",
            "/fields/tags_c",
            "",
        ),
        (
            "Accounts",
            json!({"name": "A", "employees": "many"}),
            "INVALID_FIELD_VALUE",
            "/fields/employees",
            "",
        ),
        (
            "Accounts",
            json!({"name": "A", "employees": {"n": 1}}),
            "INVALID_FIELD_VALUE",
            "/fields/employees",
            "",
        ),
        (
            "Accounts",
            json!({"name": "x".repeat(151)}),
            "INVALID_FIELD_VALUE",
            "/fields/name",
            "",
        ),
        (
            "Accounts",
            json!({"name": "A", "nam": "x"}),
            "INVALID_FIELD",
            "/fields/nam",
            "name",
        ),
        (
            "Accounts",
            json!({"name": "A", "id": ID}),
            "INVALID_FIELD",
            "/fields/id",
            "update",
        ),
        (
            "Accounts",
            json!({"name": "A", "deleted": 1}),
            "INVALID_FIELD",
            "/fields/deleted",
            "delete",
        ),
        (
            "Accounts",
            json!({"name": "A", "new_with_id": 1}),
            "INVALID_FIELD",
            "/fields/new_with_id",
            "",
        ),
        (
            "Accounts",
            json!({"name": "A", "parent_name": "B"}),
            "INVALID_FIELD",
            "/fields/parent_name",
            "parent_id",
        ),
        (
            "Accounts",
            json!({"industry": "Banking"}),
            "MISSING_REQUIRED_FIELD",
            "/fields/name",
            "",
        ),
        (
            "Accounts",
            json!({"name": ""}),
            "MISSING_REQUIRED_FIELD",
            "/fields/name",
            "",
        ),
        (
            "Contacts",
            json!({"name": "Ann Stone"}),
            "INVALID_FIELD",
            "/fields/name",
            "last_name",
        ),
        (
            "Contacts",
            json!({"last_name": "A", "birthdate": "1.2.1990"}),
            "INVALID_FIELD_VALUE",
            "/fields/birthdate",
            "",
        ),
        (
            "Contacts",
            json!({"last_name": "A", "do_not_call": "maybe"}),
            "INVALID_FIELD_VALUE",
            "/fields/do_not_call",
            "",
        ),
        (
            "Contacts",
            json!({"last_name": "A", "account_name": "B"}),
            "INVALID_FIELD",
            "/fields/account_name",
            "account_id",
        ),
        (
            "Opportunities",
            json!({"name": "A", "amount": "1,000", "date_closed": "2026-12-01", "sales_stage": "Prospecting"}),
            "INVALID_FIELD_VALUE",
            "/fields/amount",
            "",
        ),
    ] {
        let failure = failed(
            crm()
                .expect(fields(module))
                .invoke("create", json!({"module": module, "fields": given})),
        );
        assert_eq!(
            (&*failure.code, failure.fields.as_slice()),
            (code, [pointer.to_owned()].as_slice()),
            "{given}"
        );
        assert!(
            failure
                .suggestion
                .as_deref()
                .unwrap_or_default()
                .contains(hint),
            "{given}: {failure:?}"
        );
        assert_eq!(failure.outcome, Some(Outcome::NotDone));
    }
    let failure = failed(crm().expect(fields("Opportunities")).invoke(
        "create",
        json!({"module": "Opportunities", "fields": {"name": "A"}}),
    ));
    assert_eq!(
        failure.fields,
        [
            "/fields/amount",
            "/fields/date_closed",
            "/fields/sales_stage"
        ]
    );
}

#[test]
fn values_are_sent_as_the_crm_stores_them() {
    let pairs = json!([{"name": "last_name", "value": "Stone"}, {"name": "do_not_call", "value": "1"}, {"name": "title", "value": ""}, {"name": "birthdate", "value": "1990-02-01"}, {"name": "email1", "value": "a@example.com"}]);
    let harness = crm()
        .expect(fields("Contacts"))
        .expect(v4("set_entry", json!(["Contacts", pairs])).reply(200, json!({"id": ID})))
        .expect(there("Contacts", ID, json!({"last_name": "Stone", "do_not_call": "1", "title": "", "birthdate": "1990-02-01", "email1": "a@example.com"})));
    let made = harness
        .invoke("create", json!({"module": "Contacts", "fields": {"last_name": "Stone", "do_not_call": true, "title": null, "birthdate": "1990-02-01", "email1": "a@example.com"}}))
        .unwrap();
    assert!(made.get("stored_otherwise").is_none(), "{made}");
    let tags = json!([{"name": "name", "value": "A"}, {"name": "tags_c", "value": "^a^,^b^"}]);
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(set_entry(tags).reply(200, json!({"id": ID})))
        .expect(there(
            "Accounts",
            ID,
            json!({"name": "A", "tags_c": "^a^,^b^"}),
        ));
    harness
        .invoke(
            "create",
            json!({"module": "Accounts", "fields": {"name": "A", "tags_c": ["a", "b"]}}),
        )
        .unwrap();
}

/// The id that a dry run tells for the key.
fn chosen() -> String {
    let unknown = v4("get_entry", json!(["Accounts"])).reply(200, entries(vec![json!({"id": "x", "module_name": "Accounts", "name_value_list": [{"name": "warning", "value": "gone"}]})]));
    let harness = crm().expect(fields("Accounts")).expect(unknown);
    let plan = harness.invoke("create", json!({"module": "Accounts", "fields": {"name": "A"}, "idempotency_key": KEY, "dry_run": true})).unwrap();
    assert_eq!((&plan["created"], plan.get("url")), (&json!(false), None));
    let id = plan["id"].as_str().unwrap().to_owned();
    assert_eq!(
        plan["would_send"],
        json!([{"method": "set_entry", "arguments": ["Accounts", [{"name": "id", "value": id}, {"name": "new_with_id", "value": KEY}, {"name": "name", "value": "A"}], false]}])
    );
    id
}

#[test]
fn a_repeated_create_finds_its_record() {
    let id = chosen();
    let ask = json!({"module": "Accounts", "fields": {"name": "A"}, "idempotency_key": KEY});
    let pairs = json!([{"name": "id", "value": id}, {"name": "new_with_id", "value": KEY}, {"name": "name", "value": "A"}]);
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(gone("Accounts", &id))
        .expect(set_entry(pairs).reply(200, json!({"id": id})))
        .expect(there("Accounts", &id, json!({"name": "A"})).times(2));
    assert_eq!(
        harness.invoke("create", ask.clone()).unwrap()["created"],
        true
    );
    let again = harness.invoke("create", ask).unwrap();
    assert_eq!(
        (&again["created"], &again["id"]),
        (&json!(false), &json!(id))
    );
    assert!(again["note"].as_str().unwrap().contains("before"));
}

#[test]
fn a_record_that_did_not_get_the_keys_id_is_said() {
    let id = chosen();
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(gone("Accounts", &id))
        .expect(v4("set_entry", json!(["Accounts"])).reply(200, json!({"id": OTHER})))
        .expect(there("Accounts", OTHER, json!({"name": "A"})));
    let made = harness
        .invoke(
            "create",
            json!({"module": "Accounts", "fields": {"name": "A"}, "idempotency_key": KEY}),
        )
        .unwrap();
    assert_eq!(
        (&made["created"], &made["id"]),
        (&json!(true), &json!(OTHER))
    );
    let note = made["note"].as_str().unwrap();
    assert!(note.contains("do not repeat"), "{note}");
}

#[test]
fn a_create_whose_answer_broke_off_is_looked_for() {
    let id = chosen();
    let ask = json!({"module": "Accounts", "fields": {"name": "A"}, "idempotency_key": KEY});
    let start = || {
        crm()
            .expect(fields("Accounts"))
            .expect(gone("Accounts", &id))
            .expect(broken(v4("set_entry", json!(["Accounts"]))))
    };
    let made = start()
        .expect(there("Accounts", &id, json!({"name": "A"})))
        .invoke("create", ask.clone())
        .unwrap();
    assert_eq!(made["created"], true);
    assert!(made["note"].as_str().unwrap().contains("broke off"));
    let failure = failed(start().expect(gone("Accounts", &id)).invoke("create", ask));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    // Without a key nobody can look.
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("set_entry", json!(["Accounts"])).fail(Reason::Timeout, Stage::MaybeSent));
    let failure = failed(harness.invoke(
        "create",
        json!({"module": "Accounts", "fields": {"name": "A"}}),
    ));
    assert_eq!(
        (failure.outcome, failure.retryable),
        (Some(Outcome::MayHaveHappened), false)
    );
}

#[test]
fn a_yes_without_a_record_is_no_create() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("set_entry", json!(["Accounts"])).reply(200, json!({"id": ID})))
        .expect(gone("Accounts", ID));
    let failure = failed(harness.invoke(
        "create",
        json!({"module": "Accounts", "fields": {"name": "A"}}),
    ));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("NOT_APPLIED", Some(Outcome::MayHaveHappened))
    );
}

#[test]
fn short_keys_and_closed_modules_are_refused() {
    let failure = failed(crm().invoke(
        "create",
        json!({"module": "Accounts", "fields": {"name": "A"}, "idempotency_key": "0"}),
    ));
    assert_eq!(failure.fields, ["/idempotency_key"]);
    for module in ["Users", "users", "ACLRoles", "OAuth2Clients", "Schedulers"] {
        for (tool, more) in [
            ("create", json!({"fields": {"name": "A"}})),
            ("update", json!({"id": "1", "fields": {"name": "A"}})),
            ("delete", json!({"id": "1"})),
            ("bulk_upsert", json!({"records": [{"name": "A"}]})),
            (
                "link_records",
                json!({"id": "1", "link_field": "x", "related_ids": "1"}),
            ),
        ] {
            let mut ask = json!({"module": module});
            ask.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            assert_eq!(
                &*failed(crm().invoke(tool, ask)).code,
                "PERMISSION_DENIED",
                "{tool} {module}"
            );
        }
    }
}

fn before(modified: &str) -> Exchange {
    there(
        "Accounts",
        ID,
        json!({"name": "Old", "employees": "7", "date_modified": modified}),
    )
}

#[test]
fn an_update_tells_what_changed_and_is_read_back() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(before("2026-11-20 11:49:52"))
        .expect(set_entry(json!([{"name": "id", "value": ID}, {"name": "name", "value": "New"}, {"name": "employees", "value": "7"}])).reply(200, json!({"id": ID, "entry_list": {}})))
        .expect(there("Accounts", ID, json!({"name": "New", "employees": "7"})));
    let done = harness
        .invoke("update", json!({"module": "Accounts", "id": ID, "fields": {"name": "New", "employees": 7}, "if_unmodified_since": "2026-11-20T11:49:52Z"}))
        .unwrap();
    assert_eq!(
        (&done["updated"], &done["changes"]),
        (
            &json!(true),
            &json!([{"field": "name", "from": "Old", "to": "New"}])
        )
    );
}

#[test]
fn a_change_by_somebody_else_is_a_conflict() {
    for (since, conflict) in [
        ("2026-11-20T11:49:51Z", true),
        ("2026-11-20T11:49:52Z", false),
        ("2026-11-20T12:49:52+01:00", false),
        ("2026-11-20T11:49Z", false),
        ("2026-11-20T11:48Z", true),
        ("2026-11-21 00:00:00", false),
    ] {
        let harness = crm()
            .expect(fields("Accounts"))
            .expect(before("2026-11-20 11:49:52"));
        let result = harness.invoke("update", json!({"module": "Accounts", "id": ID, "fields": {"name": "New"}, "if_unmodified_since": since, "dry_run": true}));
        match result {
            Ok(_) => assert!(!conflict, "{since}"),
            Err(failure) => {
                assert!(conflict, "{since}: {failure}");
                assert_eq!(
                    (&*failure.code, failure.outcome),
                    ("VERSION_CONFLICT", Some(Outcome::NotDone))
                );
                assert_eq!(
                    failure.details,
                    Some(json!({"date_modified": "2026-11-20T11:49:52Z"}))
                );
            }
        }
    }
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(before("2026-11-20 11:49:52"));
    let failure = failed(harness.invoke(
        "delete",
        json!({"module": "Accounts", "id": ID, "if_unmodified_since": "2026-11-20T11:00:00Z"}),
    ));
    assert_eq!(&*failure.code, "VERSION_CONFLICT");
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(before("2026-11-20 11:49:52"));
    let failure = failed(harness.invoke("update", json!({"module": "Accounts", "id": ID, "fields": {"name": "New"}, "if_unmodified_since": "yesterday"})));
    assert_eq!(failure.fields, ["/if_unmodified_since"]);
}

#[test]
fn what_is_so_already_is_not_written() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(before("2026-11-20 11:49:52"));
    let done = harness
        .invoke(
            "update",
            json!({"module": "Accounts", "id": ID, "fields": {"name": "Old", "employees": "7"}}),
        )
        .unwrap();
    assert_eq!(
        (&done["updated"], &done["changes"]),
        (&json!(false), &json!([]))
    );
}

#[test]
fn a_dry_run_of_an_update_shows_the_difference_and_the_request() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(before("2026-11-20 11:49:52"));
    let plan = harness
        .invoke(
            "update",
            json!({"module": "Accounts", "id": ID, "fields": {"name": "New"}, "dry_run": true}),
        )
        .unwrap();
    assert_eq!(
        plan["changes"],
        json!([{"field": "name", "from": "Old", "to": "New"}])
    );
    assert_eq!(
        plan["would_send"],
        json!([{"method": "set_entry", "arguments": ["Accounts", [{"name": "id", "value": ID}, {"name": "name", "value": "New"}], false]}])
    );
    assert_eq!(plan["updated"], false);
}

#[test]
fn an_update_that_the_crm_did_not_apply_is_none() {
    let start = || {
        crm()
            .expect(fields("Accounts"))
            .expect(before("2026-11-20 11:49:52"))
    };
    let ask = json!({"module": "Accounts", "id": ID, "fields": {"name": "New"}});
    let harness = start()
        .expect(v4("set_entry", json!(["Accounts"])).reply(200, json!({"id": ID})))
        .expect(there("Accounts", ID, json!({"name": "Old"})));
    let failure = failed(harness.invoke("update", ask.clone()));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("NOT_APPLIED", Some(Outcome::NotDone))
    );
    // A 500 after the change.
    let harness = start()
        .expect(broken(v4("set_entry", json!(["Accounts"]))))
        .expect(there("Accounts", ID, json!({"name": "New"})));
    assert_eq!(
        harness.invoke("update", ask.clone()).unwrap()["updated"],
        true
    );
    // A 500 without one.
    let harness = start()
        .expect(broken(v4("set_entry", json!(["Accounts"]))))
        .expect(there("Accounts", ID, json!({"name": "Old"})));
    assert_eq!(
        failed(harness.invoke("update", ask.clone())).outcome,
        Some(Outcome::NotDone)
    );
    // A refusal.
    let harness = start().expect(numbered(v4("set_entry", json!(["Accounts"])), 40));
    let failure = failed(harness.invoke("update", ask));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PERMISSION_DENIED", Some(Outcome::NotDone))
    );
}

#[test]
fn a_deletion_is_shown_before_and_looked_at_after() {
    let linked = |link: &str, count: usize| {
        let rows = (0..count)
            .map(|index| row("X", &format!("x{index}"), json!({})))
            .collect();
        v4("get_relationships", json!(["Accounts", ID, link])).reply(200, entries(rows))
    };
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(there(
            "Accounts",
            ID,
            json!({"name": "Old", "date_modified": "2026-11-20 11:49:52"}),
        ))
        .expect_all([
            linked("contacts", 2),
            linked("opportunities", 0),
            linked("leads", 0),
            linked("cases", 21),
            linked("calls", 0),
            linked("meetings", 0),
            linked("notes", 0),
        ])
        .expect(broken(v4(
            "get_relationships",
            json!(["Accounts", ID, "tasks"]),
        )));
    let preview = harness
        .preview("delete", json!({"module": "Accounts", "id": ID}))
        .unwrap();
    assert_eq!(
        (&preview["linked"], &preview["not_counted"]),
        (
            &json!({"contacts": 2, "cases": "more than 20"}),
            &json!(["tasks"])
        )
    );
    assert!(preview["summary"].as_str().unwrap().contains("Old"));
    assert_eq!(preview["date_modified"], "2026-11-20T11:49:52Z");

    let harness = crm()
        .expect(fields("Accounts"))
        .expect(there("Accounts", ID, json!({})))
        .expect(
            set_entry(json!([{"name": "id", "value": ID}, {"name": "deleted", "value": "1"}]))
                .reply(200, json!({"id": ID})),
        )
        .expect(gone("Accounts", ID));
    // The same request reads first a record and then none.
    let done = harness
        .invoke("delete", json!({"module": "Accounts", "id": ID}))
        .unwrap();
    assert_eq!((&done["deleted"], done.get("note")), (&json!(true), None));
}

#[test]
fn a_dry_run_and_a_preview_of_a_deletion_show_the_request() {
    let request = json!([{"method": "set_entry", "arguments": ["Tasks", [{"name": "id", "value": ID}, {"name": "deleted", "value": "1"}], false]}]);
    let task = || {
        crm()
            .expect(fields("Tasks"))
            .expect(there("Tasks", ID, json!({"name": "Old"})))
    };
    let ask = json!({"module": "Tasks", "id": ID, "dry_run": true});
    let dry = task().invoke("delete", ask.clone()).unwrap();
    assert_eq!(
        (&dry["deleted"], &dry["would_send"]),
        (&json!(false), &request)
    );
    let preview = task().preview("delete", ask).unwrap();
    assert_eq!(preview["would_send"], request);
}
