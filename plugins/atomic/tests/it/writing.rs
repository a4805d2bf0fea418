//! Creating and changing records, tags, tasks.

use portcullis_sdk::{
    Outcome, Reason, Stage,
    testing::{patch, post},
};
use serde_json::json;

use crate::fixtures::{
    NOW, configured, contact, crm, deal, failed, one, refused, table, unconfigured,
};

#[test]
fn a_contact_gets_what_the_crms_pages_give_it() {
    let crm = crm()
        .expect(configured())
        .expect(table("tags").reply(200, json!([{"id": 3, "name": "VIP", "color": "#eddcd2"}])))
        .expect(
            post("rest/v1/contacts")
                .header("prefer", "return=representation")
                .body(json!({
                    "first_name": "Rita", "email_jsonb": [{"email": "rita.ray@acme.example", "type": "Work"}], "phone_jsonb": null,
                    "status": "warm", "tags": [3], "linkedin_url": "https://linkedin.example/rita",
                    "first_seen": NOW, "last_seen": NOW,
                }))
                .reply(201, json!([{"id": 4, "first_name": "Rita", "status": "warm", "tags": [3], "linkedin_url": "https://linkedin.example/rita",
                    "email_jsonb": [{"email": "rita.ray@acme.example", "type": "Work"}], "phone_jsonb": null,
                    "first_seen": "2026-11-20T10:00:00+00:00", "last_seen": "2026-11-20T10:00:00+00:00"}])),
        );
    let stored = crm
        .invoke(
            "create_record",
            json!({"entity": "contacts", "data": {"first_name": "Rita", "email": "Rita.Ray@Acme.example", "phone": [], "status": "Warm", "tags": ["vip"], "linkedin_url": "linkedin.example/rita"}}),
        )
        .unwrap();
    assert_eq!(stored["id"], 4);
    assert!(stored.get("warnings").is_none(), "{stored}");
}

#[test]
fn the_picture_is_not_looked_for_where_the_operator_says_so() {
    let crm = crm().setting("avatar_lookup", false).expect(
        post("rest/v1/contacts")
            .body_at("/avatar", json!({}))
            .reply(201, json!([{"id": 4, "first_name": "Rita", "avatar": {}, "tags": [], "first_seen": NOW, "last_seen": NOW}])),
    );
    crm.invoke(
        "create_record",
        json!({"entity": "contacts", "data": {"first_name": "Rita"}}),
    )
    .unwrap();
}

#[test]
fn a_note_takes_the_contacts_status_and_says_that_it_was_seen() {
    let crm = crm()
        .expect(one("contacts_summary", 2).reply(200, json!([contact(2, "John", "Smith")])))
        .expect(
            post("rest/v1/contact_notes")
                .body(json!({"contact_id": 2, "text": "Hello", "status": "warm"}))
                .reply(
                    201,
                    json!([{"id": 9, "contact_id": 2, "text": "Hello", "status": "warm"}]),
                ),
        )
        .expect(
            patch("rest/v1/contacts")
                .query("id", "eq.2")
                .body(json!({"last_seen": NOW, "status": "warm"}))
                .reply(200, json!([{"id": 2}])),
        );
    let stored = crm
        .invoke(
            "create_record",
            json!({"entity": "contact_notes", "data": {"contact_id": 2, "text": "Hello"}}),
        )
        .unwrap();
    assert!(stored.get("warnings").is_none());
}

#[test]
fn a_follow_up_that_fails_is_a_warning_beside_the_stored_record() {
    let crm = crm()
        .expect(unconfigured())
        .expect(
            post("rest/v1/tasks")
                .body(json!({"contact_id": 1, "text": "Call", "due_date": "2026-12-05T00:00:00Z", "type": "none"}))
                .reply(201, json!([{"id": 8, "contact_id": 1, "text": "Call", "due_date": "2026-12-05T00:00:00+00:00", "type": "none"}])),
        )
        .expect(patch("rest/v1/contacts").query("id", "eq.1").reply(200, json!([])));
    let stored = crm
        .invoke("create_record", json!({"entity": "tasks", "data": {"contact_id": "1", "text": "Call", "due_date": "2026-12-05"}}))
        .unwrap();
    assert_eq!(stored["id"], 8);
    assert!(
        stored["warnings"][0]
            .as_str()
            .unwrap()
            .contains("last_seen of contact 1")
    );
}

