//! Asks for an answer whose body comes so slowly that it never ends.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("slow_body", &[tool("say", "read", &json!([{"method": "GET", "path": "notes/{id}"}]))]),
    invoke: |_| Ok(portcullis_guests::sent(&json!({"path": ["notes", "1"]})).to_string()),
}
