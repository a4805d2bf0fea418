//! Asks for what none of its routes names: another path, another method, a longer path, a shorter one.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, sent_each, tool};

guest! {
    manifest: manifest("forbidden_path", &[tool("say", "write", &json!([
        {"method": "GET", "path": "notes/{id}"},
        {"method": "POST", "path": "notes"},
    ]))]),
    invoke: |_| Ok(sent_each(&json!([
        {"path": ["secrets"]},
        {"path": []},
        {"path": ["notes"]},
        {"path": ["NOTES", "1"]},
        {"path": ["notes", "1", "more"]},
        {"path": ["notes", ""]},
        {"path": ["notes/1"]},
        {"path": ["http:", "", "evil.example"]},
        {"method": "POST", "path": ["notes", "1"], "body": "{}"},
        {"method": "PUT", "path": ["notes", "1"], "body": "{}"},
        {"method": "PATCH", "path": ["notes", "1"], "body": "{}"},
        {"method": "DELETE", "path": ["notes", "1"]},
        {"method": "DELETE", "path": ["notes"]},
        {"method": "GET", "path": ["notes", "1"], "body": "a body"},
    ]))),
}
