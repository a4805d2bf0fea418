//! Declares an input schema that is none.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: spoiled(),
    invoke: |_| Ok("{}".to_owned()),
}

fn spoiled() -> Value {
    let mut say = tool("say", "read", &json!([]));
    say["input_schema"] = json!({"type": "object", "properties": {"id": {"type": "strnig"}}});
    manifest("bad_schema", &[say])
}
