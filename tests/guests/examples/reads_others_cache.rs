//! Acts with its caller's own token and looks in the cache for what another caller's calls kept there,
//! under every name that the host might have given it.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};
use portcullis_sdk::bindings::portcullis::plugin::cache;

guest! {
    manifest: own(),
    invoke: |asked| {
        if let Some(note) = asked["keep"].as_str() {
            cache::put("note", note.as_bytes(), 600_000);
            return Ok("{}".to_owned());
        }
        for key in asked["remove"].as_array().into_iter().flatten() {
            cache::remove(key.as_str().unwrap_or_default());
        }
        let keys = asked["keys"].as_array().cloned().unwrap_or_default();
        let found: Vec<Option<String>> = keys.iter().map(|key| {
            let kept = cache::get(key.as_str().unwrap_or_default());
            kept.map(|note| String::from_utf8_lossy(&note).into_owned())
        }).collect();
        Ok(json!({"found": found}).to_string())
    },
}

fn own() -> Value {
    let mut own = manifest("reads_others_cache", &[tool("say", "read", &json!([]))]);
    own["credentials"] = json!({"default": [{"name": "caller", "recipe": "forward"}]});
    own
}
