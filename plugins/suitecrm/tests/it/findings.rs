//! The ten findings about the API that shaped the plugin, each by its number: what looks like
//! success and is none, what looks like failure and worked, and what the CRM forgets to check.

use portcullis_sdk::{Effect, Outcome, Recipe, manifest_types::Expired};
use serde_json::{Value, json};

use crate::fixtures::{
    ID, OTHER, THIRD, USER, answer_of, broken, crm, entries, failed, fields, gone, gone_row,
    listed, modules, numbered, row, server, there, v4,
};

/// Arguments with which each tool does something.
fn calls() -> Vec<(&'static str, Value)> {
    vec![
        ("search", json!({"module": "Accounts"})),
        ("search_text", json!({"search_string": "a"})),
        ("get", json!({"module": "Accounts", "id": ID})),
        ("get_many", json!({"module": "Accounts", "ids": [ID]})),
        ("count", json!({"module": "Accounts"})),
        (
            "get_relationships",
            json!({"module": "Accounts", "id": ID, "link_field": "contacts"}),
        ),
        ("get_module_fields", json!({"module": "Accounts"})),
        ("get_dropdown_values", json!({})),
        ("list_modules", json!({})),
        ("get_recent", json!({})),
        ("get_upcoming_activities", json!({})),
        (
            "get_record_activities",
            json!({"module": "Accounts", "id": ID}),
        ),
        ("get_note_attachment", json!({"id": ID})),
        ("server_info", json!({})),
        (
            "create",
            json!({"module": "Accounts", "fields": {"name": "A"}}),
        ),
        (
            "update",
            json!({"module": "Accounts", "id": ID, "fields": {"name": "A"}}),
        ),
        ("delete", json!({"module": "Accounts", "id": ID})),
        (
            "bulk_upsert",
            json!({"module": "Accounts", "records": [{"name": "A"}]}),
        ),
        (
            "link_records",
            json!({"module": "Accounts", "id": ID, "link_field": "contacts", "related_ids": OTHER}),
        ),
        (
            "unlink_records",
            json!({"module": "Accounts", "id": ID, "link_field": "contacts", "related_ids": [OTHER]}),
        ),
        (
            "log_call",
            json!({"name": "A", "date_start": "2026-12-01T09:00:00Z"}),
        ),
        ("create_task", json!({"name": "A"})),
        ("create_note", json!({"name": "A"})),
        (
            "set_note_attachment",
            json!({"id": ID, "filename": "a.txt", "file_base64": "aGk="}),
        ),
    ]
}

/// Each tool against a CRM that answers everything in the same way.
fn against(
    answer: fn() -> portcullis_sdk::testing::Exchange,
) -> Vec<(&'static str, portcullis_sdk::Failure, Vec<String>)> {
    calls()
        .into_iter()
        .map(|(tool, arguments)| {
            let harness = crm().upstream(move |_| answer_of(answer()));
            let failure = failed(harness.invoke(tool, arguments));
            let bodies = harness
                .requests()
                .iter()
                .map(|request| {
                    String::from_utf8_lossy(request.body.as_deref().unwrap_or_default())
                        .into_owned()
                })
                .collect();
            (tool, failure, bodies)
        })
        .collect()
}

#[test]
fn finding_01_each_of_the_24_tools_serves_and_fails_in_words() {
    let harness = crm();
    let names: Vec<_> = harness
        .manifest()
        .tools
        .iter()
        .map(|tool| tool.name.clone())
        .collect();
    let mut called: Vec<_> = calls()
        .into_iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(called.len(), 24);
    called.sort();
    let mut sorted = names;
    sorted.sort();
    assert_eq!(called, sorted);
    for (tool, failure, _) in against(|| broken(v4("x", json!([])))) {
        assert_eq!(&*failure.code, "UPSTREAM_ERROR", "{tool}: {failure}");
        assert_eq!(failure.outcome, Some(Outcome::NotDone), "{tool}");
    }
}

#[test]
fn finding_02_no_route_and_no_word_leads_to_graphql() {
    let harness = crm();
    let text = serde_json::to_string(harness.manifest())
        .unwrap()
        .to_lowercase();
    assert!(!text.contains("graphql"));
    let paths: std::collections::BTreeSet<_> = harness
        .manifest()
        .tools
        .iter()
        .flat_map(|tool| tool.routes.iter().chain(&tool.preview_routes))
        .map(|route| route.path.split('/').take(2).collect::<Vec<_>>().join("/"))
        .collect();
    assert_eq!(
        paths.into_iter().collect::<Vec<_>>(),
        ["Api/V8", "service/v4_1"]
    );
}

