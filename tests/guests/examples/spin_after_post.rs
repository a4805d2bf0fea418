//! Changes something upstream and then never comes back.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("spin_after_post", &[tool("say", "write", &json!([{"method": "POST", "path": "notes"}]))]),
    invoke: |_| {
        let _ = portcullis_guests::sent(&json!({"method": "POST", "path": ["notes"], "body": "{}"}));
        loop {
            std::hint::black_box(());
        }
    },
}
