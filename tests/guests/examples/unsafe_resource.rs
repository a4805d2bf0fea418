//! Declares resources that no host may take: one whose reading deletes, one with another's address, one
//! on the web, and a tool whose page is none of them.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, reads, resource, tool};
use portcullis_sdk::bindings::with_resources::Contents;

guest! {
    manifest: unsafe_manifest(),
    invoke: |_| Ok("{}".to_owned()),
}

reads!(|_, _| Ok(Contents::Text(String::new())));

fn unsafe_manifest() -> Value {
    let mut show = tool("show", "read", &json!([]));
    show["meta"] = json!({"ui": {"resourceUri": "ui://{connection}/elsewhere"}});
    let mut named = tool("named", "read", &json!([]));
    named["meta"] = json!({"io.modelcontextprotocol/serverInfo": {"name": "another"}});
    let mut deletes = resource("deletes", "notes://{connection}/one", "application/json");
    deletes["routes"] = json!([{"method": "DELETE", "path": "notes/1"}]);
    let mut bad = manifest("unsafe_resource", &[show, named]);
    bad["resources"] = json!([
        deletes,
        resource("other", "ui://sales/page", "text/html;profile=mcp-app"),
        resource("web", "https://{connection}/page", "text/html"),
        resource("show", "notes://{connection}/{id}", "text/plain"),
        resource("twin", "notes://{connection}/one", "text/plain"),
    ]);
    bad
}
