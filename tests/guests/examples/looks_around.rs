//! Tells what it sees of the machine: variables and arguments. (Folders cannot be looked at from Rust
//! without importing sockets, which is refused when it is loaded.)

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("looks_around", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        Ok(json!({"variables": std::env::vars().count(), "arguments": std::env::args().count()}).to_string())
    },
}
