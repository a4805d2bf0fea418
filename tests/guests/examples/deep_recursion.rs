//! Calls itself until the stack is full.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("deep_recursion", &[tool("say", "read", &json!([]))]),
    invoke: |_| Ok(json!({"depth": deeper(1)}).to_string()),
}

fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if frame[0] == u64::MAX {
        depth
    } else {
        deeper(depth + 1) + std::hint::black_box(frame[63])
    }
}
