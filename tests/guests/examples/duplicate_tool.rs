//! Declares two tools of one name.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("duplicate_tool", &[tool("say", "read", &json!([])), tool("say", "read", &json!([]))]),
    invoke: |_| Ok("{}".to_owned()),
}
