//! Declares a resource and cannot be asked for it.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, resource, tool};

guest! {
    manifest: promising(),
    invoke: |_| Ok("{}".to_owned()),
}

fn promising() -> Value {
    let mut promising = manifest(
        "resources_without_export",
        &[tool("say", "read", &json!([]))],
    );
    promising["resources"] = json!([resource(
        "page",
        "ui://{connection}/page",
        "text/html;profile=mcp-app"
    )]);
    promising
}
