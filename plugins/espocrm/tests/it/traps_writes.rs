//! Traps of writes: what the CRM ignores, half does, or does otherwise.

use portcullis_sdk::{
    Method, Outcome,
    testing::{Harness, delete, get, post, put},
};
use serde_json::json;

use crate::fixtures::{ID, OTHER, THIRD, USER, crm, defs, failed, me, refuse, scopes};

#[test]
fn trap_07_a_task_without_an_owner_is_refused_or_gets_the_default_one() {
    let failure = failed(crm().expect(defs("Task")).invoke(
        "create",
        json!({"entityType": "Task", "data": {"name": "Call back"}}),
    ));
    assert_eq!(
        (&*failure.code, failure.fields.as_slice()),
        (
            "MISSING_REQUIRED_FIELD",
            ["/data/assignedUserId".to_owned()].as_slice()
        )
    );
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap()
            .contains("default_assignee")
    );

    let sent = json!({"name": "Call back", "assignedUserId": USER});
    let harness = crm()
        .setting("default_assignee", USER)
        .expect(defs("Task"))
        .expect(post("Task").body(sent).reply(
            200,
            json!({"id": ID, "name": "Call back", "assignedUserId": USER}),
        ));
    let created = harness
        .invoke(
            "create",
            json!({"entityType": "Task", "data": {"name": "Call back"}}),
        )
        .unwrap();
    assert_eq!(created["filled_in"], json!(["assignedUserId"]));
}

#[test]
fn trap_08_a_draft_without_a_sender_address_says_what_to_do() {
    let without = json!({"user": {"id": USER, "userName": "robot", "emailAddress": null, "userEmailAddressList": []}});
    let harness = crm().expect(get("App/user").reply(200, without));
    let failure = failed(harness.invoke(
        "draft_email",
        json!({"to": "a@example.com", "subject": "Hi"}),
    ));
    assert_eq!(failure.code, "SENDER_NOT_ALLOWED");
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap()
            .contains("e-mail address")
    );

    let harness = crm()
        .setting("sender_address", "boss@crm.example")
        .expect(refuse(post("Email"), 403, "Not allowed 'from' address."));
    assert_eq!(
        failed(harness.invoke(
            "draft_email",
            json!({"to": "a@example.com", "subject": "Hi"})
        ))
        .code,
        "SENDER_NOT_ALLOWED"
    );

    let required = crate::fixtures::validation(post("Email"), "from", "required");
    let harness = crm().expect(me()).expect(required);
    assert_eq!(
        failed(harness.invoke(
            "draft_email",
            json!({"to": "a@example.com", "subject": "Hi"})
        ))
        .code,
        "SENDER_NOT_ALLOWED"
    );
}

#[test]
fn trap_09_placeholders_that_nothing_filled_are_named() {
    let prepared = json!({"subject": "For {Person.firstName}", "body": "<p>{Person.firstName}, {Parent.name}, {x}, {not a.word}</p>", "isHtml": true, "attachmentsIds": ["5a000000000000fff"]});
    let harness = crm()
        .expect(me())
        .expect(
            post("EmailTemplate/5a0000000000000ee/prepare")
                .body(json!({"emailAddress": "a@example.com"}))
                .reply(200, prepared),
        )
        .expect(
            post("Email")
                .body_at("/status", json!("Draft"))
                .body_at("/isHtml", json!(true))
                .body_at("/from", json!("robot@crm.example"))
                .body_at("/attachmentsIds", json!(["5a000000000000fff"]))
                .reply(200, json!({"id": ID, "status": "Draft"})),
        );
    let drafted = harness
        .invoke(
            "draft_email",
            json!({"to": "a@example.com", "templateId": "5a0000000000000ee"}),
        )
        .unwrap();
    assert_eq!(
        drafted["unfilled_placeholders"],
        json!(["{Person.firstName}", "{Parent.name}"])
    );
    assert_eq!(
        drafted["url"],
        format!("https://crm.example.com/#Email/view/{ID}")
    );
}

