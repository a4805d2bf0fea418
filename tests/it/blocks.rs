//! What a tool sends beside its JSON, blocks and progress, as each revision of MCP may have it.

use serde_json::{Value, json};

use crate::support::{Era, HttpMcp, TestHost, guests, in_time, list};

const NOWHERE: &str = "http://127.0.0.1:9";

const CONFIG: &str = r#"
[server]
plugins = "PLUGINS"
[connections.guest]
plugin = "conformance"
url = "URL"
prefix = ""
"#;

/// The fixture of the conformance suite, its tools under plain names.
async fn fixture() -> (TestHost, std::net::SocketAddr) {
    let bytes = guests::bytes("conformance");
    let files: [(&str, &[u8]); 1] = [("conformance.wasm", &bytes)];
    let host = TestHost::with_files(CONFIG, NOWHERE, &files).await;
    let mut host = host.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(host.rejected(), Vec::<String>::new());
    let address = host.serve().await.address;
    (host, address)
}

fn kinds(result: &Value) -> Vec<&str> {
    let blocks = list(&result["content"]).iter();
    blocks.filter_map(|block| block["type"].as_str()).collect()
}

#[tokio::test]
pub async fn conformance() {
    let (_host, address) = fixture().await;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        for (tool, expected) in [
            ("test_simple_text", &["text"][..]),
            ("test_image_content", &["text", "image"]),
            ("test_audio_content", &["text", "audio"]),
            ("test_embedded_resource", &["text", "resource"]),
            ("test_resource_link", &["text", "resource_link"]),
            (
                "test_multiple_content_types",
                &["text", "text", "image", "resource"],
            ),
            ("test_error_handling", &["text"]),
        ] {
            let result = client.call(tool, json!({})).await;
            assert_eq!(kinds(&result), expected, "{result}");
        }
        let result = client.call("test_multiple_content_types", json!({})).await;
        let blocks = &result["content"];
        assert_eq!(
            blocks[1]["annotations"]["audience"],
            json!(["user"]),
            "{result}"
        );
        assert_eq!(blocks[2]["mimeType"], "image/png", "{result}");
        let uri = &blocks[3]["resource"]["uri"];
        assert_eq!(uri, "test://guest/mixed", "its own connection: {result}");
    }
}

#[tokio::test]
async fn conformance_progress_is_told_to_those_who_asked_and_rises() {
    let (_host, address) = fixture().await;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        let silent = client.call("test_tool_with_progress", json!({})).await;
        assert_eq!(kinds(&silent), ["text"], "{silent}");
        let params = json!({
            "name": "test_tool_with_progress", "arguments": {}, "_meta": {"progressToken": "p1"},
        });
        let mut answer = client.open("tools/call", params).await;
        let mut steps = Vec::new();
        let result = loop {
            let message = in_time("a message", answer.event())
                .await
                .expect("one more");
            if message["method"] != "notifications/progress" {
                break message;
            }
            let told = &message["params"];
            assert_eq!(told["progressToken"], "p1", "{message}");
            assert_eq!(
                (&told["total"], &told["message"]),
                (&json!(100.0), &json!("working"))
            );
            steps.push(told["progress"].as_f64());
        };
        assert_eq!(steps, [Some(0.0), Some(50.0), Some(100.0)]);
        assert_eq!(kinds(&result["result"]), ["text"], "{result}");
    }
}
