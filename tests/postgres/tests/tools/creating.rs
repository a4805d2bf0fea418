//! New records, with what the CRM's pages do beside the database.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::{Value, json};

use crate::crm::{Crm, crm, crm_with, run, stored};

#[expect(
    clippy::needless_pass_by_value,
    reason = "a call reads best with its value in place"
)]
fn create(crm: &Crm, entity: &str, data: Value) -> Value {
    let made = crm.call("create_record", json!({"entity": entity, "data": data}));
    assert_eq!(made.get("warnings"), None, "{made}");
    made
}

#[test]
fn a_contact_is_whole() {
    let project = Project::start().unwrap();
    let rob = crm(&project, Caller::Rep);
    let made = create(
        &rob,
        "contacts",
        json!({"first_name": "Zoe", "last_name": "Q", "email": "Zoe@New.Example", "phone": ["+49 30 1"], "tags": ["VIP"],
               "gender": "Female", "status": "warm", "company_id": 1, "linkedin_url": "linkedin.example/zoe", "has_newsletter": true}),
    );
    let record = &made["record"];
    assert_eq!(
        record["email_jsonb"],
        json!([{"email": "zoe@new.example", "type": "Work"}])
    );
    assert_eq!(
        record["phone_jsonb"],
        json!([{"number": "+49 30 1", "type": "Work"}])
    );
    assert_eq!(
        (&record["tags"], &record["sales_id"]),
        (&json!([1]), &json!(2))
    );
    assert_eq!(record["linkedin_url"], "https://linkedin.example/zoe");
    assert_eq!(record["first_seen"], record["last_seen"]);
    assert!(record["first_seen"].is_string());
    assert_eq!(
        record["avatar"]["src"],
        "https://favicon.example/new.example"
    );
    assert_eq!(
        made["url"],
        format!("https://crm.example.com/#/contacts/{}/show", made["id"])
    );
    let bare = create(
        &rob,
        "contacts",
        json!({"last_name": "Bare", "email": [], "phone": null}),
    );
    assert_eq!(
        (
            &bare["record"]["email_jsonb"],
            &bare["record"]["phone_jsonb"],
            &bare["record"]["tags"]
        ),
        (&Value::Null, &Value::Null, &json!([]))
    );
}

#[test]
fn the_database_looks_for_no_picture_where_it_should_not() {
    let project = Project::start().unwrap();
    let quiet = crm_with(&project, Caller::Rep, |harness| {
        harness.setting("avatar_lookup", false)
    });
    let made = create(
        &quiet,
        "contacts",
        json!({"last_name": "Q", "email": "q@new.example"}),
    );
    assert_eq!(made["record"]["avatar"], json!({}));
    assert_eq!(stored(&project, "select count(*) from net.sent"), "0");
    create(
        &crm(&project, Caller::Rep),
        "contacts",
        json!({"last_name": "R", "email": "r@new.example"}),
    );
    assert_eq!(stored(&project, "select count(*) from net.sent"), "1");
}

#[test]
fn a_company_has_its_web_address_and_logo() {
    let project = Project::start().unwrap();
    let made = create(
        &crm(&project, Caller::Admin),
        "companies",
        json!({"name": "Initech", "website": "initech.example", "size": 10, "sector": "Energy", "context_links": ["news.example/a"], "revenue": "5M"}),
    );
    let record = &made["record"];
    assert_eq!(
        (&record["website"], &record["sector"]),
        (&json!("https://initech.example"), &json!("energy"))
    );
    assert_eq!(
        record["logo"]["src"],
        "https://favicon.example/initech.example"
    );
    assert_eq!(
        (&record["context_links"], &record["sales_id"]),
        (&json!(["https://news.example/a"]), &json!(1))
    );
}

