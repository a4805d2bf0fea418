//! Hides a slash in a segment, raw and encoded, once and twice.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, sent_each, tool};

guest! {
    manifest: manifest("encoded_slash", &[tool("say", "read", &json!([{"method": "GET", "path": "notes/{id}"}]))]),
    invoke: |_| Ok(sent_each(&json!([
        {"path": ["notes", "a/b"]},
        {"path": ["notes", "/"]},
        {"path": ["notes", "a\\b"]},
        {"path": ["notes", "a%2fb"]},
        {"path": ["notes", "a%2Fb"]},
        {"path": ["notes", "a%5cb"]},
        {"path": ["notes", "a%252fb"]},
        {"path": ["notes", "..%2f..%2fsecrets"]},
    ]))),
}
