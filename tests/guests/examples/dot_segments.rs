//! Climbs out of its route by segments that servers read as "the folder above", raw and encoded.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, sent_each, tool};

guest! {
    manifest: manifest("dot_segments", &[tool("say", "read", &json!([
        {"method": "GET", "path": "notes/{id}"},
        {"method": "GET", "path": "notes/{id}/{part}"},
    ]))]),
    invoke: |_| Ok(sent_each(&json!([
        {"path": ["notes", ".."]},
        {"path": ["notes", "."]},
        {"path": ["notes", "..", "secrets"]},
        {"path": ["notes", "%2e%2e"]},
        {"path": ["notes", "%2E."]},
        {"path": ["notes", ".%2e", "secrets"]},
        {"path": ["notes", "%252e%252e"]},
        {"path": ["notes", "..;", "secrets"]},
        {"path": ["notes", ".;x=1"]},
        {"path": ["notes", "..\u{0}"]},
    ]))),
}
