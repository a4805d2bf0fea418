//! Searching, reading and changing records: small answers, and each write says what is stored.

use serde_json::{Value, json};

use super::{done, refused};
use crate::support::{Bottle, TestHost, list, text};
use portcullis_demo::fault::Fault;

/// Every kind that a model can list without more.
const ENTITIES: [&str; 20] = [
    "leads",
    "contacts",
    "accounts",
    "opportunities",
    "tasks",
    "cases",
    "invoices",
    "solutions",
    "estimates",
    "products",
    "tags",
    "goals",
    "people",
    "teams",
    "custom_fields",
    "documents",
    "activities",
    "today",
    "time_entries",
    "approvals",
];

/// The most bytes of a page of 20 rows.
const SMALL: usize = 10_000;

#[tokio::test]
async fn a_default_search_of_every_entity_is_small() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let mut empty = Vec::new();
    let searches = ENTITIES.map(|entity| json!({"entity": entity}));
    let all = json!({"entity": "everything", "query": "an"});
    for search in searches.into_iter().chain([all]) {
        let entity = text(&search, "/entity").to_owned();
        let found = done(&host, "crm_search", search).await;
        let size = found.to_string().len();
        assert!(size <= SMALL, "{entity}: {size} bytes");
        if list(&found["records"]).is_empty() {
            empty.push(entity);
        }
    }
    for entity in [
        "leads",
        "contacts",
        "accounts",
        "opportunities",
        "tasks",
        "cases",
        "invoices",
        "people",
        "tags",
    ] {
        assert!(
            !empty.iter().any(|it| it == entity),
            "{entity} has no record"
        );
    }
}

#[tokio::test]
async fn a_search_pages_without_losing_or_repeating_a_record() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    for entity in [
        "leads", "contacts", "accounts", "cases", "tasks", "invoices",
    ] {
        let (mut seen, mut offset) = (Vec::new(), json!(0));
        while !offset.is_null() {
            let arguments = json!({"entity": entity, "limit": 7, "offset": offset});
            let page = done(&host, "crm_search", arguments).await;
            assert_eq!(page["has_more"], !page["next_offset"].is_null(), "{page}");
            let ids = list(&page["records"]).iter();
            seen.extend(ids.map(|record| text(record, "/id").to_owned()));
            offset = page["next_offset"].clone();
        }
        let mut all = crm.memory.ids(entity);
        // The CRM lists no converted leads.
        all.retain(|id| {
            crm.memory
                .record(id)
                .is_some_and(|it| it["status"] != "converted")
        });
        all.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, all, "{entity}");
    }
}

async fn new_lead(host: &TestHost, email: &str) -> String {
    let data = json!({"first_name": "Robin", "last_name": "Rivers", "title": "Robin Rivers", "email": email, "assigned_to": ["me"]});
    let made = done(host, "crm_create", json!({"entity": "leads", "data": data})).await;
    assert_eq!(
        made["record"]["email"], email,
        "what is stored comes back: {made}"
    );
    text(&made, "/id").to_owned()
}

fn of(entity: &str, id: &str) -> Value {
    json!({"entity": entity, "id": id})
}

