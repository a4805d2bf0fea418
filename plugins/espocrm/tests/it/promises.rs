//! What each tool promises: how many requests, how large an answer, what a result carries.

use portcullis_sdk::testing::{get, post, put};
use serde_json::{Value, json};

use crate::fixtures::{ID, USER, crm, defs, failed, me, refuse, scopes, scopes_with_pipelines};

#[test]
fn get_takes_one_request_and_keeps_numbers_exact() {
    let body = format!(
        r#"{{"id":"{ID}","amount":12345678901234567890.10,"number":9007199254740993,"deleted":false}}"#
    );
    let harness =
        crm().expect(get(&format!("Opportunity/{ID}")).reply_bytes(200, "application/json", body));
    let found = harness
        .invoke("get", json!({"entityType": "Opportunity", "id": ID}))
        .unwrap();
    assert_eq!(harness.requests().len(), 1);
    assert_eq!(
        found["url"],
        format!("https://crm.example.com/#Opportunity/view/{ID}")
    );
    let text = found.to_string();
    assert!(
        text.contains("12345678901234567890.10") && text.contains("9007199254740993"),
        "{text}"
    );
}

#[test]
fn get_keeps_the_sub_directory_and_treats_deleted_records_as_missing() {
    let path = format!("Account/{ID}");
    let harness = crm()
        .url("https://example.com/crm/")
        .expect(get(&path).reply(200, json!({"id": ID})));
    let found = harness
        .invoke("get", json!({"entityType": "Account", "id": ID}))
        .unwrap();
    assert_eq!(
        found["url"],
        format!("https://example.com/crm/#Account/view/{ID}")
    );
    let harness = crm().expect(get(&path).reply(200, json!({"id": ID, "deleted": true})));
    assert_eq!(
        failed(harness.invoke("get", json!({"entityType": "Account", "id": ID}))).code,
        "RECORD_NOT_FOUND"
    );
}

#[test]
fn get_cuts_long_texts_unless_they_are_asked_for() {
    let record = json!({"id": ID, "description": "ü".repeat(5000)});
    let arguments = json!({"entityType": "Account", "id": ID});
    let found = crm()
        .expect(get(&format!("Account/{ID}")).reply(200, record.clone()))
        .invoke("get", arguments)
        .unwrap();
    let shown = found["record"]["description"].as_str().unwrap();
    assert_eq!(
        shown,
        format!("{}… [1000 more characters]", "ü".repeat(4000))
    );
    assert!(
        found["truncated"]
            .as_str()
            .unwrap()
            .contains("Texts were cut (description); get")
    );
    let arguments = json!({"entityType": "Account", "id": ID, "select": ["description"]});
    let found = crm()
        .expect(get(&format!("Account/{ID}")).reply(200, record))
        .invoke("get", arguments)
        .unwrap();
    assert_eq!(
        found["record"]["description"]
            .as_str()
            .unwrap()
            .chars()
            .count(),
        5000
    );
    assert_eq!(found.get("truncated"), None);
}

fn opportunity(number: usize) -> Value {
    json!({
        "id": format!("5a000000000000{number:03}"), "name": format!("Renewal of the service contract {number}"), "stage": "Offer", "amount": 125_000.5,
        "amountCurrency": "EUR", "amountConverted": 125_000.5, "closeDate": "2026-12-31", "accountId": "5a00000000000099f", "accountName": "Northern Logistics Group",
        "assignedUserId": USER, "assignedUserName": "Sam Example", "createdAt": "2026-11-20 10:25:33", "createdById": USER, "isStarred": false
    })
}

