//! Answers with an object of two million bytes.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("huge_output", &[tool("say", "read", &json!([]))]),
    invoke: |_| Ok(json!({"text": "x".repeat(2_000_000)}).to_string()),
}
