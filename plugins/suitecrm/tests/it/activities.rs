//! log_call, create_task, create_note, attachments, and the lists of activities.

use portcullis_sdk::Outcome;
use serde_json::{Value, json};

use crate::fixtures::{
    ID, OTHER, THIRD, USER, broken, crm, entries, failed, fields, gone, gone_row, modules,
    numbered, row, there, v4,
};

fn me() -> portcullis_sdk::testing::Exchange {
    v4("get_user_id", json!([])).reply(200, USER)
}

fn known(module: &str, id: &str) -> portcullis_sdk::testing::Exchange {
    v4("get_entries", json!([module, [id]])).reply(200, entries(vec![row(module, id, json!({}))]))
}

fn contacts(ids: &[&str]) -> portcullis_sdk::testing::Exchange {
    let rows = ids
        .iter()
        .map(|id| row("Contacts", id, json!({})))
        .collect();
    v4("get_relationships", json!(["Calls", ID, "contacts", ""])).reply(200, entries(rows))
}

fn call() -> Value {
    json!({"name": "Quote", "date_start": "2026-12-01T09:00:00Z", "contact_ids": [OTHER], "account_ids": [THIRD], "duration_minutes": 30})
}

fn stored_call() -> Value {
    json!({"name": "Quote", "date_start": "2026-12-01 09:00:00", "status": "Held", "direction": "Outbound", "duration_hours": "0", "duration_minutes": "30", "assigned_user_id": USER, "parent_type": "Accounts", "parent_id": THIRD})
}

fn logging() -> portcullis_sdk::testing::Harness {
    let pairs = json!([
        {"name": "name", "value": "Quote"}, {"name": "date_start", "value": "2026-12-01 09:00:00"}, {"name": "status", "value": "Held"},
        {"name": "direction", "value": "Outbound"}, {"name": "duration_hours", "value": "0"}, {"name": "duration_minutes", "value": "30"},
        {"name": "parent_type", "value": "Accounts"}, {"name": "parent_id", "value": THIRD}, {"name": "assigned_user_id", "value": USER}
    ]);
    crm()
        .expect_all([
            fields("Contacts"),
            known("Contacts", OTHER),
            fields("Accounts"),
            known("Accounts", THIRD),
            fields("Calls"),
            me(),
        ])
        .expect(v4("set_entry", json!(["Calls", pairs, false])).reply(200, json!({"id": ID})))
        .expect(there("Calls", ID, stored_call()))
        .expect(
            v4(
                "set_relationship",
                json!(["Calls", ID, "contacts", [OTHER], [], 0]),
            )
            .reply(200, json!({"created": 1, "failed": 0, "deleted": 0})),
        )
}

#[test]
fn a_call_is_logged_and_its_links_are_counted_as_they_are() {
    let logged = logging()
        .expect(contacts(&[OTHER]))
        .invoke("log_call", call())
        .unwrap();
    assert_eq!(
        (&logged["created"], &logged["id"], &logged["linked"]),
        (
            &json!(true),
            &json!(ID),
            &json!({"contacts": 1, "accounts": 1})
        )
    );
    assert!(logged.get("stored_otherwise").is_none(), "{logged}");
}

#[test]
fn a_call_whose_contacts_were_not_linked_is_not_to_be_logged_again() {
    let failure = failed(logging().expect(contacts(&[])).invoke("log_call", call()));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PARTIAL", Some(Outcome::PartlyDone))
    );
    assert_eq!(failure.details.as_ref().unwrap()["id"], ID);
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap()
            .contains("not log the call again")
    );
}

#[test]
fn links_that_cannot_be_read_are_not_called_missing() {
    let unread = broken(v4(
        "get_relationships",
        json!(["Calls", ID, "contacts", ""]),
    ));
    let failure = failed(logging().expect(unread).invoke("log_call", call()));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PARTIAL", Some(Outcome::PartlyDone))
    );
    assert!(failure.message.contains("could not be read"), "{failure}");
    let details = failure.details.as_ref().unwrap();
    assert_eq!(details["id"], ID);
    assert!(details.get("not_linked").is_none(), "{details}");
}