#[test]
fn a_new_deal_comes_first_in_its_stage() {
    let crm = crm()
        .expect(configured())
        .expect(
            table("contacts")
                .query("id", "in.(1)")
                .reply(200, json!([{"id": 1}])),
        )
        .expect(
            table("deals")
                .query("stage", "eq.opportunity")
                .query("archived_at", "is.null")
                .reply(
                    200,
                    json!([{"id": 1, "index": 0}, {"id": 2, "index": 1}, {"id": 3, "index": 3}]),
                ),
        )
        .expect(
            post("rest/v1/deals")
                .body_at("/index", json!(0))
                .body_at("/stage", json!("opportunity"))
                .reply(201, json!([deal(9, "opportunity", 0)])),
        )
        .expect(
            patch("rest/v1/deals")
                .query("id", "eq.1")
                .body(json!({"index": 1}))
                .reply(200, json!([{"id": 1}])),
        )
        .expect(
            patch("rest/v1/deals")
                .query("id", "eq.2")
                .body(json!({"index": 2}))
                .reply(200, json!([{"id": 2}])),
        );
    let stored = crm
        .invoke(
            "create_record",
            json!({"entity": "deals", "data": {"name": "Deal 9", "stage": "opportunity", "amount": 5000, "contact_ids": [1]}}),
        )
        .unwrap();
    assert!(stored.get("warnings").is_none(), "{stored}");
}

#[test]
fn bad_values_are_named_before_anything_is_sent() {
    for (entity, data, code, field, words) in [
        (
            "deals",
            json!({"name": "x"}),
            "MISSING_REQUIRED_FIELD",
            "/data/stage",
            "needs stage",
        ),
        (
            "deals",
            json!({"name": "  ", "stage": null}),
            "MISSING_REQUIRED_FIELD",
            "/data/name",
            "name",
        ),
        (
            "deals",
            json!({"amount": 10.5}),
            "INVALID_FIELD_VALUE",
            "/data/amount",
            "without decimals",
        ),
        (
            "deals",
            json!({"expected_closing_date": "31.12.2026"}),
            "INVALID_FIELD_VALUE",
            "/data/expected_closing_date",
            "2026-12-05",
        ),
        (
            "deals",
            json!({"index": 3}),
            "INVALID_FIELD",
            "/data/index",
            "move_deal",
        ),
        (
            "deals",
            json!({"Stage-X": 3}),
            "INVALID_FIELD",
            "/data/Stage-X",
            "known are",
        ),
        (
            "contacts",
            json!({"email": "nobody"}),
            "INVALID_FIELD_VALUE",
            "/data/email_jsonb/0",
            "e-mail",
        ),
        (
            "contacts",
            json!({"email_jsonb": [{"type": "Work"}]}),
            "INVALID_FIELD_VALUE",
            "/data/email_jsonb/0",
            "email",
        ),
        (
            "contacts",
            json!({"phone": [{"number": "1", "type": "Fax"}]}),
            "INVALID_FIELD_VALUE",
            "/data/phone_jsonb/0/type",
            "Work, Home, Other",
        ),
        (
            "contacts",
            json!({"nb_tasks": 3}),
            "INVALID_FIELD",
            "/data/nb_tasks",
            "only be read",
        ),
        (
            "contacts",
            json!({"has_newsletter": "yes"}),
            "INVALID_FIELD_VALUE",
            "/data/has_newsletter",
            "true or false",
        ),
        (
            "contacts",
            json!({"company_id": 1.5}),
            "INVALID_FIELD_VALUE",
            "/data/company_id",
            "positive whole number",
        ),
        (
            "contacts",
            json!({"email": "a@b.example", "email_jsonb": []}),
            "INVALID_FIELD_VALUE",
            "/data/email_jsonb",
            "twice",
        ),
        (
            "companies",
            json!({"name": "x", "size": 30}),
            "INVALID_FIELD_VALUE",
            "/data/size",
            "50 (10 to 49)",
        ),
        (
            "companies",
            json!({"website": "not here"}),
            "INVALID_FIELD_VALUE",
            "/data/website",
            "web address",
        ),
        (
            "companies",
            json!({"context_links": "x"}),
            "INVALID_FIELD_VALUE",
            "/data/context_links",
            "list",
        ),
        (
            "tasks",
            json!({"due_date": "soon"}),
            "INVALID_FIELD_VALUE",
            "/data/due_date",
            "2026-12-05T09:30:00Z",
        ),
        (
            "contact_notes",
            json!({"attachments": []}),
            "INVALID_FIELD",
            "/data/attachments",
            "pages",
        ),
    ] {
        let failure =
            failed(crm().invoke("create_record", json!({"entity": entity, "data": data})));
        assert_eq!((&*failure.code, failure.fields[0].as_str()), (code, field));
        assert!(failure.message.contains(words), "{}", failure.message);
    }
}

