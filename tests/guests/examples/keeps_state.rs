//! Counts its calls in a static, which would be seen if an instance served two of them.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("keeps_state", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        use std::sync::atomic::{AtomicU32, Ordering};
        static CALLS: AtomicU32 = AtomicU32::new(0);
        Ok(json!({"calls": CALLS.fetch_add(1, Ordering::Relaxed) + 1}).to_string())
    },
}