#[test]
fn nothing_is_written_when_an_id_or_a_date_is_wrong() {
    let missing = v4("get_entries", json!(["Contacts", [OTHER]]))
        .reply(200, entries(vec![gone_row("Contacts", OTHER)]));
    let failure = failed(
        crm()
            .expect(fields("Contacts"))
            .expect(missing)
            .invoke("log_call", call()),
    );
    assert_eq!(
        (&*failure.code, failure.fields.as_slice(), failure.outcome),
        (
            "RECORD_NOT_FOUND",
            ["/contact_ids".to_owned()].as_slice(),
            Some(Outcome::NotDone)
        )
    );
    let failure = failed(crm().invoke(
        "log_call",
        json!({"name": "A", "date_start": "2026-12-01T09:00:00Z", "account_ids": [OTHER, THIRD]}),
    ));
    assert_eq!(failure.fields, ["/account_ids"]);
    let failure = failed(crm().expect_all([fields("Calls"), me()]).invoke(
        "log_call",
        json!({"name": "A", "date_start": "next monday"}),
    ));
    assert_eq!(failure.fields, ["/date_start"]);
    for (more, pointer) in [
        (json!({"parent_type": "Accounts"}), "/parent_id"),
        (json!({"parent_id": ID}), "/parent_type"),
    ] {
        for tool in ["create_task", "create_note"] {
            let mut ask = json!({"name": "A"});
            ask.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            assert_eq!(failed(crm().invoke(tool, ask)).fields, [pointer]);
        }
    }
    for bad in [
        json!({"name": "A", "date_start": "2026-12-01T09:00:00Z", "status": "held"}),
        json!({"name": "A", "date_start": "2026-12-01T09:00:00Z", "duration_minutes": 20}),
        json!({"name": "", "date_start": "2026-12-01T09:00:00Z"}),
    ] {
        assert_eq!(
            &*failed(crm().invoke("log_call", bad)).code,
            "INVALID_ARGUMENT"
        );
    }
}

#[test]
fn a_dry_run_of_a_call_sends_nothing() {
    let mut ask = call();
    ask["dry_run"] = true.into();
    let harness = crm().expect_all([
        fields("Contacts"),
        known("Contacts", OTHER),
        fields("Accounts"),
        known("Accounts", THIRD),
        fields("Calls"),
        me(),
    ]);
    let plan = harness.invoke("log_call", ask).unwrap();
    assert_eq!(
        (&plan["created"], &plan["linked"]),
        (&json!(false), &json!({"contacts": 0, "accounts": 0}))
    );
    assert_eq!(plan["would_send"][0]["method"], "set_entry");
    assert_eq!(
        plan["would_send"][1],
        json!({"method": "set_relationship", "arguments": ["Calls", "(the id of the new call)", "contacts", [OTHER], [], 0]})
    );
}

#[test]
fn tasks_and_notes_have_an_owner() {
    let harness = crm()
        .setting("default_assignee", "seed_max_id")
        .expect_all([fields("Accounts"), known("Accounts", OTHER), fields("Notes")])
        .expect(v4("set_entry", json!(["Notes"])).form_at("rest_data", "/2/3/value", json!("seed_max_id")).reply(200, json!({"id": ID})))
        .expect(there("Notes", ID, json!({"name": "A", "parent_type": "Accounts", "parent_id": OTHER, "assigned_user_id": "seed_max_id"})));
    let made = harness
        .invoke(
            "create_note",
            json!({"name": "A", "parent_type": "Accounts", "parent_id": OTHER}),
        )
        .unwrap();
    assert_eq!(made["filled_in"], json!(["assigned_user_id"]));
    let harness = crm()
        .expect(fields("Tasks"))
        .expect(v4("set_entry", json!(["Tasks"])).reply(200, json!({"id": ID})))
        .expect(there("Tasks", ID, json!({"name": "A", "status": "Completed", "priority": "High", "assigned_user_id": "1"})));
    let made = harness.invoke("create_task", json!({"name": "A", "status": "Completed", "priority": "High", "assigned_user_id": "1"})).unwrap();
    assert!(made.get("filled_in").is_none());
}

fn file(name: &str, content: &str) -> Value {
    json!({"note_attachment": {"id": ID, "filename": name, "file": content, "related_module_id": null, "related_module_name": null}})
}

