//! The thirteen EspoCRM tools through the whole host against the CRM in memory: each does what it
//! says, and what it says it did can be seen in the CRM.

use serde_json::{Value, json};

use crate::support::{Crm, TestHost, list, text};

async fn started() -> (Crm, TestHost) {
    let crm = Crm::start().await;
    let host = TestHost::over(&crm).await;
    (crm, host)
}

async fn done(host: &TestHost, tool: &str, arguments: Value) -> Value {
    host.call(tool, arguments.clone())
        .await
        .unwrap_or_else(|error| panic!("{tool} {arguments}: {error}"))
}

async fn refused(host: &TestHost, tool: &str, arguments: Value) -> Value {
    match host.call(tool, arguments.clone()).await {
        Ok(answer) => panic!("{tool} {arguments}: {answer}"),
        Err(error) => error["error"].clone(),
    }
}

async fn new_lead(host: &TestHost, name: &str) -> String {
    let created = done(
        host,
        "crm_create",
        json!({"entityType": "Lead", "data": {"lastName": name}}),
    )
    .await;
    text(&created, "/id").to_owned()
}

#[tokio::test]
async fn what_there_is_can_be_discovered() {
    let (_crm, host) = started().await;
    let types = done(&host, "crm_list_entity_types", json!({})).await;
    let names: Vec<&str> = list(&types["records"])
        .iter()
        .map(|entry| text(entry, "/name"))
        .collect();
    assert!(
        names.contains(&"Account") && names.contains(&"Opportunity"),
        "{types}"
    );
    let schema = done(&host, "crm_get_schema", json!({"entityType": "Lead"})).await;
    let fields: Vec<&str> = list(&schema["fields"])
        .iter()
        .map(|field| text(field, "/name"))
        .collect();
    assert!(
        fields.contains(&"lastName") && fields.contains(&"status"),
        "{schema}"
    );
}

