//! bulk_upsert: a result for every row.

use portcullis_sdk::{Outcome, Reason, Stage};
use serde_json::{Value, json};

use crate::fixtures::{ID, OTHER, THIRD, broken, crm, entries, failed, fields, gone_row, row, v4};

fn statuses(answer: &Value) -> Vec<&str> {
    answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["status"].as_str().unwrap())
        .collect()
}

#[test]
fn updates_of_what_is_not_there_are_not_sent() {
    let sent = json!([[{"name": "name", "value": "New"}], [{"name": "id", "value": ID}, {"name": "employees", "value": "3"}]]);
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(
            v4("get_entries", json!(["Accounts", [OTHER, ID], ["id"]])).reply(
                200,
                entries(vec![
                    row("Accounts", ID, json!({})),
                    gone_row("Accounts", OTHER),
                ]),
            ),
        )
        .expect(
            v4("set_entries", json!(["Accounts", sent])).reply(200, json!({"ids": [THIRD, ID]})),
        )
        .expect(
            v4(
                "get_entries",
                json!([
                    "Accounts",
                    [THIRD, ID],
                    ["id", "date_entered", "name", "employees"]
                ]),
            )
            .reply(
                200,
                entries(vec![
                    row("Accounts", THIRD, json!({"name": "New", "employees": ""})),
                    row("Accounts", ID, json!({"name": "Old", "employees": "3"})),
                ]),
            ),
        );
    let records =
        json!([{"name": "New"}, {"id": OTHER, "name": "Ghost"}, {"id": ID, "employees": 3}]);
    let answer = harness
        .invoke(
            "bulk_upsert",
            json!({"module": "Accounts", "records": records}),
        )
        .unwrap();
    assert_eq!(statuses(&answer), ["created", "not_found", "updated"]);
    assert_eq!(
        (&answer["ids"], &answer["complete"]),
        (&json!([THIRD, ID]), &json!(false))
    );
}

#[test]
fn rows_that_the_crm_did_not_apply_are_told() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(
            v4("get_entries", json!(["Accounts", [ID], ["id"]]))
                .reply(200, entries(vec![row("Accounts", ID, json!({}))])),
        )
        .expect(v4("set_entries", json!(["Accounts"])).reply(200, json!({"ids": [ID, OTHER]})))
        .expect(v4("get_entries", json!(["Accounts", [ID, OTHER]])).reply(
            200,
            entries(vec![
                row("Accounts", ID, json!({"name": "Old"})),
                gone_row("Accounts", OTHER),
            ]),
        ));
    let answer = harness.invoke("bulk_upsert", json!({"module": "Accounts", "records": [{"id": ID, "name": "New"}, {"name": "Other"}]})).unwrap();
    assert_eq!(statuses(&answer), ["not_applied", "not_applied"]);
    assert_eq!(
        answer["results"][0]["stored_otherwise"],
        json!([{"field": "name", "sent": "New", "stored": "Old"}])
    );
    assert_eq!(answer["count"], 0);
}

#[test]
fn everything_is_checked_before_anything_is_sent() {
    for (records, pointer) in [
        (
            json!([{"name": "A"}, {"name": "B", "industry": "x"}]),
            "/records/1/industry",
        ),
        (json!([{"industry": "Banking"}]), "/records/0/name"),
        (json!([{"id": ID}]), "/records/0"),
        (
            json!([{"id": ID, "name": "A"}, {"id": ID, "name": "B"}]),
            "/records/1/id",
        ),
        (json!([{"id": "x' OR 1=1", "name": "A"}]), "/records/0/id"),
        (json!([{"id": 7, "name": "A"}]), "/records/0/id"),
        (json!([{"name": "A", "deleted": "1"}]), "/records/0/deleted"),
    ] {
        let failure = failed(crm().expect(fields("Accounts")).invoke(
            "bulk_upsert",
            json!({"module": "Accounts", "records": records}),
        ));
        assert_eq!(
            (failure.fields.as_slice(), failure.outcome),
            ([pointer.to_owned()].as_slice(), Some(Outcome::NotDone)),
            "{records}"
        );
    }
}

