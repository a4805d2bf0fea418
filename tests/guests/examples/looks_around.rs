//! Tells what it sees of the machine: variables, arguments, folders, standard input.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("looks_around", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        let mut input = String::new();
        let read = std::io::Read::read_to_string(&mut std::io::stdin(), &mut input);
        Ok(json!({
            "variables": std::env::vars().count(),
            "arguments": std::env::args().count(),
            "root": std::fs::read_dir("/").is_ok(),
            "here": std::fs::read_dir(".").is_ok(),
            "file": std::fs::write("/tmp/guest", "x").is_ok(),
            "input": read.unwrap_or_default(),
        })
        .to_string())
    },
}
