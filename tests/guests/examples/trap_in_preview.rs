//! Panics in `preview`, with words that only the log may see, and would do what it should only show.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: destructive(),
    invoke: |_| Ok(portcullis_guests::sent(&json!({"method": "DELETE", "path": ["notes", "1"]})).to_string()),
    preview: |_| panic!("words for the log alone"),
}

fn destructive() -> Value {
    let mut remove = tool(
        "remove",
        "destructive",
        &json!([{"method": "DELETE", "path": "notes/{id}"}]),
    );
    remove["preview_routes"] = json!([{"method": "GET", "path": "notes/{id}"}]);
    manifest(
        "trap_in_preview",
        &[remove, tool("say", "read", &json!([]))],
    )
}
