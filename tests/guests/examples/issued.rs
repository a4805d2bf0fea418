//! Acts with its caller's own token, which an issuer below the CRM's address signed; it tells what the
//! CRM answered and what an earlier call left in the cache.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};
use portcullis_sdk::bindings::portcullis::plugin::cache;

guest! {
    manifest: signed(),
    invoke: |asked| {
        let request = match asked["remove"].as_str() {
            Some(id) => json!({"method": "DELETE", "path": ["notes", id]}),
            None => json!({"method": "GET", "path": ["whoami"]}),
        };
        let mut told = portcullis_guests::sent(&request);
        told["kept"] = cache::get("note").map(|note| String::from_utf8_lossy(&note).into_owned()).into();
        if let Some(note) = asked["keep"].as_str() {
            cache::put("note", note.as_bytes(), 600_000);
        }
        Ok(told.to_string())
    },
    preview: |_| Ok(json!({"would": "remove the note"}).to_string()),
}

fn signed() -> Value {
    let say = tool("say", "read", &json!([{"method": "GET", "path": "whoami"}]));
    let routes = json!([{"method": "DELETE", "path": "notes/{id}"}]);
    let mut remove = tool("remove", "destructive", &routes);
    remove["preview_routes"] = json!([{"method": "GET", "path": "notes/{id}"}]);
    let mut manifest = manifest("issued", &[say, remove]);
    manifest["credentials"] = json!({"default": [{
        "name": "caller",
        "recipe": "forward",
        "tokens": {
            "issuer": "{base}/auth/v1",
            "keys": "auth/v1/.well-known/jwks.json",
            "audience": ["authenticated"],
            "role": "authenticated",
        },
    }]});
    manifest
}
