//! Resources: listed per connection, read through a fresh instance with its own routes alone, and
//! refused at load where they are not what they say.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::Response;
use futures::stream;
use serde_json::{Value, json};

use crate::support::host::guest_connection;
use crate::support::wait::until;
use crate::support::{Era, HttpMcp, Stub, TestHost, guests, in_time, list, text};

const NOWHERE: &str = "http://127.0.0.1:9";

/// Two connections to the same plugin; the second may only read what can reach nothing.
fn two() -> String {
    let first = guest_connection("page", "limits.output_bytes = 100000");
    let second = first
        .replace("connections.guest", "connections.other")
        .replace("limits.output_bytes = 100000", "tools = [\"show\"]");
    format!("[server]\nplugins = \"PLUGINS\"\n{first}{second}")
}

async fn host_of_two(url: &str) -> TestHost {
    let bytes = guests::bytes("page");
    let host = TestHost::with_files(&two(), url, &[("page.wasm", &bytes)]).await;
    let host = host.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(host.rejected(), Vec::<String>::new());
    host
}

fn shows_pages() -> Value {
    json!({"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}})
}

async fn read(client: &HttpMcp, uri: &str) -> Value {
    client.request("resources/read", json!({"uri": uri})).await
}

fn every<'a>(answer: &'a Value, list_pointer: &str, member: &str) -> Vec<&'a str> {
    let items = answer.pointer(list_pointer).map(list).unwrap_or_default();
    let members = items.iter().map(|item| item[member].as_str());
    members.map(Option::unwrap_or_default).collect()
}

#[tokio::test]
async fn page_and_its_kin_are_listed_once_for_each_connection() {
    let mut host = host_of_two(NOWHERE).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        let listed = client.request("resources/list", json!({})).await;
        assert_eq!(
            every(&listed, "/result/resources", "uri"),
            [
                "ui://guest/page",
                "bytes://guest/logo/small",
                "ui://other/page",
                "bytes://other/logo/small"
            ],
            "{listed}"
        );
        let page = &listed["result"]["resources"][0];
        assert_eq!(page["name"], "guest_page", "{listed}");
        assert_eq!(page["mimeType"], "text/html;profile=mcp-app", "{listed}");
        assert_eq!(page["_meta"]["ui"]["prefersBorder"], true, "{listed}");
        let templates = client.request("resources/templates/list", json!({})).await;
        assert_eq!(
            every(&templates, "/result/resourceTemplates", "uriTemplate"),
            [
                "notes://guest/notes/{id}",
                "bytes://guest/{count}",
                "bytes://other/{count}"
            ],
            "`tools` leaves out what reads the CRM: {templates}"
        );
        if era == Era::Stateless {
            assert_eq!(listed["result"]["cacheScope"], "private", "{listed}");
            assert!(listed["result"]["ttlMs"].is_number(), "{listed}");
        }
        let refused = client
            .request("resources/list", json!({"cursor": "x"}))
            .await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
    let one = HttpMcp::connect_to(address, Era::Stateless, "/mcp/other").await;
    let listed = one.request("resources/list", json!({})).await;
    assert_eq!(
        every(&listed, "/result/resources", "uri"),
        ["ui://other/page", "bytes://other/logo/small"],
        "{listed}"
    );
    let refused = read(&one, "ui://guest/page").await;
    assert_eq!(refused["error"]["code"], -32602, "another's: {refused}");
}

#[tokio::test]
pub async fn page() {
    let stub = Stub::json(r#"{"text":"milk"}"#).await;
    let mut host = host_of_two(&stub.url()).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        let page = read(&client, "ui://other/page").await;
        let contents = &page["result"]["contents"][0];
        assert_eq!(contents["uri"], "ui://other/page", "{page}");
        assert_eq!(contents["mimeType"], "text/html;profile=mcp-app", "{page}");
        assert!(text(contents, "/text").contains("a page"), "{page}");
        assert_eq!(contents["_meta"]["ui"]["prefersBorder"], true, "{page}");
        let logo = read(&client, "bytes://guest/logo/small").await;
        assert_eq!(logo["result"]["contents"][0]["blob"], "AJ//", "{logo}");
        let note = read(&client, "notes://guest/notes/caf%C3%A9%201").await;
        assert!(
            text(&note, "/result/contents/0/text").contains("milk"),
            "{note}"
        );
        if era == Era::Stateless {
            assert_eq!(note["result"]["ttlMs"], 0, "a record changes: {note}");
            assert_ne!(page["result"]["ttlMs"], 0, "a page does not: {page}");
            assert_eq!(page["result"]["cacheScope"], "private", "{page}");
        }
    }
    let paths: Vec<_> = stub.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/notes/caf%C3%A9%201"; 2]);
    assert!(
        stub.seen()[0].header("x-key").is_some(),
        "with the credential"
    );
}