#[test]
fn a_dry_run_tells_what_would_happen_to_each_row() {
    let harness = crm().expect(fields("Accounts")).expect(
        v4(
            "get_entries",
            json!(["Accounts", [ID, OTHER], ["id", "name"]]),
        )
        .reply(
            200,
            entries(vec![
                row("Accounts", ID, json!({"name": "Old"})),
                gone_row("Accounts", OTHER),
            ]),
        ),
    );
    let records = json!([{"id": ID, "name": "A"}, {"id": OTHER, "name": "B"}, {"name": "C"}]);
    let answer = harness
        .invoke(
            "bulk_upsert",
            json!({"module": "Accounts", "records": records, "dry_run": true}),
        )
        .unwrap();
    assert_eq!(
        statuses(&answer),
        ["would_update", "not_found", "would_create"]
    );
    assert_eq!(
        answer["results"][0]["changes"],
        json!([{"field": "name", "from": "Old", "to": "A"}])
    );
    let lists = json!([
        [{"name": "id", "value": ID}, {"name": "name", "value": "A"}],
        [{"name": "name", "value": "C"}]
    ]);
    assert_eq!(
        answer["would_send"],
        json!([{"method": "set_entries", "arguments": ["Accounts", lists]}])
    );
}

#[test]
fn a_broken_off_bulk_write_leaves_the_outcome_open() {
    for exchange in [
        broken(v4("set_entries", json!(["Accounts"]))),
        v4("set_entries", json!(["Accounts"])).fail(Reason::Timeout, Stage::MaybeSent),
    ] {
        let failure = failed(crm().expect(fields("Accounts")).expect(exchange).invoke(
            "bulk_upsert",
            json!({"module": "Accounts", "records": [{"name": "A"}]}),
        ));
        assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    }
    // Written, and not readable afterwards.
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("set_entries", json!(["Accounts"])).reply(200, json!({"ids": [ID]})))
        .expect(broken(v4("get_entries", json!(["Accounts", [ID]]))));
    let answer = harness
        .invoke(
            "bulk_upsert",
            json!({"module": "Accounts", "records": [{"name": "A"}]}),
        )
        .unwrap();
    assert_eq!(statuses(&answer), ["unknown"]);
}

/// An update that is stored as sent, one that is not, a new record.
fn two_updates_and_a_new_one() -> Value {
    json!([{"id": ID, "name": "A"}, {"id": OTHER, "name": "B"}, {"name": "C"}])
}

fn stored() -> Vec<Value> {
    vec![
        row("Accounts", ID, json!({"name": "A"})),
        row("Accounts", OTHER, json!({"name": "Old"})),
    ]
}

#[test]
fn without_ids_each_row_says_what_is_known() {
    let write = || v4("set_entries", json!(["Accounts"]));
    for lost in [
        write().reply(200, json!(null)),
        write().reply(200, json!({"ids": "x"})),
        broken(write()),
        write().fail(Reason::Timeout, Stage::MaybeSent),
    ] {
        let read = || v4("get_entries", json!(["Accounts", [ID, OTHER]]));
        let harness = crm()
            .expect(fields("Accounts"))
            .expect(read().reply(200, entries(stored())).times(2))
            .expect(lost);
        let answer = harness
            .invoke(
                "bulk_upsert",
                json!({"module": "Accounts", "records": two_updates_and_a_new_one()}),
            )
            .unwrap();
        assert_eq!(statuses(&answer), ["updated", "unknown", "unknown"]);
        assert_eq!(answer["results"][1]["stored_otherwise"][0]["stored"], "Old");
        let new = answer["results"][2]["message"].as_str().unwrap();
        assert!(new.contains("search for it"), "{new}");
        assert_eq!(
            (&answer["count"], &answer["complete"]),
            (&json!(1), &json!(false))
        );
        assert!(
            answer["note"]
                .as_str()
                .unwrap()
                .contains("before repeating")
        );
    }
}