#[test]
fn allowed_values_are_those_of_the_configuration() {
    let crm = crm().expect(configured());
    for _ in 0..2 {
        let failure = failed(crm.invoke(
            "create_record",
            json!({"entity": "deals", "data": {"name": "x", "stage": "won-deal"}}),
        ));
        assert_eq!(&*failure.code, "INVALID_FIELD_VALUE");
        assert!(
            failure.message.contains("opportunity, won, lost"),
            "{}",
            failure.message
        );
        assert_eq!(failure.suggestion.as_deref(), Some("did you mean won?"));
    }
}

#[test]
fn references_that_the_database_does_not_check_are_checked() {
    let crm = crm()
        .expect(
            table("contacts")
                .query("id", "in.(1,9)")
                .reply(200, json!([{"id": 1}])),
        )
        .expect(table("sales").query("id", "in.(77)").reply(200, json!([])))
        .expect(table("tags").reply(200, json!([{"id": 3, "name": "VIP"}])));
    for (entity, data, field) in [
        ("deals", json!({"contact_ids": [1, 9]}), "/data/contact_ids"),
        ("tasks", json!({"sales_id": 77}), "/data/sales_id"),
        ("contacts", json!({"tags": ["vipp"]}), "/data/tags/0"),
    ] {
        let failure = failed(crm.invoke(
            "update_record",
            json!({"entity": entity, "id": 5, "data": data}),
        ));
        assert_eq!(
            (&*failure.code, failure.fields[0].as_str()),
            ("INVALID_LINK", field)
        );
    }
}

#[test]
fn a_change_reports_what_is_stored() {
    let crm = crm().expect(
        patch("rest/v1/companies")
            .query("id", "eq.3")
            .body(json!({"website": "https://acme.example", "city": null}))
            .reply(
                200,
                json!([{"id": 3, "website": "https://acme.example", "city": "Rome"}]),
            ),
    );
    let stored = crm
        .invoke("update_record", json!({"entity": "companies", "id": 3, "data": {"website": "acme.example", "city": null}}))
        .unwrap();
    assert_eq!(
        stored["warnings"],
        json!(["city was stored otherwise than sent"])
    );
}

#[test]
fn a_deals_change_sets_the_time_of_the_change() {
    let crm = crm().expect(
        patch("rest/v1/deals")
            .body(json!({"amount": 7, "updated_at": NOW}))
            .reply(200, json!([{"id": 3, "amount": 7}])),
    );
    crm.invoke(
        "update_record",
        json!({"entity": "deals", "id": 3, "data": {"amount": "7"}}),
    )
    .unwrap();
    let failure = failed(crm.invoke(
        "update_record",
        json!({"entity": "deals", "id": 3, "data": {"stage": "won"}}),
    ));
    assert_eq!(failure.suggestion.as_deref(), Some("use move_deal"));
    let failure = failed(crm.invoke(
        "update_record",
        json!({"entity": "deals", "id": 3, "data": {}}),
    ));
    assert_eq!(failure.fields, ["/data"]);
}

#[test]
fn no_row_in_the_answer_is_no_change() {
    for (seen, code) in [
        (json!([{"id": 3}]), "NOT_APPLIED"),
        (json!([]), "RECORD_NOT_FOUND"),
    ] {
        let crm = crm()
            .expect(
                patch("rest/v1/tasks")
                    .query("id", "eq.3")
                    .reply(200, json!([])),
            )
            .expect(one("tasks", 3).query("select", "id").reply(200, seen));
        let failure = failed(crm.invoke(
            "update_record",
            json!({"entity": "tasks", "id": 3, "data": {"text": "x"}}),
        ));
        assert_eq!(&*failure.code, code);
        assert_eq!(failure.outcome, Some(Outcome::NotDone));
    }
}