#[test]
fn twenty_rows_of_a_search_stay_under_ten_kilobytes() {
    let rows: Vec<_> = (0..20).map(opportunity).collect();
    let harness = crm().expect(defs("Opportunity")).expect(
        get("Opportunity")
            .query_json(("searchParams", "/maxSize"), json!(20))
            .reply(200, json!({"total": 31, "list": rows})),
    );
    let page = harness
        .invoke("search", json!({"entityType": "Opportunity"}))
        .unwrap();
    assert_eq!(
        (&page["total"], &page["has_more"], &page["next_offset"]),
        (&json!(31), &json!(true), &json!(20))
    );
    let first = page["records"][0].as_object().unwrap();
    assert_eq!(
        first.keys().collect::<Vec<_>>(),
        [
            "id",
            "name",
            "stage",
            "amount",
            "amountCurrency",
            "closeDate",
            "accountId",
            "accountName",
            "assignedUserId",
            "assignedUserName",
            "createdAt",
            "url"
        ]
    );
    assert!(
        page.to_string().len() < 10_000,
        "{}",
        page.to_string().len()
    );
}

#[test]
fn a_search_takes_one_request_more_when_nothing_is_kept() {
    let answer = || get("Opportunity").reply(200, json!({"total": 0, "list": []}));
    let arguments = json!({"entityType": "Opportunity", "where": [{"type": "equals", "field": "stage", "value": "Won"}], "orderBy": "accountName", "order": "DESC"});
    let harness = crm()
        .expect(defs("Opportunity"))
        .expect(answer().query_json(("searchParams", "/orderBy"), json!("account")))
        .expect(answer());
    harness
        .invoke("search", {
            let mut lower = arguments.clone();
            lower["order"] = "desc".into();
            lower
        })
        .unwrap();
    assert_eq!(harness.requests().len(), 2);
    harness
        .invoke("query", {
            let mut lower = arguments;
            lower["order"] = "asc".into();
            lower
        })
        .unwrap();
    assert_eq!(harness.requests().len(), 3);
}

#[test]
fn a_large_page_is_cut_and_says_where_to_go_on() {
    let rows: Vec<_> = (0..50)
        .map(|n| json!({"id": format!("5a{n:015}"), "description": "x".repeat(3000)}))
        .collect();
    let harness = crm()
        .expect(defs("Account"))
        .expect(get("Account").reply(200, json!({"total": 50, "list": rows})));
    let page = harness
        .invoke(
            "search",
            json!({"entityType": "Account", "select": ["description"], "limit": 50}),
        )
        .unwrap();
    let kept = page["records"].as_array().unwrap().len() as u64;
    assert!(kept < 50 && page.to_string().len() < 81_000);
    assert_eq!(
        (
            page["next_offset"].as_u64(),
            &page["has_more"],
            &page["total"]
        ),
        (Some(kept), &json!(true), &json!(50))
    );
    assert!(page["truncated"].as_str().unwrap().contains("next_offset"));
}

#[test]
fn texts_that_the_crm_cut_are_named() {
    let harness = crm().expect(defs("Account")).expect(get("Account").reply(
        200,
        json!({"total": 1, "list": [{"id": ID, "description": "x".repeat(10_000)}]}),
    ));
    let page = harness
        .invoke(
            "search",
            json!({"entityType": "Account", "select": ["description"]}),
        )
        .unwrap();
    assert!(
        page["truncated"]
            .as_str()
            .unwrap()
            .contains("10,000 characters")
    );
}

#[test]
fn related_records_come_as_a_page_also_from_a_single_link() {
    let harness = crm()
        .expect(defs("Contact"))
        .expect(defs("Account"))
        .expect(get(&format!("Contact/{ID}/account")).reply(
            200,
            json!({"id": USER, "name": "North", "type": "Customer", "secretly": 1}),
        ));
    let page = harness
        .invoke(
            "get_related",
            json!({"entityType": "Contact", "id": ID, "link": "account"}),
        )
        .unwrap();
    assert_eq!(
        page["records"],
        json!([{"id": USER, "name": "North", "type": "Customer", "url": format!("https://crm.example.com/#Account/view/{USER}")}])
    );
    assert_eq!(
        (&page["total"], &page["has_more"]),
        (&json!(1), &json!(false))
    );
    let failure = failed(crm().expect(defs("Account")).invoke(
        "list_related",
        json!({"entityType": "Account", "id": ID, "link": "contact"}),
    ));
    assert_eq!(
        (&*failure.code, failure.suggestion.as_deref()),
        ("INVALID_LINK", Some("did you mean contacts?"))
    );
}

