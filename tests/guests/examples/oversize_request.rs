//! Sends bodies of as many bytes as it is told, as often as it is told.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: manifest("oversize_request", &[tool("say", "write", &json!([{"method": "POST", "path": "notes"}]))]),
    invoke: |asked| {
        let bytes = asked["bytes"].as_u64().unwrap_or_default() as usize;
        let times = asked["times"].as_u64().unwrap_or(1) as usize;
        let one = json!({"method": "POST", "path": ["notes"], "body": "x".repeat(bytes)});
        let answers: Vec<Value> = (0..times).map(|_| portcullis_guests::sent(&one)).collect();
        Ok(json!({"answers": answers}).to_string())
    },
}
