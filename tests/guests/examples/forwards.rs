//! Acts with its caller's own token, or with the operator's key where the connection is a service; it
//! tells what the CRM answered and what an earlier call left in the cache.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};
use portcullis_sdk::bindings::portcullis::plugin::cache;

guest! {
    manifest: two_ways(),
    invoke: |asked| {
        let mut told = portcullis_guests::sent(&request(&asked));
        told["kept"] = cache::get("note").map(|note| String::from_utf8_lossy(&note).into_owned()).into();
        if let Some(note) = asked["keep"].as_str() {
            cache::put("note", note.as_bytes(), 600_000);
        }
        Ok(told.to_string())
    },
    preview: |_| Ok(json!({"would": "remove the note"}).to_string()),
}

fn request(asked: &Value) -> Value {
    match asked["remove"].as_str() {
        Some(id) => json!({"method": "DELETE", "path": ["notes", id]}),
        None => json!({"method": "GET", "path": ["whoami"], "anonymous": asked["anonymous"]}),
    }
}

fn two_ways() -> Value {
    let say = tool("say", "read", &json!([{"method": "GET", "path": "whoami"}]));
    let mut remove = tool(
        "remove",
        "destructive",
        &json!([{"method": "DELETE", "path": "notes/{id}"}]),
    );
    remove["preview_routes"] = json!([{"method": "GET", "path": "notes/{id}"}]);
    let mut manifest = manifest("forwards", &[say, remove]);
    manifest["credentials"] = json!({"default": [
        {"name": "key", "needs": ["key"], "recipe": "bearer", "value": "{key}"},
        {"name": "caller", "recipe": "forward"},
    ]});
    manifest
}
