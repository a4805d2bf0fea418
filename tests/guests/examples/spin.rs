//! Never comes back from `invoke`.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("spin", &[tool("say", "read", &json!([]))]),
    invoke: |_| loop {
        std::hint::black_box(());
    },
}