#[test]
fn when_nothing_is_known_of_any_row_the_failure_names_them() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("set_entries", json!(["Accounts"])).reply(200, json!(null)));
    let failure = failed(harness.invoke(
        "bulk_upsert",
        json!({"module": "Accounts", "records": [{"name": "A"}, {"name": "B"}]}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    let results = &failure.details.as_ref().unwrap()["results"];
    assert_eq!(results[1]["status"], "unknown");
}

#[test]
fn rows_written_under_a_key_keep_their_results_when_the_rest_fails() {
    let ask = json!({"module": "Accounts", "records": [{"name": "A"}, {"id": OTHER, "name": "B"}], "idempotency_key": "november import"});
    let start = || {
        crm()
            .expect(fields("Accounts"))
            .expect(
                v4("get_entries", json!(["Accounts", null, ["id"]]))
                    .reply(200, entries(vec![row("Accounts", OTHER, json!({}))])),
            )
            // The CRM chose the id itself.
            .expect(v4("set_entry", json!(["Accounts"])).reply(200, json!({"id": ID})))
            .expect(v4("get_entries", json!(["Accounts", [ID]])).reply(
                200,
                entries(vec![row("Accounts", ID, json!({"name": "A"}))]),
            ))
    };
    let harness = start()
        .expect(v4("set_entries", json!(["Accounts"])).reply(200, json!({})))
        .expect(
            v4(
                "get_entries",
                json!(["Accounts", [OTHER], ["id", "date_entered", "name"]]),
            )
            .reply(200, entries(stored())),
        );
    let answer = harness.invoke("bulk_upsert", ask.clone()).unwrap();
    assert_eq!(statuses(&answer), ["created", "unknown"]);
    let made = answer["results"][0]["message"].as_str().unwrap();
    assert!(made.contains("do not repeat"), "{made}");
    let refused = crate::fixtures::numbered(v4("set_entries", json!(["Accounts"])), 40);
    let answer = start().expect(refused).invoke("bulk_upsert", ask).unwrap();
    assert_eq!(statuses(&answer), ["created", "denied"]);
}

#[test]
fn with_a_key_each_row_has_its_own_refusal() {
    let ask = json!({"module": "Accounts", "records": [{"name": "A"}, {"name": "B"}, {"name": "C"}], "idempotency_key": "november import"});
    let none = || v4("get_entries", json!(["Accounts"])).reply(200, entries(Vec::new()));
    let named = |index: usize, name: &str| {
        v4("set_entry", json!(["Accounts"])).form_at(
            "rest_data",
            &format!("/2/{index}/value"),
            json!(name),
        )
    };
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(none())
        .expect(crate::fixtures::numbered(named(2, "A"), 40))
        .expect(named(2, "B").reply(200, json!({"id": ID})))
        .expect(broken(named(2, "C")))
        .expect(none());
    let answer = harness.invoke("bulk_upsert", ask).unwrap();
    assert_eq!(statuses(&answer), ["denied", "not_applied", "not_applied"]);
    for (row, words) in [(0, "role"), (1, "no such record"), (2, "without a word")] {
        let message = answer["results"][row]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn with_a_key_rows_get_ids_that_a_repetition_finds() {
    let key = "november import";
    let ids = |body: &str| -> Vec<String> {
        serde_json::from_value(crate::fixtures::argument(body, 2)).unwrap()
    };
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("get_entries", json!(["Accounts"])).reply(200, entries(Vec::new())));
    let ask = |dry_run: bool| json!({"module": "Accounts", "records": [{"name": "A"}, {"name": "B"}], "idempotency_key": key, "dry_run": dry_run});
    harness.invoke("bulk_upsert", ask(true)).unwrap();
    let body = String::from_utf8_lossy(harness.requests().last().unwrap().body.as_deref().unwrap())
        .into_owned();
    let chosen = ids(&body);
    assert_eq!(chosen.len(), 2);

    let pairs = |id: &str, name: &str| json!([{"name": "id", "value": id}, {"name": "new_with_id", "value": key}, {"name": "name", "value": name}]);
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(
            v4("get_entries", json!(["Accounts", chosen, ["id"]]))
                .reply(200, entries(vec![row("Accounts", &chosen[0], json!({}))])),
        )
        .expect(
            v4("set_entry", json!(["Accounts", pairs(&chosen[1], "B")]))
                .reply(200, json!({"id": chosen[1]})),
        )
        .expect(v4("get_entries", json!(["Accounts", [chosen[1]]])).reply(
            200,
            entries(vec![row("Accounts", &chosen[1], json!({"name": "B"}))]),
        ));
    let answer = harness.invoke("bulk_upsert", ask(false)).unwrap();
    assert_eq!(statuses(&answer), ["existed", "created"]);
    assert_eq!(answer["complete"], true);

    let many: Vec<Value> = (0..51)
        .map(|index| json!({"name": format!("N{index}")}))
        .collect();
    let failure = failed(crm().expect(fields("Accounts")).invoke(
        "bulk_upsert",
        json!({"module": "Accounts", "records": many, "idempotency_key": key}),
    ));
    assert_eq!(failure.fields, ["/records"]);
}
