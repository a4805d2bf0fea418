//! Fails with a code that is none and a message of a million characters.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("endless_failure", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        let mut failure = portcullis_guests::failed("no code at all!");
        failure.message = "ä".repeat(1_000_000);
        Err(failure)
    },
}