#[test]
fn trap_10_no_tool_gives_an_email_a_status_that_sends_it() {
    for status in [
        json!("Sending"),
        json!("Sent"),
        json!(null),
        json!(["Draft"]),
    ] {
        let failure = failed(crm().invoke(
            "update",
            json!({"entityType": "Email", "id": ID, "data": {"status": status}}),
        ));
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("SEND_BLOCKED", Some(Outcome::NotDone))
        );
    }
    for entity in ["Email", "email"] {
        assert_eq!(
            failed(crm().invoke(
                "create",
                json!({"entityType": entity, "data": {"status": "Draft"}})
            ))
            .code,
            "SEND_BLOCKED"
        );
    }
    let harness = crm().expect(defs("Email")).expect(
        put(&format!("Email/{ID}"))
            .body(json!({"body": "new", "status": "Draft"}))
            .reply(200, json!({"id": ID, "body": "new", "status": "Draft"})),
    );
    harness
        .invoke(
            "update",
            json!({"entityType": "Email", "id": ID, "data": {"body": "new", "status": "Draft"}}),
        )
        .unwrap();
}

#[test]
fn trap_10_routes_hold_where_the_plugin_would_not() {
    let harness = crm();
    let update = harness
        .manifest()
        .tools
        .iter()
        .find(|tool| tool.name == "update")
        .unwrap();
    let generic = update
        .routes
        .iter()
        .find(|route| route.path == "{entity}/{id}")
        .unwrap();
    assert!(generic.not["entity"].iter().any(|name| name == "Email"));
    for route in update
        .routes
        .iter()
        .filter(|route| route.path == "Email/{id}")
    {
        assert!(route.absent == ["/status"] || route.json["/status"] == [json!("Draft")]);
    }
}

fn link_one(answer: serde_json::Value) -> Harness {
    crm().expect(defs("Account")).expect(
        post(&format!("Account/{ID}/contacts"))
            .body(json!({"id": OTHER}))
            .reply(200, answer),
    )
}

#[test]
fn trap_11_false_is_no_success() {
    let arguments =
        json!({"entityType": "Account", "id": ID, "link": "contacts", "foreignId": OTHER});
    assert_eq!(
        link_one(json!(true))
            .invoke("link", arguments.clone())
            .unwrap()["linked"],
        json!([OTHER])
    );
    let failure = failed(link_one(json!(false)).invoke("link", arguments.clone()));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("NOT_APPLIED", Some(Outcome::NotDone))
    );
    let harness = crm()
        .expect(defs("Account"))
        .expect(delete(&format!("Account/{ID}/contacts")).reply(200, json!(false)));
    assert_eq!(
        failed(harness.invoke("unlink", arguments)).code,
        "NOT_APPLIED"
    );
}

#[test]
fn trap_12_a_list_of_links_that_stopped_half_way_says_which_stand() {
    let path = format!("Account/{ID}/contacts");
    let harness = crm()
        .expect(defs("Account"))
        .expect(refuse(
            post(&path).body(json!({"ids": [OTHER, THIRD]})),
            404,
            "",
        ))
        .expect(
            get(&path)
                .query_json(("searchParams", "/where/0/value"), json!([OTHER, THIRD]))
                .reply(200, json!({"total": 1, "list": [{"id": OTHER}]})),
        );
    let failure = failed(harness.invoke("link", json!({"entityType": "Account", "id": ID, "link": "contacts", "foreignIds": [OTHER, THIRD, OTHER]})));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PARTIAL", Some(Outcome::PartlyDone))
    );
    assert!(
        failure.message.starts_with("1 of 2 records are linked"),
        "{failure}"
    );
    assert_eq!(
        failure.details,
        Some(json!({"linked": [OTHER], "not_linked": [THIRD]}))
    );
}

#[test]
fn trap_12_a_missing_record_is_told_from_a_missing_other_record() {
    let path = format!("Account/{ID}/contacts");
    let arguments =
        json!({"entityType": "Account", "id": ID, "link": "contacts", "foreignId": OTHER});
    let harness = crm()
        .expect(defs("Account"))
        .expect(refuse(post(&path), 404, ""))
        .expect(get(&path).reply(200, json!({"total": 0, "list": []})));
    assert_eq!(
        failed(harness.invoke("link", arguments.clone())).fields,
        ["/foreignId"]
    );
    let harness = crm()
        .expect(defs("Account"))
        .expect(refuse(post(&path), 404, ""))
        .expect(refuse(get(&path), 404, ""));
    assert_eq!(failed(harness.invoke("link", arguments)).fields, ["/id"]);
}

