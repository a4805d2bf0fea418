//! Changes something upstream and then panics.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("trap_after_post", &[tool("say", "write", &json!([{"method": "POST", "path": "notes"}]))]),
    invoke: |_| {
        let _ = portcullis_guests::sent(&json!({"method": "POST", "path": ["notes"], "body": "{}"}));
        panic!("after the change")
    },
}