#[tokio::test]
async fn page_readings_end_with_the_drain_time() {
    let endless = || Body::from_stream(stream::pending::<Result<Vec<u8>, Infallible>>());
    let stub = Stub::start(move |_| Response::new(endless())).await;
    let config = two().replace(
        "limits.output_bytes",
        "limits.timeout_ms = 600000\nlimits.output_bytes",
    );
    let config = format!("{config}\n[server.limits]\ndrain_ms = 300\n");
    let files = [("page.wasm", &guests::bytes("page")[..])];
    let host = TestHost::with_files(&config, &stub.url(), &files).await;
    let mut host = host.unwrap_or_else(|error| panic!("{error}"));
    let served = host.serve().await;
    let client = HttpMcp::connect(served.address, Era::Stateless).await;
    let stop = async {
        until("the record to be asked for", async || {
            !stub.seen().is_empty()
        })
        .await;
        served.stop.cancel();
    };
    let (answer, ()) = tokio::join!(read(&client, "notes://guest/notes/1"), stop);
    assert_eq!(
        answer["error"]["data"]["error"]["code"], "STOPPING",
        "{answer}"
    );
    let ended = in_time("the end of the host", served.ended).await;
    assert!(ended.is_ok_and(|served| served.is_ok()));
}

#[tokio::test]
async fn page_less_addresses_are_refused_in_the_words_of_the_era() {
    let stub = Stub::ok().await;
    let mut host = host_of_two(&stub.url()).await;
    let address = host.serve().await.address;
    for (era, not_found) in [(Era::Handshake, -32002), (Era::Stateless, -32602)] {
        let client = HttpMcp::connect(address, era).await;
        for uri in [
            "ui://guest/other",
            "ui://guest",
            "ui://nobody/page",
            "ui://guest/page/../page",
            "ui://guest/page?x",
            "notes://guest/notes/a%2Fb",
            "notes://guest/notes/%2e%2e",
            "notes://other/notes/1",
            "file:///etc/passwd",
            "notes://guest/notes/none",
        ] {
            let refused = read(&client, uri).await;
            assert_eq!(refused["error"]["code"], not_found, "{uri}: {refused}");
            assert_eq!(refused["error"]["data"]["uri"], uri, "{refused}");
        }
        let wrong = read(&client, "notes://guest/notes/UPPER").await;
        assert_eq!(wrong["error"]["code"], -32602, "{wrong}");
        assert!(text(&wrong, "/error/message").contains("/id"), "{wrong}");
        let large = read(&client, "bytes://guest/100001").await;
        assert_eq!(large["error"]["code"], -32603, "{large}");
        assert!(
            text(&large, "/error/message").contains("limits.output_bytes"),
            "{large}"
        );
        assert!(read(&client, "bytes://guest/100000").await["result"].is_object());
    }
    assert_eq!(stub.seen().len(), 0, "nothing reached the CRM");
}

#[tokio::test]
async fn page_metadata_reaches_those_who_can_show_it() {
    let mut host = host_of_two(NOWHERE).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        let blind = HttpMcp::connect(address, era).await;
        let tools = blind.request("tools/list", json!({})).await;
        assert_eq!(
            every(&tools, "/result/tools", "name"),
            ["guest_show", "other_show"],
            "a tool for pages alone is not for a model: {tools}"
        );
        let meta = &tools["result"]["tools"][0]["_meta"];
        assert_eq!(*meta, json!({"example.com/shelf": 3}), "{tools}");

        let stranger = HttpMcp::stranger(address, era, "/mcp");
        let seeing = stranger.able_to(shows_pages()).introduced().await;
        let tools = seeing.request("tools/list", json!({})).await;
        assert_eq!(
            every(&tools, "/result/tools", "name"),
            ["guest_show", "guest_press", "other_show"],
            "{tools}"
        );
        let uri = |at: usize| &tools["result"]["tools"][at]["_meta"]["ui"]["resourceUri"];
        assert_eq!(
            (uri(0), uri(2)),
            (&json!("ui://guest/page"), &json!("ui://other/page"))
        );
        let callers = |at: usize| &tools["result"]["tools"][at]["_meta"]["ui"]["visibility"];
        assert_eq!(
            (callers(0), callers(1)),
            (&json!(["model"]), &json!(["app"])),
            "a page calls only what its plugin opened for pages"
        );
        let called = seeing.call("guest_show", json!({"a": 1})).await;
        assert_eq!(text(&called, "/content/0/text"), r#"{"a":1}"#, "{called}");
    }
}

#[tokio::test]
async fn nothing_is_declared_where_nothing_can_be_read() {
    let discover = async |guest: &str| {
        let mut host = TestHost::guest(guest, "", NOWHERE).await;
        let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
        let found = client.request("server/discover", json!({})).await;
        found["result"]["capabilities"].clone()
    };
    let without = discover("keeps_state").await;
    assert!(
        without["resources"].is_null() && without["extensions"].is_null(),
        "{without}"
    );
    let with = discover("page").await;
    assert_eq!(with["resources"]["listChanged"], true, "{with}");
    assert!(
        with["extensions"]["io.modelcontextprotocol/ui"].is_object(),
        "{with}"
    );
}