#[test]
fn a_file_comes_with_its_type_and_size() {
    let note = |mime: &str| {
        there(
            "Notes",
            ID,
            json!({"filename": "a", "file_mime_type": mime}),
        )
    };
    let ask = json!({"id": ID});
    for (content, kind, size) in [
        ("aGVsbG8gd29ybGQK", "text/plain", 12),
        ("JVBERi0xLjcK", "application/pdf", 9),
        ("AAEC", "application/x-own", 3),
    ] {
        let harness = crm()
            .expect(fields("Notes"))
            .expect(note("application/x-own"))
            .expect(
                v4("get_note_attachment", json!([ID]))
                    .reply(200, file("hello &amp; co.txt", content)),
            );
        let found = harness.invoke("get_note_attachment", ask.clone()).unwrap();
        assert_eq!(
            (
                &found["file_mime_type"],
                &found["size"],
                &found["file_base64"],
                &found["filename"]
            ),
            (
                &json!(kind),
                &json!(size),
                &json!(content),
                &json!("hello & co.txt")
            )
        );
    }
    let harness = crm()
        .setting("attachment_bytes", 1000)
        .expect(fields("Notes"))
        .expect(note(""))
        .expect(
            v4("get_note_attachment", json!([ID])).reply(200, file("big", &"AAAA".repeat(400))),
        );
    let found = harness.invoke("get_note_attachment", ask.clone()).unwrap();
    assert_eq!(
        (&found["file_base64"], &found["size"]),
        (&Value::Null, &json!(1200))
    );
    let harness = crm()
        .expect(fields("Notes"))
        .expect(note(""))
        .expect(v4("get_note_attachment", json!([ID])).reply(200, file("", "")));
    assert_eq!(
        harness.invoke("get_note_attachment", ask.clone()).unwrap()["note"],
        "the note has no file"
    );
    let harness = crm().expect(fields("Notes")).expect(gone("Notes", ID));
    assert_eq!(
        &*failed(harness.invoke("get_note_attachment", ask)).code,
        "RECORD_NOT_FOUND"
    );
}

