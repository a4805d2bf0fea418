//! The text of lists: a table where the same list goes out as structured content, JSON elsewhere.

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::mcp::initialize;
use crate::support::{Crm, Era, HttpMcp, TestHost, list, text};

const SEARCH: &str = "crm_search";

fn accounts() -> Value {
    json!({"entityType": "Account", "limit": 3})
}

#[tokio::test]
async fn lists_are_tables_beside_structured_content() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        let answer = client.call(SEARCH, accounts()).await;
        let (table, value) = (
            text(&answer, "/content/0/text"),
            &answer["structuredContent"],
        );
        let (head, rows) = table.split_once("\n\n").expect("an empty line");
        assert!(head.contains("has_more: "), "{table}");
        assert!(
            head.contains(&format!("next_offset: {}", value["next_offset"])),
            "{table}"
        );
        let rows: Vec<&str> = rows.lines().collect();
        assert_eq!(rows.len(), 1 + list(&value["records"]).len(), "{table}");
        assert!(rows[0].starts_with("id|name|"), "{table}");
        assert!(
            rows[1].starts_with(text(&value["records"][0], "/id")),
            "{table}"
        );
        let marked = &answer["_meta"]["portcullis/untrusted"];
        assert_eq!(marked, &json!(["/records"]), "{answer}");
        let schema = client
            .call("crm_get_schema", json!({"entityType": "Lead"}))
            .await;
        let whole: Value = serde_json::from_str(text(&schema, "/content/0/text")).expect("JSON");
        assert_eq!(whole, schema["structuredContent"]);
    }
}

#[tokio::test]
async fn the_operator_and_old_revisions_get_json() {
    let crm = Crm::start().await;
    let json = EVERYTHING.replacen("url =", "text = \"json\"\nurl =", 1);
    for (config, revision) in [(json.as_str(), "2025-11-25"), (EVERYTHING, "2025-03-26")] {
        let mut host = TestHost::with(config, &crm.url()).await;
        let address = host.serve().await.address;
        let mut client = HttpMcp::stranger(address, Era::Handshake, "/mcp");
        let mut hello = initialize();
        hello["protocolVersion"] = json!(revision);
        let greeted = client.send("initialize", hello).await;
        client.session = greeted.header("mcp-session-id").map(str::to_owned);
        client.notify("notifications/initialized").await;
        let call = json!({"name": SEARCH, "arguments": accounts()});
        let ask = client
            .ask("tools/call", call)
            .header("mcp-protocol-version", revision);
        let answer = ask.send(address).await.expect("an answer").json();
        let said = text(&answer, "/result/content/0/text");
        let value: Value = serde_json::from_str(said).unwrap_or_else(|_| panic!("{answer}"));
        assert_eq!(list(&value["records"]).len(), 3, "{answer}");
        let structured = &answer["result"]["structuredContent"];
        assert_eq!(structured.is_object(), revision == "2025-11-25", "{answer}");
    }
}
