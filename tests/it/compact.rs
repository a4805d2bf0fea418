//! A connection that shows three tools in place of its list: they find, describe and run the others, and
//! what they run is held to the same rules.

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::{Crm, Era, HttpMcp, TestHost, list, text};

async fn compact(more: &str) -> (Crm, TestHost, HttpMcp) {
    let crm = Crm::start().await;
    let config = EVERYTHING.replacen("url =", &format!("list = \"compact\"\n{more}\nurl ="), 1);
    let mut host = TestHost::with(&config, &crm.url()).await;
    let address = host.serve().await.address;
    let client = HttpMcp::connect(address, Era::Stateless).await;
    (crm, host, client)
}

async fn tools(client: &HttpMcp) -> Vec<Value> {
    let listed = client.request("tools/list", json!({})).await;
    list(&listed["result"]["tools"]).to_vec()
}

fn structured(result: &Value) -> &Value {
    assert!(result["isError"] != json!(true), "{result}");
    &result["structuredContent"]
}

fn error(result: &Value) -> Value {
    assert_eq!(result["isError"], true, "{result}");
    serde_json::from_str(text(result, "/content/0/text")).expect("JSON")
}

#[tokio::test]
async fn three_tools_stand_for_the_list() {
    let (_crm, _host, client) = compact("").await;
    let tools = tools(&client).await;
    let names: Vec<&str> = tools.iter().map(|tool| text(tool, "/name")).collect();
    assert_eq!(
        names,
        ["crm_find_tool", "crm_describe_tool", "crm_run_tool"]
    );
    let hints = |at: usize| &tools[at]["annotations"];
    assert_eq!(hints(0)["readOnlyHint"], true);
    assert_eq!(hints(0)["openWorldHint"], false);
    assert_eq!(hints(2)["readOnlyHint"], false);
    assert_eq!(hints(2)["destructiveHint"], true);
    assert_eq!(hints(2)["idempotentHint"], false);
    let said = text(&tools[0], "/description");
    assert!(
        said.contains("list_entity_types") && said.contains("draft_email"),
        "{said}"
    );
    let size = serde_json::to_string(&tools).unwrap().len();
    assert!(size < 2500, "{size} bytes");
}

#[tokio::test]
async fn a_connection_that_only_reads_runs_only_what_reads() {
    let (_crm, _host, client) = compact("tools = [\"get*\", \"search\"]").await;
    let tools = tools(&client).await;
    assert_eq!(tools[2]["annotations"]["readOnlyHint"], true, "{tools:?}");
    assert_eq!(
        tools[2]["annotations"]["destructiveHint"], false,
        "{tools:?}"
    );
    let refused = client
        .call("crm_run_tool", json!({"tool": "create", "arguments": {}}))
        .await;
    assert_eq!(
        error(&refused)["error"]["fields"],
        json!(["/tool"]),
        "{refused}"
    );
    let by_name = client
        .call("crm_create", json!({"entityType": "Lead", "data": {}}))
        .await;
    assert_eq!(error(&by_name)["error"]["code"], "DENIED", "{by_name}");
}

#[tokio::test]
async fn words_find_tools() {
    let (_crm, _host, client) = compact("").await;
    for (words, first) in [
        ("move a deal on the kanban board", "update_kanban"),
        ("draft an email", "draft_email"),
        ("delete record", "delete"),
        ("entityType where filter search", "search"),
        ("unlink records", "unlink"),
    ] {
        let found = client.call("crm_find_tool", json!({"query": words})).await;
        let found = structured(&found);
        assert_eq!(found["tools"][0]["name"], first, "{words}: {found}");
        assert!(list(&found["tools"]).len() <= 5, "{found}");
        assert!(found.to_string().len() < 3000, "{found}");
    }
    let first = client.call("crm_find_tool", json!({"limit": 4})).await;
    let first = structured(&first);
    assert_eq!(
        (&first["total"], &first["has_more"], &first["next_offset"]),
        (&json!(13), &json!(true), &json!(4))
    );
    let last = client
        .call("crm_find_tool", json!({"limit": 50, "offset": 4}))
        .await;
    let last = structured(&last);
    assert_eq!(
        (list(&last["tools"]).len(), &last["has_more"]),
        (9, &json!(false)),
        "{last}"
    );
    let nothing = client
        .call("crm_find_tool", json!({"query": "zeppelin"}))
        .await;
    assert_eq!(list(&structured(&nothing)["names"]).len(), 13, "{nothing}");
    let wrong = client.call("crm_find_tool", json!({"words": "x"})).await;
    assert_eq!(
        error(&wrong)["error"]["code"],
        "INVALID_ARGUMENT",
        "{wrong}"
    );
}

