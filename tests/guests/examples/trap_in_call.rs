//! Panics in `invoke`, with words that only the log may see.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("trap_in_call", &[tool("say", "read", &json!([]))]),
    invoke: |_| panic!("words for the log alone"),
}
