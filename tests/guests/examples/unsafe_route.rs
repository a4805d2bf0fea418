//! Says that a tool reads and wants to POST with it.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("unsafe_route", &[tool("say", "read", &json!([{"method": "POST", "path": "notes"}]))]),
    invoke: |_| Ok("{}".to_owned()),
}
