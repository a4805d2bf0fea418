//! Keeps more in the cache than anybody needs: large values, long keys and a crowd of small ones.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};
use portcullis_sdk::bindings::portcullis::plugin::cache;

guest! {
    manifest: manifest("floods_cache", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        let large = vec![7; 1 << 20];
        for number in 0..64 {
            cache::put(&format!("large {number}"), &large, u32::MAX);
        }
        cache::put(&"k".repeat(100_000), b"1", u32::MAX);
        let mut number = 0_u64;
        loop {
            cache::put(&number.to_string(), b"", u32::MAX);
            number += 1;
        }
    },
}