#[tokio::test]
async fn a_tool_is_described_as_it_would_be_listed() {
    let (_crm, _host, client) = compact("").await;
    for name in ["delete", "crm_delete"] {
        let said = client
            .call("crm_describe_tool", json!({"tool": name}))
            .await;
        let said = structured(&said);
        assert_eq!(
            (&said["effect"], &said["confirmed"]),
            (&json!("destructive"), &json!(true))
        );
        let properties = &said["input_schema"]["properties"];
        assert!(properties["entityType"].is_object(), "{said}");
        assert!(properties["confirmation_token"].is_object(), "{said}");
        assert!(said["output_schema"].is_null(), "{said}");
    }
    let whole = json!({"tool": "query", "output_schema": true});
    let said = client.call("crm_describe_tool", whole).await;
    assert_eq!(structured(&said)["name"], "search", "an alias: {said}");
    assert!(structured(&said)["output_schema"].is_object(), "{said}");
    let unknown = client
        .call("crm_describe_tool", json!({"tool": "serach"}))
        .await;
    let unknown = error(&unknown);
    assert!(
        text(&unknown, "/error/suggestion").contains("search"),
        "{unknown}"
    );
}

#[tokio::test]
async fn what_runs_is_checked_like_the_tool_itself() {
    let (crm, host, client) = compact("").await;
    let run = |arguments: Value| {
        client.call(
            "crm_run_tool",
            json!({"tool": "get", "arguments": arguments}),
        )
    };
    let id = crm.first("Lead");
    let through = run(json!({"entityType": "Lead", "id": id})).await;
    let direct = host
        .call("crm_get", json!({"entityType": "Lead", "id": id}))
        .await
        .expect("it is there");
    assert_eq!(structured(&through), &direct);
    let wrong = run(json!({"entityType": "Lead", "id": "no id!"})).await;
    assert_eq!(error(&wrong)["error"]["fields"], json!(["/id"]), "{wrong}");
    let missing = client.call("crm_run_tool", json!({"arguments": {}})).await;
    assert!(
        text(&error(&missing), "/error/message").contains("tool"),
        "{missing}"
    );
    let hidden = client
        .call("crm_get", json!({"entityType": "Lead", "id": id}))
        .await;
    assert_eq!(
        structured(&hidden),
        &direct,
        "it can still be called by its name"
    );
}

#[tokio::test]
async fn what_cannot_be_undone_is_confirmed_all_the_same() {
    let (crm, _host, client) = compact("").await;
    let arguments = json!({"entityType": "Lead", "id": crm.first("Lead")});
    let changes = crm.changes().len();
    let asked = client
        .call(
            "crm_run_tool",
            json!({"tool": "delete", "arguments": arguments, "confirm": true}),
        )
        .await;
    let shown = error(&asked);
    assert_eq!(shown["error"]["code"], "DELETE_NOT_CONFIRMED", "{shown}");
    assert_eq!(crm.changes().len(), changes);
    let mut twice = arguments.clone();
    twice["confirmation_token"] = json!("another");
    let token = &shown["confirmation_token"];
    let unclear = client
        .call(
            "crm_run_tool",
            json!({"tool": "delete", "arguments": twice, "confirmation_token": token}),
        )
        .await;
    assert_eq!(
        error(&unclear)["error"]["fields"],
        json!(["/confirmation_token"]),
        "{unclear}"
    );
    let done = client
        .call(
            "crm_run_tool",
            json!({"tool": "delete", "arguments": arguments, "confirmation_token": token}),
        )
        .await;
    assert_eq!(structured(&done)["deleted"], arguments["id"], "{done}");
}

#[tokio::test]
async fn prompts_say_how_their_tools_are_had() {
    let (_crm, _host, client) = compact("").await;
    let listed = client.request("prompts/list", json!({})).await;
    let prompts = list(&listed["result"]["prompts"]);
    let log = prompts
        .iter()
        .find(|prompt| text(prompt, "/name").ends_with("log-meeting"));
    let required = list(&log.expect("it is listed")["arguments"]).iter();
    let arguments: serde_json::Map<String, Value> = required
        .filter(|argument| argument["required"] == true)
        .map(|argument| (text(argument, "/name").to_owned(), json!("Met Ada.")))
        .collect();
    let asked = json!({"name": log.expect("it is listed")["name"], "arguments": arguments});
    let told = client.request("prompts/get", asked).await;
    let said = text(&told, "/result/messages/0/content/text");
    assert!(said.contains("`crm_run_tool` runs one"), "{told}");
}

#[tokio::test]
async fn names_that_two_connections_share_are_refused() {
    let first = EVERYTHING.replacen("url =", "prefix = \"\"\nlist = \"compact\"\nurl =", 1);
    let second = EVERYTHING
        .split("[server.limits]")
        .next()
        .unwrap_or_default()
        .replacen("connections.crm", "connections.other", 1)
        .replacen(
            "url =",
            "prefix = \"\"\nlist = \"compact\"\ntools = [\"nothing*\", \"get\"]\nurl =",
            1,
        );
    let crm = Crm::start().await;
    let refused = TestHost::try_with(&format!("{second}{first}"), &crm.url()).await;
    let why = refused.err().expect("the names collide").to_string();
    assert!(why.contains("another `prefix`"), "{why}");
}
