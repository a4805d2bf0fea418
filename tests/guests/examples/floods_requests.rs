//! Asks its CRM without end.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("floods_requests", &[tool("say", "read", &json!([{"method": "GET", "path": "notes/{id}"}]))]),
    invoke: |_| loop {
        let _ = portcullis_guests::sent(&json!({"path": ["notes", "1"]}));
    },
}
