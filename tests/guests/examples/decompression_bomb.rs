//! Asks for an answer that is small on its way and large when it is unpacked.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("decompression_bomb", &[tool("say", "read", &json!([{"method": "GET", "path": "notes/{id}"}]))]),
    invoke: |_| Ok(portcullis_guests::sent(&json!({"path": ["notes", "1"]})).to_string()),
}