#[tokio::test]
async fn a_search_pages_without_losing_or_repeating_a_record() {
    let (crm, host) = started().await;
    let mut seen = Vec::new();
    let mut offset = json!(0);
    while !offset.is_null() {
        let page = done(
            &host,
            "crm_search",
            json!({"entityType": "Account", "limit": 7, "offset": offset, "orderBy": "name"}),
        )
        .await;
        seen.extend(
            list(&page["records"])
                .iter()
                .map(|record| text(record, "/id").to_owned()),
        );
        assert_eq!(page["has_more"], !page["next_offset"].is_null(), "{page}");
        offset = page["next_offset"].clone();
    }
    let mut all = crm.memory.ids("Account");
    all.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_record_is_created_read_changed_and_deleted() {
    let (crm, host) = started().await;
    let id = new_lead(&host, "Traveller").await;
    let found = done(&host, "crm_get", json!({"entityType": "Lead", "id": id})).await;
    assert_eq!(found["record"]["lastName"], "Traveller");
    let change = json!({"entityType": "Lead", "id": id, "data": {"status": "In Process"}});
    let changed = done(&host, "crm_update", change).await;
    assert_eq!(changed["record"]["status"], "In Process");
    let arguments = json!({"entityType": "Lead", "id": id, "confirm": true});
    refused(&host, "crm_delete", arguments.clone()).await;
    done(&host, "crm_delete", arguments).await;
    let gone = refused(&host, "crm_get", json!({"entityType": "Lead", "id": id})).await;
    assert_eq!(gone["code"], "RECORD_NOT_FOUND");
    assert_eq!(
        crm.memory.record("Lead", &id).expect("it was there")["deleted"],
        true
    );
}

#[tokio::test]
async fn records_are_linked_listed_and_unlinked() {
    let (crm, host) = started().await;
    let (account, contact) = (crm.first("Account"), crm.first("Contact"));
    let link = json!({"entityType": "Account", "id": account, "link": "contacts", "foreignIds": [contact]});
    done(&host, "crm_link", link.clone()).await;
    let related = json!({"entityType": "Account", "id": account, "link": "contacts", "limit": 100});
    let has = |page: &Value| {
        list(&page["records"])
            .iter()
            .any(|record| record["id"] == json!(contact))
    };
    assert!(has(&done(&host, "crm_list_related", related.clone()).await));
    done(&host, "crm_unlink", link).await;
    assert!(!has(&done(&host, "crm_list_related", related).await));
}

#[tokio::test]
async fn a_note_is_added_and_a_card_is_moved() {
    let (crm, host) = started().await;
    let id = crm.first("Opportunity");
    let before = crm.memory.count("Note");
    let note = json!({"entityType": "Opportunity", "id": id, "text": "Called twice."});
    let noted = done(&host, "crm_add_note", note).await;
    assert!(
        !text(&noted, "/note_id").is_empty() && crm.memory.count("Note") > before,
        "{noted}"
    );
    let moved = done(
        &host,
        "crm_update_kanban",
        json!({"entityType": "Opportunity", "id": id, "group": "Negotiation"}),
    )
    .await;
    assert_eq!(moved["status"], "Negotiation");
    assert_eq!(
        crm.memory.record("Opportunity", &id).expect("it is there")["stage"],
        "Negotiation"
    );
}

#[tokio::test]
async fn an_email_is_drafted_and_never_sent() {
    let (crm, host) = started().await;
    let mail = json!({"to": "someone@example.com", "subject": "Hello", "body": "A draft."});
    let drafted = done(&host, "crm_draft_email", mail).await;
    assert_eq!(drafted["status"], "Draft");
    let stored = crm
        .memory
        .record("Email", text(&drafted, "/id"))
        .expect("it is there");
    assert_eq!(stored["status"], "Draft");
    for (tool, arguments) in [
        (
            "crm_create",
            json!({"entityType": "Email", "data": {"status": "Sending"}}),
        ),
        (
            "crm_update",
            json!({"entityType": "Email", "id": drafted["id"], "data": {"status": "Sending"}}),
        ),
    ] {
        let error = refused(&host, tool, arguments).await;
        assert_ne!(error["code"], "PLUGIN_FAILED", "{tool}: {error}");
    }
    assert_eq!(
        crm.memory
            .record("Email", text(&drafted, "/id"))
            .expect("it is there")["status"],
        "Draft"
    );
}

#[tokio::test]
async fn what_the_crm_refuses_is_told_with_code_and_way_out() {
    let (crm, host) = started().await;
    let account = crm.first("Account");
    let of = |more: Value| json!({"entityType": "Account", "id": account, "data": more});
    for (tool, arguments, code) in [
        (
            "crm_get",
            json!({"entityType": "Accuont", "id": "1"}),
            "INVALID_ENTITY_TYPE",
        ),
        (
            "crm_get",
            json!({"entityType": "Account", "id": "absent"}),
            "RECORD_NOT_FOUND",
        ),
        (
            "crm_search",
            json!({"entityType": "Account", "where": [{"field": "nmae", "type": "equals", "value": "x"}]}),
            "INVALID_FIELD",
        ),
        (
            "crm_search",
            json!({"entityType": "Account", "orderBy": "nmae"}),
            "INVALID_FIELD",
        ),
        (
            "crm_create",
            json!({"entityType": "Account", "data": {}}),
            "MISSING_REQUIRED_FIELD",
        ),
        (
            "crm_create",
            json!({"entityType": "Account", "data": {"name": "A", "type": "Friend"}}),
            "INVALID_FIELD_VALUE",
        ),
        ("crm_update", of(json!({"nmae": "x"})), "INVALID_FIELD"),
        (
            "crm_list_related",
            json!({"entityType": "Account", "id": account, "link": "contcts"}),
            "INVALID_LINK",
        ),
        (
            "crm_get",
            json!({"entityType": "ScheduledJob", "id": "1"}),
            "DENIED",
        ),
    ] {
        let error = refused(&host, tool, arguments.clone()).await;
        if code == "DENIED" {
            assert_eq!(error["outcome"], "not-done", "{tool} {arguments}: {error}");
        } else {
            assert_eq!(error["code"], code, "{tool} {arguments}: {error}");
        }
    }
    assert!(crm.changes().is_empty(), "nothing was changed");
}

#[tokio::test]
async fn a_stale_version_is_a_conflict_that_shows_what_is_stored() {
    let (crm, host) = started().await;
    let id = crm.first("Account");
    let update = |name: &str, version: u64| json!({"entityType": "Account", "id": id, "data": {"name": name}, "expectedVersion": version});
    let version = crm.memory.record("Account", &id).expect("it is there")["versionNumber"]
        .as_u64()
        .expect("accounts have versions");
    done(&host, "crm_update", update("First", version)).await;
    let error = refused(&host, "crm_update", update("Second", version)).await;
    assert_eq!(
        (text(&error, "/code"), text(&error, "/kind")),
        ("VERSION_CONFLICT", "conflict"),
        "{error}"
    );
    assert_eq!(
        crm.memory.record("Account", &id).expect("it is there")["name"],
        "First"
    );
}

#[tokio::test]
async fn numbers_and_texts_come_through_exactly() {
    let (_crm, host) = started().await;
    let (name, text) = (
        "Ünïcode \u{1F600} & Söhne",
        "one\ntwo\t\"quoted\" \\ <b>&amp;</b> \u{2028} \u{1F600}",
    );
    let data = json!({"name": name, "description": text});
    let created = done(
        &host,
        "crm_create",
        json!({"entityType": "Account", "data": data}),
    )
    .await;
    let found = done(
        &host,
        "crm_get",
        json!({"entityType": "Account", "id": created["id"]}),
    )
    .await;
    assert_eq!(found["record"]["name"], name);
    assert_eq!(found["record"]["description"], text);
}
