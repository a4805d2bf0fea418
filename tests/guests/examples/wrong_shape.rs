//! Answers with an object that its own output schema refuses.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: promising(),
    invoke: |_| Ok(json!({"total": "many"}).to_string()),
}

fn promising() -> Value {
    let mut say = tool("say", "read", &json!([]));
    say["output_schema"] = json!({"type": "object", "properties": {"total": {"type": "integer"}}});
    manifest("wrong_shape", &[say])
}