#[test]
fn a_replaced_file_keeps_its_name_and_the_answer_says_so() {
    let ask = json!({"id": ID, "filename": "new.txt", "file_base64": "aGk=", "file_mime_type": "text/x-own"});
    let stored = |name: &str| there("Notes", ID, json!({"filename": name}));
    let harness = crm()
        .expect(fields("Notes"))
        .expect(stored("old.txt").times(2))
        .expect(
            v4(
                "set_note_attachment",
                json!([{"id": ID, "filename": "new.txt", "file": "aGk="}]),
            )
            .reply(200, json!({"id": ID})),
        );
    let done = harness.invoke("set_note_attachment", ask.clone()).unwrap();
    assert_eq!(
        (&done["attached"], &done["filename_stored"], &done["size"]),
        (&json!(true), &json!("old.txt"), &json!(2))
    );
    assert!(done["notes"][1].as_str().unwrap().contains("kept the name"));
    let harness = crm()
        .expect(fields("Notes"))
        .expect(stored(""))
        .expect(v4("set_note_attachment", json!([])).reply(200, json!({"id": ID})))
        .expect(stored("new.txt"));
    assert_eq!(
        harness.invoke("set_note_attachment", ask.clone()).unwrap()["notes"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let mut dry = ask;
    dry["dry_run"] = true.into();
    let plan = crm()
        .expect(fields("Notes"))
        .expect(stored(""))
        .invoke("set_note_attachment", dry)
        .unwrap();
    assert_eq!(plan["attached"], false);
    let content = json!({"bytes": 2, "sha256": "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"});
    assert_eq!(
        plan["would_send"],
        json!([{"method": "set_note_attachment", "arguments": [{"id": ID, "filename": "new.txt", "file": content}]}])
    );
    assert!(!plan.to_string().contains("aGk="), "{plan}");
}

#[test]
fn bad_files_are_refused_before() {
    for (name, content, pointer) in [
        ("a.txt", "!!!not base64!!!", "/file_base64"),
        ("a.txt", "aGk", "/file_base64"),
        ("../a.txt", "aGk=", "/filename"),
        ("..", "aGk=", "/filename"),
        ("a\n.txt", "aGk=", "/filename"),
    ] {
        assert_eq!(
            failed(crm().invoke(
                "set_note_attachment",
                json!({"id": ID, "filename": name, "file_base64": content})
            ))
            .fields,
            [pointer],
            "{name}"
        );
    }
    let failure = failed(crm().setting("attachment_bytes", 1000).invoke(
        "set_note_attachment",
        json!({"id": ID, "filename": "a", "file_base64": "AAAA".repeat(400)}),
    ));
    assert_eq!(&*failure.code, "TOO_LARGE");
}

#[test]
fn upcoming_leaves_closed_deals_out() {
    let item = |id: &str, module: &str, due: &str| json!({"id": id, "module": module, "date_due": due, "summary": "A &amp; B"});
    let list = json!([
        item(ID, "Calls", "2026-11-21 14:00:00"),
        item(OTHER, "Opportunities", "2026-11-22"),
        item(THIRD, "Opportunities", "2026-11-23")
    ]);
    let deals = entries(vec![
        row("Opportunities", OTHER, json!({"sales_stage": "Closed Won"})),
        row(
            "Opportunities",
            THIRD,
            json!({"sales_stage": "Prospecting"}),
        ),
    ]);
    let harness = crm()
        .expect(v4("get_upcoming_activities", json!([])).reply(200, list))
        .expect(fields("Opportunities"))
        .expect(
            v4(
                "get_entries",
                json!(["Opportunities", [OTHER, THIRD], ["id", "sales_stage"]]),
            )
            .reply(200, deals),
        );
    let due = harness
        .invoke("get_upcoming_activities", json!({}))
        .unwrap();
    assert_eq!(
        (&due["count"], &due["left_out_closed"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (
            &due["activities"][0]["date_due"],
            &due["activities"][1]["date_due"],
            &due["activities"][0]["summary"]
        ),
        (
            &json!("2026-11-21T14:00:00Z"),
            &json!("2026-11-23"),
            &json!("A & B")
        )
    );
}

fn of(link: &str) -> portcullis_sdk::testing::Exchange {
    v4(
        "get_relationships",
        json!([
            "Accounts",
            ID,
            link,
            "",
            [
                "id",
                "name",
                "status",
                "date_start",
                "date_due",
                "date_entered",
                "description"
            ],
            [],
            0,
            "",
            0,
            2
        ]),
    )
}

#[test]
fn a_type_that_could_not_be_read_is_not_empty() {
    let rows = vec![
        row(
            "Calls",
            OTHER,
            json!({"name": "A", "date_start": "2026-12-01 09:00:00"}),
        ),
        row("Calls", THIRD, json!({"name": "B"})),
    ];
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(of("calls").reply(200, entries(rows)))
        .expect(of("meetings").reply(200, entries(Vec::new())))
        .expect(numbered(of("tasks"), 40))
        .expect(broken(of("notes")));
    let found = harness
        .invoke(
            "get_record_activities",
            json!({"module": "Accounts", "id": ID, "max_results": 1}),
        )
        .unwrap();
    assert_eq!(
        (
            &found["calls"][0]["date_start"],
            &found["more_of"],
            &found["meetings"]
        ),
        (
            &json!("2026-12-01T09:00:00Z"),
            &json!(["calls"]),
            &json!([])
        )
    );
    assert!(found.get("tasks").is_none() && found.get("notes").is_none());
    assert_eq!(
        found["failed"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["tasks", "notes"]
    );
}

#[test]
fn activities_of_nothing_are_a_failure() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(broken(of("calls")))
        .expect(gone("Accounts", ID));
    let failure = failed(harness.invoke(
        "get_record_activities",
        json!({"module": "Accounts", "id": ID, "types": ["calls", "calls"], "max_results": 1}),
    ));
    assert_eq!(&*failure.code, "RECORD_NOT_FOUND");
    let harness = crm().expect(fields("Contacts")).expect(modules());
    assert_eq!(
        &*failed(harness.invoke(
            "get_record_activities",
            json!({"module": "Contacts", "id": ID})
        ))
        .code,
        "INVALID_LINK"
    );
}