#[test]
fn trap_13_a_link_that_holds_one_record_is_not_linked() {
    let failure = failed(crm().expect(defs("Contact")).invoke(
        "link",
        json!({"entityType": "Contact", "id": ID, "link": "account", "foreignId": OTHER}),
    ));
    assert_eq!(failure.code, "INVALID_LINK");
    assert_eq!(
        failure.suggestion.as_deref(),
        Some("update the record's `accountId` instead")
    );
}

#[test]
fn trap_14_a_deletion_answers_true() {
    let arguments = json!({"entityType": "Account", "id": ID});
    let path = format!("Account/{ID}");
    let harness = crm().expect(delete(&path).without_body().reply(200, json!(true)));
    assert_eq!(
        harness.invoke("delete", arguments.clone()).unwrap(),
        json!({"entity_type": "Account", "deleted": ID})
    );
    assert_eq!(
        failed(
            crm()
                .expect(delete(&path).reply(200, json!(false)))
                .invoke("delete", arguments.clone())
        )
        .code,
        "NOT_APPLIED"
    );
    assert_eq!(
        failed(
            crm()
                .expect(refuse(delete(&path), 404, ""))
                .invoke("delete", arguments.clone())
        )
        .code,
        "RECORD_NOT_FOUND"
    );

    // After a fault of the CRM: deleted nevertheless, or left open.
    let gone = crm().expect(refuse(delete(&path), 500, "")).expect(refuse(
        get(&path),
        404,
        "Record does not exist.",
    ));
    gone.invoke("delete", arguments.clone()).unwrap();
    let there = crm()
        .expect(refuse(delete(&path), 500, ""))
        .expect(get(&path).reply(200, json!({"id": ID})));
    let failure = failed(there.invoke("delete", arguments));
    assert_eq!(
        (&*failure.code, failure.outcome, failure.retryable),
        ("UPSTREAM_ERROR", Some(Outcome::MayHaveHappened), false)
    );
}

#[test]
fn trap_15_unlinking_names_the_record_in_the_body() {
    let harness = crm().expect(defs("Account")).expect(
        delete(&format!("Account/{ID}/contacts"))
            .body(json!({"ids": [OTHER, THIRD]}))
            .reply(200, json!(true)),
    );
    let unlinked = harness.invoke("unlink", json!({"entityType": "Account", "id": ID, "link": "contacts", "foreignIds": [OTHER, THIRD]})).unwrap();
    assert_eq!(unlinked["unlinked"], json!([OTHER, THIRD]));
    let request = harness.requests().pop().unwrap();
    assert_eq!((request.method, request.query.len()), (Method::Delete, 0));
}

#[test]
fn trap_16_blank_notes_are_refused_and_missing_records_named() {
    for text in [" ", "\n\t", ""] {
        let failure = failed(crm().invoke(
            "add_note",
            json!({"entityType": "Account", "id": ID, "text": text}),
        ));
        assert_eq!(failure.fields, ["/text"]);
    }
    let arguments = json!({"entityType": "Account", "id": ID, "text": "Called."});
    let no_record = crm()
        .expect(refuse(post("Note"), 403, "No create access."))
        .expect(refuse(
            get(&format!("Account/{ID}")),
            404,
            "Record does not exist.",
        ));
    assert_eq!(
        failed(no_record.invoke("add_note", arguments.clone())).code,
        "RECORD_NOT_FOUND"
    );
    let no_right = crm()
        .expect(refuse(post("Note"), 403, "No create access."))
        .expect(get(&format!("Account/{ID}")).reply(200, json!({"id": ID})));
    assert_eq!(
        failed(no_right.invoke("add_note", arguments)).code,
        "PERMISSION_DENIED"
    );
}

fn moved(stage: &str) -> serde_json::Value {
    json!({"id": ID, "stage": stage})
}

fn kanban(group: &str, position: Option<u32>) -> serde_json::Value {
    let mut arguments = json!({"entityType": "Opportunity", "id": ID, "group": group});
    if let Some(position) = position {
        arguments["position"] = position.into();
    }
    arguments
}