#[tokio::test]
async fn page_changes_are_told_to_subscribers_who_asked() {
    let mut host = host_of_two(NOWHERE).await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    let wanted = json!({"notifications": {"resourcesListChanged": true}});
    let mut stream = client.open("subscriptions/listen", wanted).await;
    let first = in_time("the acknowledgement", stream.event()).await;
    assert_eq!(
        first.expect("a message")["method"],
        "notifications/subscriptions/acknowledged"
    );
    let fewer = two()
        .replace("tools = [\"show\"]", "")
        .replace("[connections.other]", "[connections.third]");
    host.rewrite(&fewer, NOWHERE);
    let told = in_time("list_changed", stream.event())
        .await
        .expect("a message");
    assert_eq!(
        told["method"], "notifications/resources/list_changed",
        "{told}"
    );
    let listed = client.request("resources/list", json!({})).await;
    assert!(listed.to_string().contains("ui://third/page"), "{listed}");
}

/// The error of reading the one resource of a guest.
async fn error_of(guest: &str, uri: &str) -> Value {
    let mut host = TestHost::guest(guest, "", NOWHERE).await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    read(&client, uri).await["error"].clone()
}

#[tokio::test]
pub async fn trap_in_read() {
    let error = error_of("trap_in_read", "ui://guest/page").await;
    assert_eq!(error["code"], -32603, "{error}");
    assert_eq!(error["message"], "the plugin failed", "{error}");
    assert!(text(&error, "/data/call_id").len() >= 8, "{error}");
    assert!(!error.to_string().contains("words for the log"), "{error}");
}

#[tokio::test]
pub async fn writes_in_read() {
    let stub = Stub::ok().await;
    let mut host = TestHost::guest("writes_in_read", "", &stub.url()).await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    let answer = read(&client, "notes://guest/all").await;
    let told = text(&answer, "/result/contents/0/text");
    assert!(told.contains("Denied"), "{answer}");
    assert_eq!(stub.seen().len(), 0);
    let refused = client
        .request("tools/call", json!({"name": "guest_notes"}))
        .await;
    assert_eq!(
        refused["error"]["code"], -32602,
        "a resource is no tool: {refused}"
    );
}

/// Why a guest is not taken.
async fn why_not(guest: &str) -> String {
    let file = format!("{guest}.wasm");
    let config = "[server]\nplugins = \"PLUGINS\"\n";
    let host = TestHost::with_files(config, NOWHERE, &[(&file, &guests::bytes(guest))]).await;
    let rejected = host.unwrap_or_else(|error| panic!("{error}")).rejected();
    rejected.first().cloned().expect("it is refused")
}

#[tokio::test]
pub async fn unsafe_resource() {
    let why = why_not("unsafe_resource").await;
    for says in [
        "resource `deletes`, route 1 (`DELETE notes/1`): DELETE changes records",
        "resource `other`: `uri` is not of the form",
        "resource `web`: `uri` has the scheme `https`",
        "resource `show`: a tool has this name",
        "resource `show`: `input_schema` belongs to templates",
        "resource `twin`: another resource has the same `uri`",
        "tool `show`: `meta.ui.resourceUri` is no resource of this manifest",
        "tool `named`: `meta` holds `io.modelcontextprotocol/serverInfo`",
    ] {
        assert!(why.contains(says), "{says}\n{why}");
    }
}

#[tokio::test]
pub async fn resources_without_export() {
    let why = why_not("resources_without_export").await;
    assert!(
        why.contains("does not export portcullis:plugin/resources"),
        "{why}"
    );
}

#[tokio::test]
pub async fn export_without_resources() {
    let why = why_not("export_without_resources").await;
    assert!(why.contains("declares no `resources`"), "{why}");
}

/// A connection without any credential: what can send nothing needs none.
const TASKS: &str = r#"
[connections.desk]
plugin = "atomic"
url = "URL"
prefix = "todo"
secrets.publishable_key = "env:CRM_KEY"
[connections.desk.settings]
crm_url = "https://crm.example.com/"
"#;

#[tokio::test]
async fn the_task_list_is_a_page_that_knows_its_tool() {
    let mut host = TestHost::with(TASKS, NOWHERE).await;
    let address = host.serve().await.address;
    let stranger = HttpMcp::stranger(address, Era::Stateless, "/mcp");
    let client = stranger.able_to(shows_pages()).introduced().await;
    let tools = client.request("tools/list", json!({})).await;
    let mut tools = list(&tools["result"]["tools"]).iter();
    let shows = tools
        .find(|tool| tool["name"] == "todo_display_task_list")
        .expect("it is listed");
    let uri = text(shows, "/_meta/ui/resourceUri");
    assert_eq!(uri, "ui://desk/task-list");
    let page = read(&client, uri).await;
    let html = text(&page, "/result/contents/0/text");
    for part in [
        "data-complete-tool=\"todo_complete_task\"",
        "data-crm-url=\"https://crm.example.com/\"",
    ] {
        assert!(html.contains(part), "{part}: {html:.300}");
    }
    let tasks = json!({"tasks": [{"id": 1, "text": "Call back"}]});
    let shown = client.call("todo_display_task_list", tasks.clone()).await;
    assert_eq!(shown["structuredContent"], tasks, "{shown}");
    assert!(
        text(&shown, "/content/0/text").contains("Call back"),
        "{shown}"
    );
}