#[test]
fn finding_03_arguments_are_lists_with_an_empty_first_place() {
    for (tool, _, bodies) in against(|| broken(v4("x", json!([])))) {
        assert!(!bodies.is_empty(), "{tool}");
        for body in bodies {
            let (_, data) = body.split_once("rest_data=").unwrap();
            assert!(
                data.starts_with("%5Bnull") || data == "%5B%5D",
                "{tool}: {body}"
            );
        }
    }
}

#[test]
fn finding_04_errors_10_and_11_both_mean_the_session() {
    let harness = crm();
    for credential in &harness.manifest().credentials["v4"] {
        assert_eq!(
            credential.expired,
            [Expired::Json {
                json: "/number".to_owned(),
                is: vec![json!(10), json!(11)]
            }]
        );
        assert!(credential.refused_means_not_done);
    }
    for (tool, failure, _) in against(|| numbered(v4("x", json!([])), 10)) {
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("AUTH_FAILED", Some(Outcome::NotDone)),
            "{tool}"
        );
    }
    for (tool, failure, _) in against(|| numbered(v4("x", json!([])), 11)) {
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("AUTH_FAILED", Some(Outcome::NotDone)),
            "{tool}"
        );
    }
}

#[test]
fn finding_04_the_number_of_an_unknown_method_is_a_text() {
    let answer = json!({"name": "An Undefined Error - invalid_call occurred", "number": "-1", "description": "There is no error definition for invalid_call"});
    let harness = crm()
        .expect(v4("get_last_viewed", json!([])).reply(200, answer))
        .expect(modules());
    let failure = failed(harness.invoke("get_recent", json!({})));
    assert!(
        failure.message.contains("no method get_last_viewed"),
        "{failure}"
    );
    // A record may have fields of these names, and is no error.
    let row = row(
        "Accounts",
        ID,
        json!({"name": "Invoice", "number": "40", "description": "x"}),
    );
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("get_entry", json!([])).reply(200, entries(vec![row])));
    harness
        .invoke("get", json!({"module": "Accounts", "id": ID}))
        .unwrap();
}

#[test]
fn finding_05a_a_row_with_a_warning_is_no_record() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(gone("Accounts", ID));
    assert_eq!(
        &*failed(harness.invoke("get", json!({"module": "Accounts", "id": ID}))).code,
        "RECORD_NOT_FOUND"
    );
}

#[test]
fn finding_05b_updating_an_unknown_id_sends_no_write() {
    for tool in ["update", "delete"] {
        let harness = crm()
            .expect(fields("Accounts"))
            .expect(gone("Accounts", ID));
        let mut arguments = json!({"module": "Accounts", "id": ID});
        if tool == "update" {
            arguments["fields"] = json!({"name": "Ghost"});
        }
        let failure = failed(harness.invoke(tool, arguments));
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("RECORD_NOT_FOUND", Some(Outcome::NotDone)),
            "{tool}"
        );
    }
}

#[test]
fn finding_05c_linking_unknown_ids_sends_no_link() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(fields("Contacts"))
        .expect(there("Accounts", ID, json!({})))
        .expect(
            v4("get_entries", json!(["Contacts", [OTHER, THIRD]])).reply(
                200,
                entries(vec![
                    row("Contacts", OTHER, json!({})),
                    gone_row("Contacts", THIRD),
                ]),
            ),
        );
    let failure = failed(harness.invoke("link_records", json!({"module": "Accounts", "id": ID, "link_field": "contacts", "related_ids": [OTHER, THIRD]})));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("RECORD_NOT_FOUND", Some(Outcome::NotDone))
    );
    assert_eq!(failure.details, Some(json!({"missing": [THIRD]})));
}

#[test]
fn finding_05d_unlinking_what_is_not_linked_is_said() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(fields("Contacts"))
        .expect(there("Accounts", ID, json!({})))
        .expect(
            v4("get_relationships", json!(["Accounts", ID, "contacts"]))
                .reply(200, entries(Vec::new())),
        );
    let answer = harness
        .invoke(
            "unlink_records",
            json!({"module": "Accounts", "id": ID, "link_field": "contacts", "related_ids": OTHER}),
        )
        .unwrap();
    assert_eq!(
        (&answer["deleted"], &answer["not_linked"]),
        (&json!(0), &json!([OTHER]))
    );
}

