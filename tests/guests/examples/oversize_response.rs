//! Asks for an answer that is larger than it may be.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("oversize_response", &[tool("say", "read", &json!([{"method": "GET", "path": "notes/{id}"}]))]),
    invoke: |_| Ok(portcullis_guests::sent(&json!({"path": ["notes", "1"]})).to_string()),
}
