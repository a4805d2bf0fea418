//! Sends whatever it is told to, one request after the other, from a tool that may create a record
//! and set the tags of that one: the host has to remember which it was.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: manifest("changes_others", &[tool("create", "write", &json!([
        {"method": "POST", "path": "{entity}", "not": {"entity": ["search"]}},
        {"method": "GET", "path": "{entity}/{id}"},
        {"method": "POST", "path": "search", "safe": "it reads"},
        {"method": "PATCH", "path": "accounts/{id}", "when": {"/entity": ["accounts"]},
            "same": {"id": "made:/id"}, "only": {"": ["tags"]}},
    ]))]),
    invoke: |asked| {
        let requests = asked["send"].as_array().cloned().unwrap_or_default();
        let answers: Vec<Value> = requests.iter().map(portcullis_guests::sent).collect();
        Ok(json!({"answers": answers}).to_string())
    },
}