#[test]
fn a_note_tells_the_contact_when_and_how() {
    let project = Project::start().unwrap();
    run(
        &project,
        "update contacts set last_seen = '2026-01-01', status = 'cold'",
    );
    let crm = crm(&project, Caller::Rep);
    let note = create(
        &crm,
        "contact_notes",
        json!({"contact_id": 2, "text": "Wants a quote", "status": "hot"}),
    );
    assert_eq!(note["record"]["sales_id"], 2);
    let contact = crm.record("contacts", 2);
    assert_eq!(contact["status"], "hot");
    assert!(contact["last_seen"].as_str().unwrap() > "2026-01-02");
    let same = create(
        &crm,
        "contact_notes",
        json!({"contact_id": 2, "text": "Again"}),
    );
    assert_eq!(same["record"]["status"], "hot");
    create(&crm, "deal_notes", json!({"deal_id": 1, "text": "Sent it"}));
    assert_eq!(
        crm.call("list_records", json!({"entity": "deal_notes"}))["total"],
        2
    );
}

#[test]
fn a_task_tells_the_contact_when() {
    let project = Project::start().unwrap();
    run(&project, "update contacts set last_seen = null");
    let crm = crm(&project, Caller::Rep);
    let task = create(
        &crm,
        "tasks",
        json!({"contact_id": 3, "text": "Call", "due_date": "2026-12-05T10:00:00+01:00"}),
    );
    assert_eq!(
        (&task["record"]["type"], &task["record"]["sales_id"]),
        (&json!("none"), &json!(2))
    );
    assert_eq!(task["record"]["due_date"], "2026-12-05T09:00:00+00:00");
    assert!(crm.record("contacts", 3)["last_seen"].is_string());
}

#[test]
fn a_deal_comes_first_in_its_stage() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    let made = create(
        &crm,
        "deals",
        json!({"name": "New", "stage": "Opportunity", "company_id": 1, "contact_ids": [1, 2], "amount": 9_007_199_254_740_993_u64, "expected_closing_date": "2027-01-31"}),
    );
    assert_eq!(made["record"]["amount"].to_string(), "9007199254740993");
    assert_eq!(made["record"]["expected_closing_date"], "2027-01-31");
    assert_eq!(
        stored(
            &project,
            "select string_agg(id || ':' || index, ' ' order by index) from deals where stage = 'opportunity'"
        ),
        "3:0 1:1"
    );
}

#[test]
fn allowed_values_are_those_of_the_configuration_row() {
    let project = Project::start().unwrap();
    run(
        &project,
        r#"update configuration set config = '{"dealStages": [{"value": "lead", "label": "First contact"}], "companySectors": [{"value": "farms", "label": "Farms"}], "taskTypes": [{"value": "visit", "label": "Visit"}]}'"#,
    );
    let crm = crm(&project, Caller::Rep);
    let made = create(
        &crm,
        "deals",
        json!({"name": "A", "stage": "first contact"}),
    );
    assert_eq!(made["record"]["stage"], "lead");
    for (entity, data, words) in [
        (
            "deals",
            json!({"name": "A", "stage": "opportunity"}),
            "stage has no value `opportunity`; this CRM's configuration allows lead",
        ),
        (
            "companies",
            json!({"name": "A", "sector": "energy"}),
            "sector has no value `energy`; this CRM's configuration allows farms",
        ),
        (
            "tasks",
            json!({"contact_id": 1, "text": "x", "type": "call"}),
            "type has no value `call`; this CRM's configuration allows visit",
        ),
        (
            "contacts",
            json!({"last_name": "x", "status": "tepid"}),
            "status has no value `tepid`; this CRM's configuration allows cold, warm, hot, in-contract",
        ),
    ] {
        let failure = crm.fails("create_record", json!({"entity": entity, "data": data}));
        assert_eq!(
            (&*failure.code, failure.message.as_str()),
            ("INVALID_FIELD_VALUE", words)
        );
    }
    let schema = crm.call("get_schema", json!({"relation": "deals"}));
    assert_eq!(schema["allowed_values"]["dealStages"], json!(["lead"]));
}
