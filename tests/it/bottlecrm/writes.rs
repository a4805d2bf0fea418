//! What is made has an id, and what was deleted is gone: for every kind that can be written.

use serde_json::{Value, json};

use super::{done, refused};
use crate::support::{Bottle, TestHost, text};

async fn make(host: &TestHost, entity: &str, data: Value) -> String {
    let made = done(host, "crm_create", json!({"entity": entity, "data": data})).await;
    assert!(
        made["record"].as_object().is_some_and(|it| !it.is_empty()),
        "what is stored comes back: {made}"
    );
    text(&made, "/id").to_owned()
}

/// Runs what has to be confirmed first, and confirms it.
async fn confirmed(host: &TestHost, tool: &str, mut arguments: Value) -> Value {
    let shown = refused(host, tool, arguments.clone()).await;
    arguments["confirmation_token"] = shown["confirmation_token"].clone();
    done(host, tool, arguments).await
}

/// One of every kind, in an order in which each finds what it refers to.
async fn one_of_each(host: &TestHost) -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    let lead = json!({"first_name": "Noor", "last_name": "Newly", "email": "noor@mail.example"});
    let customer = "Newly Founded Limited";
    let contact = json!({"first_name": "Ida", "last_name": "Newly", "email": "ida@mail.example", "account": customer});
    let task =
        json!({"title": "Call Noor", "status": "New", "priority": "Low", "assigned_to": "me"});
    let case = json!({"name": "Newly reported", "status": "New", "priority": "Low"});
    let line = json!([{"name": "Work", "quantity": "2", "unit_price": "100"}]);
    let goal = json!({"name": "Newly set", "goal_type": "REVENUE", "target_value": "1000", "period_type": "CUSTOM", "period_start": "2026-11-01", "period_end": "2026-12-31"});
    for (entity, data) in [
        ("tags", json!({"name": "Newly made", "color": "green"})),
        ("leads", lead),
        ("leads", json!({"rating": "HOT", "description": "nobody's"})),
        (
            "accounts",
            json!({"name": customer, "tags": ["newly made"]}),
        ),
        ("contacts", contact),
        (
            "opportunities",
            json!({"name": "Newly won", "account": customer}),
        ),
        ("tasks", task),
        ("cases", case),
        (
            "solutions",
            json!({"title": "How it works", "description": "Well."}),
        ),
        ("products", json!({"name": "Seat", "price": "10"})),
        ("goals", goal),
        (
            "invoices",
            json!({"invoice_title": "Newly due", "account_id": customer, "contact_id": "ida@mail.example", "line_items": line}),
        ),
        (
            "estimates",
            json!({"title": "Newly offered", "account_id": customer, "contact_id": "ida@mail.example", "line_items": line}),
        ),
    ] {
        made.push((entity, make(host, entity, data).await));
    }
    made
}

#[tokio::test]
async fn every_create_answers_with_the_id_of_what_is_stored() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let made = one_of_each(&host).await;
    for (entity, id) in &made {
        assert!(crm.memory.record(id).is_some(), "{entity} {id}");
    }
    let named = crm.memory.find("leads", "email", "noor@mail.example");
    assert_eq!(text(&named.expect("it is there"), "/id"), made[1].1);
    let fetched = crm.memory.requests();
    let lists = fetched
        .iter()
        .filter(|seen| seen.method == "GET" && seen.path == "/api/leads/");
    assert_eq!(
        lists.count(),
        1,
        "only the lead without a name needs the list"
    );
}

#[tokio::test]
async fn what_was_deleted_is_gone_for_every_kind() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let mut made = one_of_each(&host).await;
    made.retain(|(entity, _)| *entity != "invoices");
    // Invoices keep their account, and it them.
    made.retain(|(entity, _)| *entity != "accounts");
    let case = made.iter().find(|(entity, _)| *entity == "cases");
    let case = case.expect("a case").1.clone();
    let time = json!({"entity": "cases", "id": case, "action": "log_time", "params": {"started_at": "2026-11-20T09:00:00Z", "ended_at": "2026-11-20T09:30:00Z"}});
    let logged = done(&host, "crm_action", time).await;
    made.insert(0, ("time_entries", text(&logged, "/result/id").to_owned()));
    for (entity, id) in &made {
        let gone = confirmed(&host, "crm_delete", json!({"entity": entity, "id": id})).await;
        assert_eq!(gone["deleted"], json!(id), "{entity}: {gone}");
        let left = crm.memory.record(id);
        let archived = |record: &Value| record["is_active"] == false || record["deleted"] == true;
        assert!(left.as_ref().is_none_or(archived), "{entity}: {left:?}");
    }
}

#[tokio::test]
async fn comments_are_written_changed_and_deleted_everywhere() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    for entity in [
        "leads",
        "contacts",
        "accounts",
        "opportunities",
        "tasks",
        "cases",
        "invoices",
    ] {
        let id = crm.first(entity);
        let act = |name: &str, params: Value| json!({"entity": entity, "id": id, "action": name, "params": params});
        let added = done(
            &host,
            "crm_action",
            act("comment", json!({"comment": "first"})),
        )
        .await;
        let comment = text(&added, "/result/comment/id").to_owned();
        let params = json!({"comment_id": comment, "comment": "second"});
        let edited = done(&host, "crm_action", act("edit_comment", params)).await;
        assert_eq!(
            edited["result"]["comment"]["comment"], "second",
            "{entity}: {edited}"
        );
        let params = json!({"comment_id": comment});
        confirmed(&host, "crm_action", act("delete_comment", params.clone())).await;
        let error = refused(&host, "crm_action", act("delete_comment", params)).await;
        assert!(error.to_string().contains("no such comment"), "{error}");
    }
}
