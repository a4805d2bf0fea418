//! Tells what it sees of the machine: variables, arguments, and what stands on its standard input.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("environment", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        let mut typed = String::new();
        let read = std::io::stdin().read_line(&mut typed).unwrap_or_default();
        Ok(json!({
            "variables": std::env::vars().count(),
            "arguments": std::env::args().count(),
            "typed": read,
        }).to_string())
    },
}
