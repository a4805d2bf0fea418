//! What the holder of a key sees and may do: never more than the file allows, and no more than the key is
//! for.

use std::collections::BTreeSet;

use portcullis::keys::Terms;
use portcullis_manifest::Effect;
use serde_json::{Value, json};

use super::{World, only};
use crate::support::{Era, HttpMcp, text};

async fn names(client: &HttpMcp, method: &str, list: &str) -> Vec<String> {
    let answer = client.request(method, json!({})).await;
    let listed = answer["result"][list].as_array();
    let listed = listed.unwrap_or_else(|| panic!("no list: {answer}"));
    listed
        .iter()
        .map(|item| text(item, "/name").to_owned())
        .collect()
}

/// The error of a call that was not let through.
fn error(result: &Value) -> Value {
    assert_eq!(result["isError"], json!(true), "{result}");
    serde_json::from_str(text(result, "/content/0/text")).expect("errors are JSON")
}

#[tokio::test]
async fn lists_hold_what_the_key_is_for() {
    let mut world = World::new().await;
    let all = world.key().await;
    let (support, _) = world.issue("support", only(&["support"])).await;
    let reads = Terms {
        allow: Some(BTreeSet::from([Effect::Read])),
        tools: Some(vec!["*".into(), "!search".into()]),
        ..only(&["sales"])
    };
    let (reads, _) = world.issue("reads", reads).await;
    let nothing = Terms {
        allow: Some(BTreeSet::from([Effect::Outward])),
        ..Terms::default()
    };
    let (nothing, _) = world.issue("nothing", nothing).await;
    let address = world.host.serve().await.address;
    for era in Era::BOTH {
        let connect = async |key: &str| HttpMcp::connect_as(address, era, "/mcp", key).await;
        let client = connect(&all).await;
        assert_eq!(
            names(&client, "tools/list", "tools").await,
            world.host.listed()
        );
        assert!(!names(&client, "prompts/list", "prompts").await.is_empty());
        let client = connect(support.expose()).await;
        let tools = names(&client, "tools/list", "tools").await;
        assert!(!tools.is_empty() && tools.iter().all(|name| name.starts_with("support_")));
        let client = connect(reads.expose()).await;
        let tools = names(&client, "tools/list", "tools").await;
        assert!(tools.contains(&"sales_get".to_owned()), "{tools:?}");
        for absent in [
            "sales_search",
            "sales_update",
            "sales_delete",
            "support_get",
        ] {
            assert!(!tools.contains(&absent.to_owned()), "{absent}: {tools:?}");
        }
        let prompts = names(&client, "prompts/list", "prompts").await;
        assert!(prompts.is_empty(), "all of them write: {prompts:?}");
        let client = connect(nothing.expose()).await;
        assert!(names(&client, "tools/list", "tools").await.is_empty());
    }
}

#[tokio::test]
async fn a_call_outside_is_a_denial_that_names_the_key() {
    let mut world = World::new().await;
    let reads = Terms {
        allow: Some(BTreeSet::from([Effect::Read])),
        tools: Some(vec!["*".into(), "!search".into()]),
        ..only(&["sales"])
    };
    let (key, _) = world.issue("reads", reads).await;
    let address = world.host.serve().await.address;
    for era in Era::BOTH {
        let client = HttpMcp::connect_as(address, era, "/mcp", key.expose()).await;
        let id = json!({"entityType": "Account", "id": world.crm.first("Account")});
        for (tool, told) in [
            (
                "support_get",
                "the API key of this call is not for `support`",
            ),
            (
                "sales_search",
                "the API key of this call is not for `search`",
            ),
            (
                "sales_delete",
                "the API key of this call is not for destructive tools, which `delete` is",
            ),
        ] {
            let error = error(&client.call(tool, id.clone()).await);
            assert_eq!(error["error"]["code"], "DENIED", "{error}");
            assert_eq!(error["error"]["message"], told);
            let way_out = text(&error, "/error/suggestion");
            assert!(way_out.contains("operator"), "{way_out}");
        }
        let result = client.call("sales_get", id).await;
        assert_eq!(result["isError"], json!(false), "{result}");
        let misspelt = client
            .request(
                "tools/call",
                json!({"name": "support_gett", "arguments": {}}),
            )
            .await;
        let told = text(&misspelt, "/error/message");
        assert!(!told.contains("did you mean `support"), "{told}");
    }
    assert!(world.crm.changes().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_the_key_is_not_for_says_so() {
    let mut world = World::new().await;
    let (key, _) = world.issue("sales", only(&["sales"])).await;
    let address = world.host.serve().await.address;
    for era in Era::BOTH {
        let client = HttpMcp::stranger(address, era, "/mcp/support").bearing(Some(key.expose()));
        let answer = client.send("tools/list", json!({})).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(
            challenge.contains("error=\"insufficient_scope\""),
            "{challenge}"
        );
        let client = HttpMcp::connect_as(address, era, "/mcp/sales", key.expose()).await;
        assert!(!names(&client, "tools/list", "tools").await.is_empty());
    }
}

#[tokio::test]
async fn a_list_follows_the_file() {
    let mut world = World::new().await;
    let (key, _) = world.issue("sales", only(&["sales"])).await;
    let address = world.host.serve().await.address;
    let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", key.expose()).await;
    let before = names(&client, "tools/list", "tools").await;
    assert!(before.contains(&"sales_delete".to_owned()));
    let narrower = super::CONFIG.replace(", \"destructive\"", "");
    world.host.rewrite(&narrower, &world.crm.url());
    crate::support::wait::until("the tool to go", async || {
        !names(&client, "tools/list", "tools")
            .await
            .contains(&"sales_delete".to_owned())
    })
    .await;
}
