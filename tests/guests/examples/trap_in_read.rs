//! Traps when a resource is read, and nowhere else.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, reads, resource, tool};

guest! {
    manifest: readable(),
    invoke: |_| Ok("{}".to_owned()),
}

reads!(|_, _| panic!("words for the log"));

fn readable() -> Value {
    let mut readable = manifest("trap_in_read", &[tool("say", "read", &json!([]))]);
    readable["resources"] = json!([resource(
        "page",
        "ui://{connection}/page",
        "text/html;profile=mcp-app"
    )]);
    readable
}