#[test]
fn a_lost_answer_leaves_open_whether_it_was_stored() {
    let crm = crm().expect(post("rest/v1/companies").fail(Reason::Timeout, Stage::MaybeSent));
    let failure = failed(crm.invoke(
        "create_record",
        json!({"entity": "companies", "data": {"name": "Acme"}}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    assert!(!failure.retryable);
}

#[test]
fn columns_of_the_operator_are_passed_on_and_judged_by_the_database() {
    for message in [
        "Column 'citi' of relation 'companies' does not exist",
        "Could not find the 'citi' column of 'companies' in the schema cache",
    ] {
        let crm = crm().expect(refused(
            post("rest/v1/companies").body_at("/citi", json!("Rome")),
            400,
            "PGRST204",
            message,
        ));
        let failure = failed(crm.invoke(
            "create_record",
            json!({"entity": "companies", "data": {"name": "Acme", "citi": "Rome"}}),
        ));
        assert_eq!(
            (&*failure.code, failure.fields[0].as_str()),
            ("INVALID_FIELD", "/data/citi")
        );
        assert_eq!(failure.suggestion.as_deref(), Some("did you mean city?"));
    }
}

#[test]
fn people_are_not_written() {
    let failure = failed(crm().invoke(
        "update_record",
        json!({"entity": "sales", "id": 1, "data": {"administrator": true}}),
    ));
    assert_eq!(&*failure.code, "INVALID_ARGUMENT");
}

#[test]
fn a_task_is_completed_once() {
    let task = |done: serde_json::Value| json!([{"id": 6, "text": "Call", "done_date": done}]);
    let crm = crm()
        .expect(one("tasks", 6).reply(200, task(json!(null))))
        .expect(
            patch("rest/v1/tasks")
                .query("id", "eq.6")
                .body(json!({"done_date": NOW}))
                .reply(200, task(json!("2026-11-20T10:00:00+00:00"))),
        )
        .expect(one("tasks", 6).reply(200, task(json!("2026-11-19T10:00:00+00:00"))));
    let done = crm.invoke("complete_task", json!({"id": 6})).unwrap();
    assert_eq!(done["already_done"], false);
    let done = crm.invoke("complete_task", json!({"id": 6})).unwrap();
    assert_eq!(
        (&done["already_done"], &done["done_date"]),
        (&json!(true), &json!("2026-11-19T10:00:00+00:00"))
    );
}

#[test]
fn a_task_list_is_shown_as_given() {
    let tasks = json!([{"id": 1, "text": "Call", "due_date": "2026-12-01", "contact_name": "Jane Doe", "contact_id": 1}]);
    let shown = crm()
        .invoke("display_task_list", json!({"tasks": tasks}))
        .unwrap();
    assert_eq!(shown["tasks"], tasks);
}

#[test]
fn tags_go_by_name_and_are_created_on_demand() {
    let crm = crm()
        .expect(one("contacts_summary", 1).reply(200, json!([contact(1, "Jane", "Doe")])))
        .expect(table("tags").reply(
            200,
            json!([{"id": 1, "name": "vip"}, {"id": 2, "name": "customer"}]),
        ))
        .expect(
            post("rest/v1/tags")
                .body(json!({"name": "Partner", "color": "#fde2e4"}))
                .reply(
                    201,
                    json!([{"id": 3, "name": "Partner", "color": "#fde2e4"}]),
                ),
        )
        .expect(
            patch("rest/v1/contacts")
                .query("id", "eq.1")
                .body(json!({"tags": [2, 3]}))
                .reply(200, json!([{"id": 1}])),
        );
    let tagged = crm
        .invoke(
            "tag_contact",
            json!({"id": 1, "add": ["Customer", "Partner"], "remove": ["VIP", "lead"]}),
        )
        .unwrap();
    assert_eq!(tagged["tags"], json!(["customer", "Partner"]));
    assert_eq!(
        (&tagged["created"], &tagged["not_there"]),
        (&json!(["Partner"]), &json!(["lead"]))
    );
    let failure = failed(crm.invoke("tag_contact", json!({"id": 1})));
    assert_eq!(&*failure.code, "INVALID_ARGUMENT");
}

#[test]
fn a_tag_that_was_created_in_vain_is_told() {
    let crm = crm()
        .expect(one("contacts_summary", 1).reply(200, json!([contact(1, "Jane", "Doe")])))
        .expect(table("tags").reply(200, json!([])))
        .expect(post("rest/v1/tags").reply(201, json!([{"id": 3, "name": "Partner"}])))
        .expect(refused(patch("rest/v1/contacts"), 403, "42501", "no"));
    let failure = failed(crm.invoke("tag_contact", json!({"id": 1, "add": ["Partner"]})));
    assert_eq!(failure.outcome, Some(Outcome::PartlyDone));
    let details = failure.details.as_ref().expect("details");
    assert_eq!(details["created_tags"], json!(["Partner"]));
}