#[test]
fn finding_05e_a_null_count_is_no_zero() {
    let uncounted = || {
        v4("get_entry_list", json!(["Leads"]))
            .reply(200, listed(vec![row("Leads", ID, json!({}))], -1))
    };
    let count = || {
        v4(
            "get_entries_count",
            json!(["Leads", "((leads.status = 'New'))", 0]),
        )
    };
    let ask = json!({"module": "Leads", "query": "status = 'New'"});
    let harness = crm()
        .expect(fields("Leads"))
        .expect(uncounted())
        .expect(count().reply(200, json!({"result_count": null})));
    assert!(
        failed(harness.invoke("count", ask.clone()))
            .message
            .contains("could not count")
    );
    let harness = crm()
        .expect(fields("Leads"))
        .expect(uncounted())
        .expect(count().reply(200, json!({"result_count": "34"})));
    let counted = harness.invoke("count", ask).unwrap();
    assert_eq!(counted["count"], 34);
    assert!(counted["note"].as_str().unwrap().contains("may hide"));
}

#[test]
fn finding_05f_a_bad_id_that_the_crm_answers_with_null_was_not_written() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(there("Accounts", ID, json!({"name": "Old"})))
        .expect(v4("set_entry", json!(["Accounts"])).reply(200, Value::Null));
    let failure = failed(harness.invoke(
        "update",
        json!({"module": "Accounts", "id": ID, "fields": {"name": "New"}}),
    ));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("NOT_APPLIED", Some(Outcome::NotDone))
    );
}

#[test]
fn finding_05g_a_shorter_list_of_ids_names_the_rows_that_were_denied() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("set_entries", json!(["Accounts"])).reply(200, json!({"ids": [ID]})))
        .expect(v4("get_entries", json!(["Accounts", [ID]])).reply(
            200,
            entries(vec![row("Accounts", ID, json!({"name": "Two"}))]),
        ));
    let answer = harness.invoke("bulk_upsert", json!({"module": "Accounts", "records": [{"name": "One"}, {"name": "Two"}, {"name": "Three"}]})).unwrap();
    let statuses: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["denied", "created", "denied"]);
    assert_eq!(
        (&answer["count"], &answer["complete"]),
        (&json!(1), &json!(false))
    );
}

#[test]
fn finding_05h_a_contact_merged_into_another_is_said() {
    let records = json!([{"last_name": "Order", "email1": "o@example.com", "title": "CEO"}, {"last_name": "New"}, {"last_name": "New"}]);
    let stored = vec![
        row(
            "Contacts",
            ID,
            json!({"last_name": "Order", "email1": "o@example.com", "title": "", "date_entered": "2026-11-19 08:00:00"}),
        ),
        row(
            "Contacts",
            OTHER,
            json!({"last_name": "New", "email1": "", "title": "", "date_entered": "2026-11-20 10:00:00"}),
        ),
    ];
    let harness = crm()
        .expect(fields("Contacts"))
        .expect(server())
        .expect(
            v4("set_entries", json!(["Contacts"])).reply(200, json!({"ids": [ID, OTHER, OTHER]})),
        )
        .expect(
            v4("get_entries", json!(["Contacts", [ID, OTHER, OTHER]])).reply(200, entries(stored)),
        );
    let answer = harness
        .invoke(
            "bulk_upsert",
            json!({"module": "Contacts", "records": records}),
        )
        .unwrap();
    let statuses: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["merged", "created", "merged"]);
    assert_eq!(answer["ids"], json!([OTHER]));
}

#[test]
fn finding_05i_a_date_that_the_crm_would_lose_is_refused_or_converted() {
    for bad in [
        "tomorrow",
        "01.12.2026 10:00",
        "2026-02-30 10:00:00",
        "2026-12-01",
    ] {
        let harness = crm()
            .expect(fields("Tasks"))
            .expect(v4("get_user_id", json!([])).reply(200, USER));
        let failure = failed(harness.invoke("create_task", json!({"name": "A", "date_due": bad})));
        assert_eq!(
            (&*failure.code, failure.fields.as_slice()),
            ("INVALID_FIELD_VALUE", ["/date_due".to_owned()].as_slice()),
            "{bad}"
        );
    }
    let sent = json!([
        {"name": "name", "value": "A"}, {"name": "status", "value": "Not Started"}, {"name": "priority", "value": "Medium"},
        {"name": "date_due", "value": "2026-12-01 08:30:00"}, {"name": "assigned_user_id", "value": USER}
    ]);
    let harness = crm()
        .expect(fields("Tasks"))
        .expect(v4("get_user_id", json!([])).reply(200, USER))
        .expect(v4("set_entry", json!(["Tasks", sent, false])).reply(200, json!({"id": ID, "entry_list": {}})))
        .expect(there("Tasks", ID, json!({"name": "A", "date_due": "", "status": "Not Started", "priority": "Medium", "assigned_user_id": USER})));
    let made = harness
        .invoke(
            "create_task",
            json!({"name": "A", "date_due": "2026-12-01T10:30:00+02:00"}),
        )
        .unwrap();
    // Lost all the same: the answer tells it.
    assert_eq!(
        made["stored_otherwise"],
        json!([{"field": "date_due", "sent": "2026-12-01 08:30:00", "stored": ""}])
    );
    assert_eq!(made["filled_in"], json!(["assigned_user_id"]));
}

