//! The addresses of schemas and records of all four CRMs: the same form, the tools' own answers with
//! texts whole, and the same rules.

use serde_json::{Value, json};

use crate::support::atomic::AS_REP;
use crate::support::bottle::AS_ADMIN;
use crate::support::host::EVERYTHING;
use crate::support::suite::{OVER_V4, with_v8};
use crate::support::{Atomic, Bottle, Crm, Era, HttpMcp, Suite, TestHost, list, text};

/// A connection with an entity, a record of it, and the tool that reads it.
struct Case<'c> {
    config: String,
    url: String,
    connection: &'c str,
    entity: &'c str,
    id: String,
    tool: &'c str,
    arguments: Value,
    /// What the schema mentions.
    field: &'c str,
}

async fn read(client: &HttpMcp, uri: &str) -> Value {
    client.request("resources/read", json!({"uri": uri})).await
}

fn contents(answer: &Value) -> Value {
    let held = &answer["result"]["contents"][0];
    assert_eq!(held["mimeType"], "application/json", "{answer}");
    serde_json::from_str(text(held, "/text")).unwrap_or_else(|_| panic!("{answer}"))
}

async fn check(case: Case<'_>) {
    let mut host = TestHost::with(&case.config, &case.url).await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    let Case {
        connection,
        entity,
        id,
        ..
    } = &case;
    let templates = client.request("resources/templates/list", json!({})).await;
    let uris: Vec<&str> = list(&templates["result"]["resourceTemplates"])
        .iter()
        .map(|template| text(template, "/uriTemplate"))
        .collect();
    assert_eq!(
        uris,
        [
            format!("crm://{connection}/schema/{{entity}}"),
            format!("crm://{connection}/{{entity}}/{{id}}")
        ]
    );
    for uri in uris {
        let argument = json!({"name": "entity", "value": entity[..3].to_uppercase()});
        let params = json!({"ref": {"type": "ref/resource", "uri": uri}, "argument": argument});
        let offered = client.request("completion/complete", params).await;
        let names = list(&offered["result"]["completion"]["values"]);
        assert!(names.contains(&json!(entity)), "{uri}: {offered}");
    }
    let schema = read(&client, &format!("crm://{connection}/schema/{entity}")).await;
    assert!(
        contents(&schema).to_string().contains(case.field),
        "{schema}"
    );
    let uri = format!("crm://{connection}/{entity}/{id}");
    let record = contents(&read(&client, &uri).await);
    let got = client.call(case.tool, case.arguments.clone()).await;
    assert_eq!(
        record["record"], got["structuredContent"]["record"],
        "{uri}"
    );
    let link = &got["content"][1];
    assert_eq!(
        (&link["type"], &link["uri"]),
        (&json!("resource_link"), &json!(uri)),
        "{got}"
    );
    assert_eq!(contents(&read(&client, text(link, "/uri")).await), record);
    for unknown in [
        format!("crm://{connection}/{entity}/999999999"),
        format!("crm://{connection}/Nowhere/{id}"),
        format!("crm://{connection}/schema/Nowhere"),
        format!("crm://{connection}/{entity}/a%20b"),
        format!("crm://elsewhere/{entity}/{id}"),
    ] {
        let refused = read(&client, &unknown).await;
        assert!(refused["error"].is_object(), "{unknown}: {refused}");
        assert_ne!(refused["error"]["code"], -32603, "{unknown}: {refused}");
    }
    let narrowed = case
        .config
        .replacen("allow =", "tools = [\"*\", \"!record\"]\nallow =", 1);
    let mut host = TestHost::with(&narrowed, &case.url).await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    let refused = read(&client, &uri).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    assert!(
        contents(&read(&client, &format!("crm://{connection}/schema/{entity}")).await).is_object()
    );
}

#[tokio::test]
async fn espocrm() {
    let crm = Crm::start().await;
    let id = crm.first("Account");
    check(Case {
        config: EVERYTHING.to_owned(),
        url: crm.url(),
        connection: "crm",
        entity: "Account",
        tool: "crm_get",
        arguments: json!({"entityType": "Account", "id": id}),
        field: "emailAddress",
        id,
    })
    .await;
}

#[tokio::test]
async fn suitecrm_over_both_transports() {
    for config in [OVER_V4.to_owned(), with_v8(OVER_V4)] {
        let crm = Suite::start().await;
        let id = crm.first("Accounts");
        check(Case {
            config,
            url: crm.url(),
            connection: "suite",
            entity: "Accounts",
            tool: "suite_get",
            arguments: json!({"module": "Accounts", "id": id}),
            field: "industry",
            id,
        })
        .await;
    }
}

#[tokio::test]
async fn bottlecrm() {
    let crm = Bottle::start().await;
    let id = crm.first("leads");
    check(Case {
        config: AS_ADMIN.to_owned(),
        url: crm.url(),
        connection: "desk",
        entity: "leads",
        tool: "crm_get",
        arguments: json!({"entity": "leads", "id": id}),
        field: "opportunity_amount",
        id,
    })
    .await;
}

#[tokio::test]
async fn atomic() {
    let crm = Atomic::start().await;
    check(Case {
        config: AS_REP.to_owned(),
        url: crm.url(),
        connection: "desk",
        entity: "contacts",
        tool: "get_record",
        arguments: json!({"entity": "contacts", "id": 1}),
        field: "email_jsonb",
        id: "1".to_owned(),
    })
    .await;
}
