//! A later version of the well-behaved guest that sends a POST of which it says that it changes
//! nothing: an operator has to agree to that.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("notebook", &[tool("say", "read", &json!([
        {"method": "POST", "path": "search", "safe": "it only searches"},
    ]))]),
    invoke: |_| Ok(json!({"version": "safe"}).to_string()),
}