#[test]
fn finding_05j_minus_one_is_no_attachment() {
    let harness = crm()
        .expect(fields("Notes"))
        .expect(there("Notes", ID, json!({"filename": ""})))
        .expect(
            v4(
                "set_note_attachment",
                json!([{"id": ID, "filename": "a.txt", "file": "aGk="}]),
            )
            .reply(200, json!({"id": "-1"})),
        );
    let failure = failed(harness.invoke(
        "set_note_attachment",
        json!({"id": ID, "filename": "a.txt", "file_base64": "aGk="}),
    ));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("RECORD_NOT_FOUND", Some(Outcome::NotDone))
    );
}

#[test]
fn finding_05k_recent_records_have_their_own_ids_and_times() {
    let item = json!({"item_id": ID, "id": "1", "item_summary": "A &amp; B", "module_name": "Accounts", "monitor_id": "m", "date_modified": "2026-11-20 10:32:06"});
    let hidden = json!({"item_id": OTHER, "id": "2", "item_summary": "C", "module_name": "Opportunities", "date_modified": "2026-11-20 10:32:06"});
    let harness = crm().expect(modules()).expect(
        v4(
            "get_last_viewed",
            json!([["Accounts", "Contacts", "Leads"]]),
        )
        .reply(200, json!([item, hidden])),
    );
    let recent = harness.invoke("get_recent", json!({})).unwrap();
    assert_eq!(recent["count"], 1);
    assert_eq!(
        (
            &recent["items"][0]["id"],
            &recent["items"][0]["name"],
            &recent["items"][0]["viewed_at"]
        ),
        (&json!(ID), &json!("A & B"), &json!("2026-11-20T10:32:06Z"))
    );
}

#[test]
fn finding_06_a_deletion_that_worked_and_answered_500_is_done() {
    let start = || {
        crm()
            .expect(fields("Accounts"))
            .expect(there("Accounts", ID, json!({"date_modified": "2026-11-20 10:00:00"})))
            .expect(broken(v4("set_entry", json!(["Accounts", [{"name": "id", "value": ID}, {"name": "deleted", "value": "1"}], false]))))
    };
    let ask = json!({"module": "Accounts", "id": ID});
    let answer = start()
        .expect(gone("Accounts", ID))
        .invoke("delete", ask.clone())
        .unwrap();
    assert_eq!(answer["deleted"], true);
    assert!(answer["note"].as_str().unwrap().contains("broke off"));
    // Still there: the 500 was one.
    let failure = failed(
        start()
            .expect(there("Accounts", ID, json!({})))
            .invoke("delete", ask.clone()),
    );
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("UPSTREAM_ERROR", Some(Outcome::MayHaveHappened))
    );
    // Not readable: nobody knows.
    let failure = failed(
        start()
            .expect(broken(v4("get_entry", json!(["Accounts", ID]))))
            .invoke("delete", ask),
    );
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
}

#[test]
fn finding_06_a_yes_without_a_deletion_is_no_deletion() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(there("Accounts", ID, json!({})).times(2))
        .expect(
            v4("set_entry", json!(["Accounts"])).reply(200, json!({"id": ID, "entry_list": {}})),
        );
    let failure = failed(harness.invoke("delete", json!({"module": "Accounts", "id": ID})));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("NOT_APPLIED", Some(Outcome::NotDone))
    );
}

#[test]
fn finding_07_what_the_crms_own_filter_lets_through_stays_here() {
    for clause in [
        "sleep(1)",
        "name = 'a' OR sleep(5) = 0",
        "name = 'a' /* x */",
        "name = 'a' # x",
        "name LIKE 'a%' -- x",
        "name = BENCHMARK(10, MD5('x'))",
        "id IN (SELECT id FROM users)",
        "1=1; DROP TABLE accounts",
        "name = @@version",
        "jt0.user_name = 'x'",
    ] {
        let harness = crm().expect(fields("Accounts"));
        let failure =
            failed(harness.invoke("search", json!({"module": "Accounts", "query": clause})));
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("INVALID_QUERY", Some(Outcome::NotDone)),
            "{clause}: {failure}"
        );
        assert!(
            failure.suggestion.as_deref().unwrap().contains("filters"),
            "{clause}"
        );
    }
}