#[test]
fn trap_17_the_stage_is_changed_and_then_the_order() {
    let board = json!({"total": 3, "groups": [{"name": "Open", "list": [{"id": "x"}]}, {"name": "Offer", "list": [{"id": OTHER}, {"id": ID}, {"id": THIRD}]}]});
    let harness = crm()
        .expect(scopes())
        .expect(defs("Opportunity"))
        .expect(put(&format!("Opportunity/{ID}")).body(json!({"stage": "Offer"})).reply(200, moved("Offer")))
        .expect(get("Kanban/Opportunity").query("maxSize", 50).reply(200, board))
        .expect(put("Kanban/order").body(json!({"entityType": "Opportunity", "group": "Offer", "ids": [OTHER, ID, THIRD]})).reply(200, json!(true)));
    let result = harness
        .invoke("update_kanban", kanban("Offer", Some(1)))
        .unwrap();
    assert_eq!(
        (&result["status"], &result["position"]["applied"]),
        (&json!("Offer"), &json!(true))
    );
}

#[test]
fn trap_17_a_status_without_a_column_takes_no_position() {
    let failure = failed(
        crm()
            .expect(scopes())
            .expect(defs("Opportunity"))
            .invoke("update_kanban", kanban("Lost", Some(0))),
    );
    assert_eq!(
        (&*failure.code, failure.fields.as_slice()),
        ("INVALID_FIELD_VALUE", ["/position".to_owned()].as_slice())
    );
    let failure = failed(
        crm()
            .expect(scopes())
            .expect(defs("Opportunity"))
            .invoke("update_kanban", kanban("offer", None)),
    );
    assert!(
        failure.message.contains("Open, Offer, Won, Lost"),
        "{failure}"
    );
    assert_eq!(failure.suggestion.as_deref(), Some("did you mean Offer?"));
    let failure = failed(crm().expect(scopes()).invoke(
        "update_kanban",
        json!({"entityType": "Account", "id": ID, "group": "x"}),
    ));
    assert_eq!(failure.code, "INVALID_ENTITY_TYPE");
}

#[test]
fn trap_18_the_result_says_who_sees_the_order() {
    let harness = crm()
        .expect(scopes())
        .expect(defs("Opportunity"))
        .expect(put(&format!("Opportunity/{ID}")).reply(200, moved("Won")))
        .expect(get("Kanban/Opportunity").reply(200, json!({"groups": []})))
        .expect(put("Kanban/order").reply(200, json!(true)));
    let result = harness
        .invoke("update_kanban", kanban("Won", Some(0)))
        .unwrap();
    assert!(
        result["position"]["note"]
            .as_str()
            .unwrap()
            .contains("per user")
    );
}

#[test]
fn trap_19_a_status_that_did_not_change_is_a_failure() {
    let harness = crm()
        .expect(scopes())
        .expect(defs("Opportunity"))
        .expect(put(&format!("Opportunity/{ID}")).reply(200, moved("Open")));
    let failure = failed(harness.invoke("update_kanban", kanban("Offer", None)));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("NOT_APPLIED", Some(Outcome::NotDone))
    );

    let path = format!("Opportunity/{ID}");
    let harness = crm()
        .expect(defs("Opportunity"))
        .expect(put(&path).reply(200, moved("Open")));
    let failure = failed(harness.invoke(
        "update",
        json!({"entityType": "Opportunity", "id": ID, "data": {"stage": "Offer"}}),
    ));
    assert_eq!(
        (&*failure.code, failure.outcome, failure.fields.as_slice()),
        (
            "NOT_APPLIED",
            Some(Outcome::NotDone),
            ["/data/stage".to_owned()].as_slice()
        )
    );
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap()
            .contains("update_kanban")
    );

    let harness = crm()
        .expect(defs("Opportunity"))
        .expect(put(&path).reply(200, json!({"id": ID, "stage": "Open", "probability": 30})));
    let failure = failed(harness.invoke("update", json!({"entityType": "Opportunity", "id": ID, "data": {"stage": "Offer", "probability": 30}})));
    assert_eq!(failure.outcome, Some(Outcome::PartlyDone));
    assert_eq!(
        failure.details.as_ref().unwrap()["applied"],
        json!(["probability"])
    );
}
