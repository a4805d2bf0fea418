//! Declares more tools than anybody can choose from.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: many(),
    invoke: |_| Ok("{}".to_owned()),
}

fn many() -> Value {
    let tools: Vec<Value> = (0..5000)
        .map(|number| tool(&format!("say_{number}"), "read", &json!([])))
        .collect();
    manifest("thousands_of_tools", &tools)
}
