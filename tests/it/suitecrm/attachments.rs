//! A note's file there and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{done, refused};
use crate::support::{Suite, text};

#[tokio::test]
async fn a_file_comes_back_as_it_was_stored() {
    let suite = Suite::start().await;
    for host in [suite.over_v4().await, suite.over_v8().await] {
        let note = done(&host, "suite_create_note", json!({"name": "With a file"})).await;
        let id = text(&note, "/id");
        let every_byte: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let file = STANDARD.encode(&every_byte);
        let arguments = json!({"id": id, "filename": "every.bin", "file_base64": file});
        let stored = done(&host, "suite_set_note_attachment", arguments).await;
        assert_eq!(
            (&stored["attached"], &stored["size"]),
            (&json!(true), &json!(100_000))
        );
        let read = done(&host, "suite_get_note_attachment", json!({"id": id})).await;
        assert_eq!(text(&read, "/filename"), "every.bin");
        assert!(
            text(&read, "/file_base64") == file,
            "another file came back"
        );
    }
}

#[tokio::test]
async fn what_is_no_file_is_refused_before_anything_is_sent() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    let note = suite.first("Notes");
    for (filename, file) in [("a.txt", "no base64!"), ("../a.txt", "YQ=="), ("a.txt", "")] {
        let arguments = json!({"id": note, "filename": filename, "file_base64": file});
        let error = refused(&host, "suite_set_note_attachment", arguments).await;
        assert_eq!(error["outcome"], "not-done", "{filename} {file}: {error}");
    }
    assert_eq!(suite.memory.called("set_note_attachment"), 0);
}
