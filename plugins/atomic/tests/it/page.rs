//! The page of the task list, as the host hands it to a client: what has to hold of its text.

use portcullis_atomic::plugin;
use portcullis_sdk::Contents;
use portcullis_sdk::testing::Harness;
use serde_json::json;

use crate::fixtures::{counted, failed, table};

fn page(harness: &Harness) -> String {
    match harness.read("task_list", json!({})) {
        Ok(Contents::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_names_the_tool_as_the_client_knows_it() {
    for (prefix, name) in [("sales", "sales_complete_task"), ("", "complete_task")] {
        let harness = Harness::new(plugin()).connection("prefix", prefix);
        let expected = format!("data-complete-tool=\"{name}\"");
        assert!(page(&harness).contains(&expected), "{name}");
    }
}

#[test]
fn a_setting_cannot_leave_its_place() {
    let address = r#"https://crm.example.com/?a&b"><script>"#;
    let page = page(&Harness::new(plugin()).setting("crm_url", address));
    let safe = "data-crm-url=\"https://crm.example.com/?a&amp;b&quot;>&lt;script>\"";
    assert!(page.contains(safe));
    assert_eq!(page.matches("<script").count(), 1);
}

#[test]
fn rows_of_a_list_are_shown_as_they_are() {
    let rows = json!([
        {"id": 1, "type": "call", "text": "Call", "due_date": "2026-11-18T09:00:00+00:00", "done_date": null,
            "contact_id": 2, "sales_id": 1, "contacts": {"id": 2, "first_name": "Jane", "last_name": "Doe"}},
        {"id": 3, "type": null, "text": null, "due_date": null, "done_date": null, "contact_id": null,
            "sales_id": null, "contacts": null},
    ]);
    let crm = Harness::new(plugin()).expect(counted(table("tasks"), rows, "0-1/2"));
    let page = crm
        .invoke("list_records", json!({"entity": "tasks"}))
        .unwrap();
    let shown = crm
        .invoke("display_task_list", json!({"tasks": page["records"]}))
        .unwrap();
    assert_eq!(
        shown["tasks"],
        json!([
            {"id": 1, "type": "call", "text": "Call", "due_date": "2026-11-18T09:00:00+00:00", "contact_id": 2},
            {"id": 3},
        ])
    );
    for task in [json!({"text": "x"}), json!({"id": 1, "text": 2})] {
        let refused = failed(crm.invoke("display_task_list", json!({"tasks": [task]})));
        assert_eq!(&*refused.code, "INVALID_ARGUMENT");
    }
}

#[test]
fn it_is_one_file_that_asks_nobody_for_anything() {
    let page = page(&Harness::new(plugin()));
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("default-src 'none'"));
    for word in [
        "{{",
        " src=",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "innerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "localStorage",
        "<link",
        "<img",
        "<iframe",
    ] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn the_tool_shows_its_result_on_the_page() {
    let harness = Harness::new(plugin());
    let manifest = harness.manifest();
    let tool = |name: &str| {
        manifest
            .tools
            .iter()
            .find(|tool| tool.name == name)
            .unwrap()
    };
    let ui = &tool("display_task_list").meta["ui"];
    assert_eq!(ui["resourceUri"], manifest.resources[0].uri);
    assert_eq!(ui["visibility"], json!(["model"]));
    let callers = &tool("complete_task").meta["ui"]["visibility"];
    assert_eq!(*callers, json!(["model", "app"]), "the page may call it");
    assert!(
        manifest.resources[0].routes.is_empty(),
        "a page sends nothing"
    );
}
