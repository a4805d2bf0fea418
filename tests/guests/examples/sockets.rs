//! Opens a connection of its own instead of asking the host.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("sockets", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        let connected = std::net::TcpStream::connect("127.0.0.1:80").is_ok();
        Ok(json!({"connected": connected}).to_string())
    },
}
