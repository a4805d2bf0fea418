//! Describes itself in ten million bytes.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: long(),
    invoke: |_| Ok("{}".to_owned()),
}

fn long() -> Value {
    let mut long = manifest("huge_manifest", &[tool("say", "read", &json!([]))]);
    long["summary"] = json!("x".repeat(10_000_000));
    long
}