#[test]
fn finding_07_a_refused_clause_is_no_missing_right() {
    let harness = crm().expect(fields("Accounts")).expect(numbered(
        v4(
            "get_entry_list",
            json!(["Accounts", "(accounts.name = 'union select')"]),
        ),
        40,
    ));
    let failure = failed(harness.invoke(
        "search",
        json!({"module": "Accounts", "query": "name = 'union select'"}),
    ));
    assert_eq!(&*failure.code, "QUERY_REFUSED");
    assert!(failure.message.contains("inside a quoted value"));
}

#[test]
fn finding_08_modules_that_the_role_hides_stay_hidden() {
    let harness = crm().expect(fields("Accounts")).expect(modules());
    for (link, code) in [
        ("opportunities", "INVALID_ENTITY_TYPE"),
        ("cases", "PERMISSION_DENIED"),
    ] {
        let failure = failed(harness.invoke(
            "get_relationships",
            json!({"module": "Accounts", "id": ID, "link_field": link}),
        ));
        assert_eq!(&*failure.code, code, "{link}");
    }
    for (module, code) in [
        ("Opportunities", "INVALID_ENTITY_TYPE"),
        ("Cases", "PERMISSION_DENIED"),
        ("Users", "INVALID_ENTITY_TYPE"),
    ] {
        let failure = failed(harness.invoke(
            "search_text",
            json!({"search_string": "a", "modules": [module]}),
        ));
        assert_eq!(
            (&*failure.code, failure.fields.as_slice()),
            (code, ["/modules/0".to_owned()].as_slice())
        );
    }
}

#[test]
fn finding_08_links_are_changed_with_the_right_to_edit_alone() {
    for tool in ["link_records", "unlink_records"] {
        let harness = crm().expect(fields("Cases")).expect(modules());
        let failure = failed(harness.invoke(
            tool,
            json!({"module": "Cases", "id": ID, "link_field": "contacts", "related_ids": OTHER}),
        ));
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("PERMISSION_DENIED", Some(Outcome::NotDone)),
            "{tool}"
        );
    }
}

#[test]
fn finding_08_a_count_is_that_of_the_list_which_the_role_filters() {
    let harness = crm().expect(fields("Leads")).expect(
        v4(
            "get_entry_list",
            json!(["Leads", "", "", 0, ["id"], [], 1, 0, false]),
        )
        .reply(200, listed(vec![row("Leads", ID, json!({}))], "34")),
    );
    let counted = harness.invoke("count", json!({"module": "Leads"})).unwrap();
    assert_eq!((&counted["count"], counted.get("note")), (&json!(34), None));
}

#[test]
fn finding_09_several_sessions_serve_one_user() {
    let harness = crm();
    for credential in &harness.manifest().credentials["v4"] {
        let Recipe::Login {
            sessions, logout, ..
        } = &credential.recipe
        else {
            panic!("a login")
        };
        assert_eq!(*sessions, 4);
        assert_eq!(logout.as_ref().unwrap().form["method"], "logout");
    }
}

#[test]
fn finding_10_ids_are_not_all_uuids() {
    for id in ["1", "seed_dana_id", "import-4711", ID] {
        let harness =
            crm()
                .expect(fields("Users"))
                .expect(there("Users", id, json!({"name": "Dana"})));
        harness
            .invoke("get", json!({"module": "Users", "id": id}))
            .unwrap();
    }
}

#[test]
fn no_reading_tool_has_a_route_that_writes() {
    let writes = [
        "set_entry",
        "set_entries",
        "set_relationship",
        "set_relationships",
        "set_note_attachment",
    ];
    let harness = crm();
    let manifest = harness.manifest();
    let reading = manifest
        .tools
        .iter()
        .filter(|tool| tool.effect == Effect::Read)
        .flat_map(|tool| &tool.routes);
    let previews = manifest.tools.iter().flat_map(|tool| &tool.preview_routes);
    for route in reading
        .chain(previews)
        .chain(manifest.live_check.iter().flat_map(|check| &check.routes))
    {
        if route.method == portcullis_sdk::Method::Post {
            let methods = &route.form["method"];
            assert!(
                methods
                    .iter()
                    .all(|method| !writes.contains(&method.as_str())),
                "{route:?}"
            );
        } else {
            assert_eq!(route.method, portcullis_sdk::Method::Get);
        }
    }
}
