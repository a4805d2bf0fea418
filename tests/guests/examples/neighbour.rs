//! A well-behaved guest that uses everything that it is given: its CRM, its cache and its log.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};
use portcullis_sdk::bindings::portcullis::plugin::{cache, log};

guest! {
    manifest: manifest("neighbour", &[tool("say", "read", &json!([{"method": "GET", "path": "notes/{id}"}]))]),
    invoke: |_| {
        log::write(log::Level::Debug, "a line");
        cache::put("note", b"a note", 60_000);
        let told = portcullis_guests::sent(&json!({"path": ["notes", "1"]}));
        let kept = cache::get("note").map(|note| String::from_utf8_lossy(&note).into_owned());
        Ok(json!({"status": told["status"], "kept": kept}).to_string())
    },
}
