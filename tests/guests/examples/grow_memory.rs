//! Takes memory until there is none.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("grow_memory", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        let mut kept = Vec::new();
        loop {
            kept.push(std::hint::black_box(vec![1_u8; 1 << 20]));
        }
    },
}
