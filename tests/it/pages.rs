//! Lists in pages: every entry once, the same hints on every page, and cursors that mean what they say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::{Crm, Era, HttpMcp, TestHost, list, text};

/// Each list with its member and what names an entry.
const LISTS: [(&str, &str, &str); 4] = [
    ("tools/list", "tools", "/name"),
    ("prompts/list", "prompts", "/name"),
    ("resources/list", "resources", "/uri"),
    (
        "resources/templates/list",
        "resourceTemplates",
        "/uriTemplate",
    ),
];

async fn client(page: u64, era: Era) -> (Crm, TestHost, HttpMcp) {
    let crm = Crm::start().await;
    let config = format!("{EVERYTHING}page_entries = {page}\n");
    let mut host = TestHost::with(&config, &crm.url()).await;
    let address = host.serve().await.address;
    let client = HttpMcp::connect(address, era).await;
    (crm, host, client)
}

/// Every page of a list.
async fn pages(client: &HttpMcp, method: &str) -> Vec<Value> {
    let (mut pages, mut params) = (Vec::new(), json!({}));
    loop {
        let page = client.request(method, params).await["result"].clone();
        assert!(page.is_object(), "{method}");
        params = json!({"cursor": page["nextCursor"]});
        pages.push(page);
        if params["cursor"].is_null() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_hold_every_entry_once_with_the_same_hints() {
    for era in Era::BOTH {
        let (_whole_crm, _whole_host, whole) = client(500, era).await;
        let (_crm, _host, paged) = client(2, era).await;
        for (method, member, name) in LISTS {
            let entries = |pages: &[Value]| -> Vec<String> {
                let all = pages.iter().flat_map(|page| list(&page[member]));
                all.map(|entry| text(entry, name).to_owned()).collect()
            };
            let (one, many) = (pages(&whole, method).await, pages(&paged, method).await);
            assert_eq!(one.len(), 1, "{method}");
            assert_eq!(entries(&one), entries(&many), "{method}");
            assert_eq!(
                many.len(),
                entries(&one).len().div_ceil(2).max(1),
                "{method}"
            );
            let hints: BTreeSet<String> = many
                .iter()
                .map(|page| format!("{} {}", page["ttlMs"], page["cacheScope"]))
                .collect();
            // Revisions with a handshake know none.
            let expected = match era {
                Era::Stateless => "60000 \"private\"",
                Era::Handshake => "null null",
            };
            assert_eq!(hints, BTreeSet::from([expected.to_owned()]), "{method}");
        }
    }
}

#[tokio::test]
async fn other_cursors_are_invalid_parameters() {
    let (_crm, _host, client) = client(2, Era::Stateless).await;
    let first = client.request("tools/list", json!({})).await;
    let of_tools = &first["result"]["nextCursor"];
    assert!(of_tools.is_string(), "{first}");
    for (method, ..) in LISTS {
        for cursor in [json!("x"), json!(""), json!(5), json!(null), json!(["x"])] {
            let refused = client.request(method, json!({"cursor": cursor})).await;
            assert_eq!(
                refused["error"]["code"], -32602,
                "{method} {cursor}: {refused}"
            );
        }
        if method != "tools/list" {
            let refused = client.request(method, json!({"cursor": of_tools})).await;
            assert_eq!(refused["error"]["code"], -32602, "{method}: {refused}");
        }
    }
}
