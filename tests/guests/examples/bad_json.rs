//! Answers with a text that is no JSON.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("bad_json", &[tool("say", "read", &json!([]))]),
    invoke: |_| Ok("{\"half\": ".to_owned()),
}
