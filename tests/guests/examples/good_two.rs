//! A well-behaved guest in its second version: another answer and one more tool.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: second(),
    invoke: |_| Ok(json!({"version": "two"}).to_string()),
}

fn second() -> Value {
    let mut second = manifest(
        "notebook",
        &[
            tool("say", "read", &json!([])),
            tool("shout", "read", &json!([])),
        ],
    );
    second["version"] = json!("0.2.0");
    second
}
