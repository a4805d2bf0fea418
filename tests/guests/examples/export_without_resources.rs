//! Can be asked for resources and declares none.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, reads, tool};
use portcullis_sdk::bindings::with_resources::Contents;

guest! {
    manifest: manifest("export_without_resources", &[tool("say", "read", &json!([]))]),
    invoke: |_| Ok("{}".to_owned()),
}

reads!(|_, _| Ok(Contents::Text("nobody asked".to_owned())));
