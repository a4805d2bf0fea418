//! What the operator's file allows: tools outside it are not listed, and calling one of them all the
//! same is denied with the reason and without a word to the CRM.

use serde_json::json;

use crate::support::{Crm, TestHost, text};

/// A connection of some effects, e.g. `read", "write`; further keys may follow.
pub fn connection(effects: &str) -> String {
    format!(
        "[connections.crm]\nplugin = \"espocrm\"\nurl = \"URL\"\nsecrets.api_key = \"env:CRM_KEY\"\nallow = [\"{effects}\"]\n"
    )
}

#[tokio::test]
async fn the_list_holds_what_effects_and_filter_leave() {
    let crm = Crm::start().await;
    let readers = [
        "crm_list_entity_types",
        "crm_get_schema",
        "crm_search",
        "crm_get",
        "crm_list_related",
    ];
    for (effects, more, expected) in [
        ("read", "", readers.to_vec()),
        ("read", "tools = [\"get\"]", vec!["crm_get"]),
        (
            "read",
            "tools = [\"*\", \"!list_*\", \"!get*\"]",
            vec!["crm_search"],
        ),
        ("destructive", "", vec!["crm_delete"]),
        (
            "read\", \"write",
            "tools = [\"create\", \"delete\"]",
            vec!["crm_create"],
        ),
        (
            "read",
            "prefix = \"\"\ntools = [\"search\"]",
            vec!["search"],
        ),
        (
            "read",
            "prefix = \"sales\"\ntools = [\"search\"]",
            vec!["sales_search"],
        ),
    ] {
        let host = TestHost::with(&format!("{}{more}\n", connection(effects)), &crm.url()).await;
        assert_eq!(host.listed(), expected, "{effects} {more}");
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_denied_with_the_reason() {
    let crm = Crm::start().await;
    let lead = json!({"entityType": "Lead", "data": {"lastName": "No"}});
    let account = json!({"entityType": "Account", "id": crm.first("Account")});
    for (effects, more, tool, arguments, words) in [
        ("read", "", "crm_create", lead.clone(), "write"),
        (
            "read\", \"write",
            "",
            "crm_delete",
            account.clone(),
            "destructive",
        ),
        (
            "read",
            "tools = [\"*\", \"!get\"]",
            "crm_get",
            account,
            "not enabled `get`",
        ),
        (
            "read\", \"write",
            "tools = [\"search\"]",
            "crm_create",
            lead,
            "not enabled `create`",
        ),
    ] {
        let host = TestHost::with(&format!("{}{more}\n", connection(effects)), &crm.url()).await;
        let error = host.call(tool, arguments).await.expect_err("denied")["error"].clone();
        assert_eq!(
            (text(&error, "/code"), text(&error, "/kind")),
            ("DENIED", "forbidden"),
            "{error}"
        );
        assert!(text(&error, "/message").contains(words), "{tool}: {error}");
        assert!(
            !error.to_string().contains("portcullis.toml"),
            "the remedy is for the log: {error}"
        );
    }
    assert!(crm.memory.requests().is_empty());
}

#[tokio::test]
async fn an_alias_calls_the_tool_and_is_not_listed() {
    let crm = Crm::start().await;
    let host = TestHost::over(&crm).await;
    assert!(!host.listed().contains(&"crm_query".to_owned()));
    let found = host
        .call("crm_query", json!({"entityType": "Account", "limit": 1}))
        .await
        .expect("an alias of search");
    assert_eq!(found["records"].as_array().map(Vec::len), Some(1));
}