#[test]
fn entity_types_carry_label_and_rights_and_are_kept() {
    let labels = json!({"Global": {"scopeNames": {"CGarden": "Garden", "Account": "Company"}}});
    let harness = crm()
        .expect(scopes())
        .expect(me())
        .expect(get("I18n").query("default", "true").reply(200, labels));
    let page = harness.invoke("list_entity_types", json!({})).unwrap();
    let names: Vec<_> = page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "Account",
            "CGarden",
            "Contact",
            "Email",
            "Lead",
            "Meeting",
            "Opportunity",
            "Task",
            "User"
        ]
    );
    assert_eq!(
        (
            &page["records"][0]["label"],
            &page["records"][0]["rights"]["delete"]
        ),
        (&json!("Company"), &json!("no"))
    );
    assert_eq!(
        (
            &page["records"][1]["custom"],
            &page["records"][6]["status_field"]
        ),
        (&json!(true), &json!("stage"))
    );
    harness.invoke("list_entity_types", json!({})).unwrap();
    assert_eq!(harness.requests().len(), 3);
}

#[test]
fn a_schema_shows_how_fields_are_sent() {
    let harness = crm()
        .expect(defs("Opportunity"))
        .expect(scopes_with_pipelines())
        .expect(me());
    let schema = harness
        .invoke("get_schema", json!({"entityType": "Opportunity"}))
        .unwrap();
    let field = |name: &str| {
        schema["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|field| field["name"] == name)
            .cloned()
            .unwrap()
    };
    assert_eq!(field("account")["attributes"], json!(["accountId"]));
    assert_eq!(
        field("amount")["attributes"],
        json!(["amount", "amountCurrency"])
    );
    assert_eq!(
        field("stage"),
        json!({"name": "stage", "type": "enum", "options": ["Open", "Offer", "Won", "Lost"], "default": "Open"})
    );
    assert_eq!(
        (&schema["status_field"], &schema["default_order"]),
        (&json!("stage"), &json!("createdAt desc"))
    );
    assert_eq!(schema["pipelines"][0]["stages"][1]["name"], "Offer");
}

#[test]
fn a_meeting_gets_its_end_from_its_duration() {
    let harness = crm().expect(defs("Meeting")).expect(
        post("Meeting")
            .body(json!({"name": "Plan", "assignedUserId": USER, "dateStart": "2026-12-05 22:30:00", "duration": 5400, "dateEnd": "2026-12-06 00:00:00"}))
            .reply(200, json!({"id": ID, "name": "Plan", "assignedUserId": USER, "dateStart": "2026-12-05 22:30:00", "dateEnd": "2026-12-06 00:00:00"})),
    );
    let created =
        harness.invoke("create", json!({"entityType": "Meeting", "data": {"name": "Plan", "assignedUserId": USER, "dateStart": "2026-12-05T23:30:00+01:00", "duration": 5400}})).unwrap();
    assert_eq!(created["filled_in"], json!(["dateEnd"]));
}

#[test]
fn a_create_tells_what_was_stored_otherwise() {
    let harness = crm().expect(defs("Account")).expect(post("Account").reply(
        200,
        json!({"id": ID, "name": "North", "website": null, "emailAddress": "info@north.example"}),
    ));
    let created = harness.invoke("create", json!({"entityType": "Account", "data": {"name": "North", "website": "north.example", "emailAddress": "Info@North.example"}})).unwrap();
    assert_eq!(
        created["not_applied"],
        json!([{"attribute": "website", "sent": "north.example", "stored": null}])
    );
}

#[test]
fn an_update_takes_harmless_differences_for_applied() {
    let sent = json!({"amount": "1234.50", "closeDate": "2026-12-31", "description": "a\r\nb ", "contactsIds": ["b", "a"], "accountId": null});
    let stored = json!({"id": ID, "amount": 1234.5, "closeDate": "2026-12-31", "description": "a\nb", "contactsIds": ["a", "b"], "accountId": null});
    let harness = crm().expect(defs("Opportunity")).expect(
        put(&format!("Opportunity/{ID}"))
            .without_header("x-version-number")
            .reply(200, stored)
            .with("x-record-link-updated", "true"),
    );
    let updated = harness
        .invoke(
            "update",
            json!({"entityType": "Opportunity", "id": ID, "data": sent}),
        )
        .unwrap();
    assert_eq!(updated["links_changed"], json!(true));
    assert!(
        String::from_utf8(harness.requests()[1].body.clone().unwrap())
            .unwrap()
            .contains("1234.50")
    );
}

#[test]
fn a_preview_shows_the_record_its_state_and_what_hangs_on_it() {
    let path = format!("Account/{ID}");
    let record = json!({"id": ID, "name": "North", "type": "Customer", "description": "private", "modifiedAt": "2026-11-20 09:00:00", "versionNumber": 7});
    let count = |link: &str, total: i64| {
        get(&format!("{path}/{link}"))
            .query("maxSize", 0)
            .without_header("x-no-total")
            .reply(200, json!({"total": total, "list": []}))
    };
    let harness = crm()
        .expect(get(&path).reply(200, record))
        .expect(defs("Account"))
        .expect(count("contacts", 3))
        .expect(count("opportunities", 0))
        .expect(refuse(get(&format!("{path}/tasks")), 403, ""));
    let preview = harness
        .preview("delete", json!({"entityType": "Account", "id": ID}))
        .unwrap();
    assert_eq!(
        preview["record"],
        json!({"id": ID, "name": "North", "type": "Customer"})
    );
    assert_eq!(
        (&preview["modified_at"], &preview["version_number"]),
        (&json!("2026-11-20 09:00:00"), &json!(7))
    );
    assert_eq!(
        (&preview["dependents"], &preview["not_counted"]),
        (&json!({"contacts": 3}), &json!(["tasks"]))
    );
    assert!(
        preview["summary"]
            .as_str()
            .unwrap()
            .contains("3 linked records")
    );
}

#[test]
fn a_note_and_a_draft_carry_their_pages() {
    let note = post("Note")
        .body(json!({"type": "Post", "parentType": "Account", "parentId": ID, "post": "Called."}))
        .reply(200, json!({"id": USER, "post": "Called."}));
    let noted = crm()
        .expect(note)
        .invoke(
            "add_note",
            json!({"entityType": "Account", "id": ID, "text": "Called."}),
        )
        .unwrap();
    assert_eq!(
        noted,
        json!({"note_id": USER, "entity_type": "Account", "id": ID, "url": format!("https://crm.example.com/#Account/view/{ID}")})
    );

    let mail = json!({"status": "Draft", "name": "Hi", "from": "robot@crm.example", "to": "a@example.com;b@example.com", "body": "Text", "isHtml": false, "bcc": "d@example.com", "parentType": "Account", "parentId": ID});
    let harness = crm().expect(me()).expect(
        post("Email")
            .body(mail)
            .reply(200, json!({"id": ID, "status": "Draft"})),
    );
    let arguments = json!({"to": "Ann <a@example.com>, b@example.com", "bcc": "d@example.com", "subject": "Hi", "body": "Text", "parentType": "Account", "parentId": ID});
    assert_eq!(
        harness.invoke("draft_email", arguments).unwrap()["status"],
        "Draft"
    );
}
