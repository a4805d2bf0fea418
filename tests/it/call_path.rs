//! One call through every layer, on each transport and in each era: the handshake of 2025-11-25
//! and the stateless form of 2026-07-28 have to give the same tools and the same answers.

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::{Crm, Era, HttpMcp, Portcullis, Stdio, TestHost, list, text};
use portcullis_demo::espocrm::FULL_KEY;

/// A client over either transport.
enum Client {
    Http(HttpMcp),
    Stdio(Box<Stdio>),
}

impl Client {
    async fn request(&mut self, method: &str, params: Value) -> Value {
        match self {
            Self::Http(client) => client.request(method, params).await,
            Self::Stdio(client) => client.request(method, params).await,
        }
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self
            .request("tools/call", json!({"name": tool, "arguments": arguments}))
            .await;
        answer["result"].clone()
    }
}

/// The CRM, a host that serves it, and a client of each transport and era.
struct Everywhere {
    crm: Crm,
    clients: Vec<(String, Client)>,
    _host: TestHost,
}

impl Everywhere {
    async fn start() -> Self {
        let crm = Crm::start().await;
        let mut host = TestHost::over(&crm).await;
        let address = host.serve().await.address;
        let mut clients = Vec::new();
        for era in Era::BOTH {
            clients.push((
                format!("http {era:?}"),
                Client::Http(HttpMcp::connect(address, era).await),
            ));
            let home = Portcullis::new()
                .config(EVERYTHING, &crm.url())
                .variable("CRM_KEY", FULL_KEY);
            clients.push((
                format!("stdio {era:?}"),
                Client::Stdio(Box::new(Stdio::start(home, &[], era).await)),
            ));
        }
        Self {
            crm,
            clients,
            _host: host,
        }
    }
}

#[tokio::test]
async fn the_list_is_the_same_everywhere_and_in_the_order_of_the_manifest() {
    let mut all = Everywhere::start().await;
    for (name, client) in &mut all.clients {
        let answer = client.request("tools/list", json!({})).await;
        let tools = list(&answer["result"]["tools"]);
        let names: Vec<&str> = tools.iter().map(|tool| text(tool, "/name")).collect();
        let expected = [
            "crm_list_entity_types",
            "crm_get_schema",
            "crm_search",
            "crm_get",
            "crm_list_related",
            "crm_create",
            "crm_update",
            "crm_delete",
            "crm_link",
            "crm_unlink",
            "crm_add_note",
            "crm_update_kanban",
            "crm_draft_email",
        ];
        assert_eq!(names, expected, "{name}");
        let again = client.request("tools/list", json!({})).await;
        assert_eq!(again["result"], answer["result"], "{name}: a list is fixed");
    }
}

#[tokio::test]
async fn every_listed_tool_has_a_title_schemas_and_hints_that_follow_its_effect() {
    let mut all = Everywhere::start().await;
    for (name, client) in &mut all.clients {
        let answer = client.request("tools/list", json!({})).await;
        for tool in list(&answer["result"]["tools"]) {
            let hints = &tool["annotations"];
            let (read_only, destructive) = match text(tool, "/name") {
                "crm_delete" => (false, true),
                "crm_list_entity_types"
                | "crm_get_schema"
                | "crm_search"
                | "crm_get"
                | "crm_list_related" => (true, false),
                _ => (false, false),
            };
            assert_eq!(hints["readOnlyHint"], read_only, "{name}: {tool}");
            assert_eq!(hints["destructiveHint"], destructive, "{name}: {tool}");
            assert!(
                !text(tool, "/title").is_empty() && text(tool, "/description").len() > 20,
                "{name}: {tool}"
            );
            assert_eq!(tool["inputSchema"]["type"], "object", "{name}");
            assert_eq!(tool["outputSchema"]["type"], "object", "{name}");
        }
    }
}

#[tokio::test]
async fn a_success_is_structured_content_and_the_same_json_as_text_before_its_links() {
    let mut all = Everywhere::start().await;
    let id = all.crm.first("Account");
    for (name, client) in &mut all.clients {
        let result = client
            .call(
                "crm_get",
                json!({"entityType": "Account", "id": id, "select": ["name"]}),
            )
            .await;
        let content = list(&result["content"]);
        let kinds: Vec<&str> = content.iter().map(|block| text(block, "/type")).collect();
        assert_eq!(kinds, ["text", "resource_link"], "{name}: {result}");
        let said: Value =
            serde_json::from_str(text(&content[0], "/text")).expect("the text is JSON");
        assert_eq!(said, result["structuredContent"], "{name}");
        assert_eq!(said["id"], json!(id), "{name}");
        assert_ne!(result["isError"], true, "{name}");
    }
}

#[tokio::test]
async fn an_error_is_flagged_and_one_text_block_without_structured_content() {
    let mut all = Everywhere::start().await;
    for (name, client) in &mut all.clients {
        let result = client
            .call(
                "crm_get",
                json!({"entityType": "Account", "id": "0000000000000dead"}),
            )
            .await;
        assert_eq!(result["isError"], true, "{name}: {result}");
        assert!(
            result.get("structuredContent").is_none(),
            "{name}: {result}"
        );
        let content = list(&result["content"]);
        assert_eq!(content.len(), 1, "{name}");
        let said: Value =
            serde_json::from_str(text(&content[0], "/text")).expect("the text is JSON");
        assert_eq!(said["error"]["code"], "RECORD_NOT_FOUND", "{name}: {said}");
        assert_eq!(said["error"]["outcome"], "not-done", "{name}: {said}");
        assert_eq!(said["error"]["retryable"], false, "{name}: {said}");
    }
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error_that_names_the_nearest() {
    let mut all = Everywhere::start().await;
    for (name, client) in &mut all.clients {
        let answer = client
            .request("tools/call", json!({"name": "crm_serach", "arguments": {}}))
            .await;
        assert_eq!(answer["error"]["code"], -32602, "{name}: {answer}");
        assert!(
            text(&answer, "/error/message").contains("crm_search"),
            "{name}: {answer}"
        );
    }
}
