//! Sends whatever it is told to send, `times` times, from a tool that may only use three routes; it
//! is the hand of every forbidden request in the tests.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("strays", &[tool("say", "write", &json!([
        {"method": "GET", "path": "notes/{id}"},
        {"method": "POST", "path": "notes"},
        {"method": "POST", "path": "drafts", "json": {"/status": ["Draft"]}},
    ]))]),
    invoke: |asked| {
        let times = asked["times"].as_u64().unwrap_or(1);
        let mut last = json!({});
        for _ in 0..times {
            last = portcullis_guests::sent(&asked);
        }
        Ok(last.to_string())
    },
}
