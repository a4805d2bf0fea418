//! A well-behaved guest in its first version: one tool.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("notebook", &[tool("say", "read", &json!([]))]),
    invoke: |_| Ok(json!({"version": "one"}).to_string()),
}