#[tokio::test]
async fn a_record_is_created_read_changed_and_deleted() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let id = new_lead(&host, "robin@mail.example").await;
    let stored = || crm.memory.record(&id);
    assert_eq!(
        stored().expect("it is there")["email"],
        "robin@mail.example"
    );
    let read = done(&host, "crm_get", of("leads", &id)).await;
    assert_eq!(read["record"]["last_name"], "Rivers", "{read}");
    let mut change = of("leads", &id);
    change["data"] = json!({"status": "in process"});
    let changed = done(&host, "crm_update", change).await;
    assert_eq!(changed["record"]["status"], "in process", "{changed}");
    assert_eq!(stored().expect("it is there")["status"], "in process");
    let shown = refused(&host, "crm_delete", of("leads", &id)).await;
    assert_eq!(
        shown["error"]["code"], "CRM_DELETE_NOT_CONFIRMED",
        "{shown}"
    );
    assert!(
        text(&shown, "/preview/summary").contains("would be deleted"),
        "{shown}"
    );
    assert!(stored().is_some(), "a preview deletes nothing");
    let mut confirmed = of("leads", &id);
    confirmed["confirmation_token"] = shown["confirmation_token"].clone();
    let gone = done(&host, "crm_delete", confirmed).await;
    assert_eq!((&gone["deleted"], stored()), (&json!(id), None));
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_is_sent() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let lead = crm.first("leads");
    let lead = |data: Value| json!({"entity": "leads", "id": lead, "data": data});
    for (tool, arguments, words) in [
        (
            "crm_search",
            json!({"entity": "leads", "filters": {"sttus": "assigned"}}),
            "status",
        ),
        ("crm_update", lead(json!({"sttus": "assigned"})), "status"),
        ("crm_update", lead(json!({"status": "asigned"})), "assigned"),
        (
            "crm_update",
            lead(json!({"assigned_to": ["nobody@mail.example"]})),
            "nobody@mail.example",
        ),
        (
            "crm_create",
            json!({"entity": "accounts", "data": {"city": "Leeds"}}),
            "name",
        ),
        ("crm_get", json!({"entity": "leads", "id": "7"}), "UUID"),
    ] {
        let error = refused(&host, tool, arguments.clone()).await;
        assert_eq!(
            error["error"]["outcome"], "not-done",
            "{tool} {arguments}: {error}"
        );
        assert!(
            error.to_string().contains(words),
            "{tool} {arguments}: {error}"
        );
    }
    let changes = crm.memory.requests();
    assert!(changes.iter().all(|seen| seen.method == "GET"));
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_again() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    crm.faults
        .on_body("lost@mail.example", Fault::DropAfterRequest);
    let data = json!({"first_name": "Lost", "last_name": "Lead", "title": "Lost Lead", "email": "lost@mail.example"});
    let answer = refused(
        &host,
        "crm_create",
        json!({"entity": "leads", "data": data}),
    )
    .await;
    let stored = crm.memory.find("leads", "email", "lost@mail.example");
    let stored = stored.expect("the CRM did it");
    assert_ne!(answer["error"]["outcome"], "not-done", "{answer}");
    assert!(
        answer.to_string().contains(text(&stored, "/id")),
        "the id is told: {answer}"
    );
}

#[tokio::test]
async fn an_account_that_lost_its_tags_is_told_with_its_id() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let tags = done(&host, "crm_search", json!({"entity": "tags", "limit": 1})).await;
    let tag = text(&tags, "/records/0/id").to_owned();
    crm.faults
        .on_body(format!("{{\"tags\":[\"{tag}\"]}}"), Fault::Html(500));
    let data = json!({"name": "Half an account", "tags": [tag]});
    let answer = refused(
        &host,
        "crm_create",
        json!({"entity": "accounts", "data": data}),
    )
    .await;
    assert!(crm.faults.applied() > 0, "the tags were sent: {answer}");
    let stored = crm.memory.find("accounts", "name", "Half an account");
    let stored = stored.expect("the account itself is there");
    assert_eq!(answer["error"]["code"], "PARTIAL", "{answer}");
    assert!(
        answer.to_string().contains(text(&stored, "/id")),
        "{answer}"
    );
}

#[tokio::test]
async fn the_schema_is_fetched_once_for_a_connection() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    for entity in ["leads", "contacts", "leads", "cases"] {
        let described = done(&host, "crm_describe", json!({"entity": entity})).await;
        assert!(!list(&described["creatable"]).is_empty(), "{described}");
        assert!(described["notes"].to_string().len() < 2_000);
    }
    refused(
        &host,
        "crm_create",
        json!({"entity": "leads", "data": {"no_such_field": 1}}),
    )
    .await;
    assert_eq!(crm.memory.requested("GET", "/schema"), 1);
}
