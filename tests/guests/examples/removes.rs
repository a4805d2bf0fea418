//! Well-behaved: two tools that remove the same thing, each after a preview that shows it as it is.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, sent, tool};

guest! {
    manifest: two_ways_out(),
    invoke: |arguments| Ok(sent(&asked("DELETE", &arguments)).to_string()),
    preview: |arguments| {
        let shown = sent(&asked("GET", &arguments));
        Ok(json!({"summary": "it would be gone", "record": shown["body"]}).to_string())
    },
}

fn asked(method: &str, arguments: &Value) -> Value {
    json!({"method": method, "path": ["things", arguments["id"]]})
}

fn two_ways_out() -> Value {
    let way_out = |name: &str| {
        let routes = json!([{"method": "DELETE", "path": "things/{id}"}]);
        let mut tool = tool(name, "destructive", &routes);
        tool["preview_routes"] = json!([{"method": "GET", "path": "things/{id}"}]);
        tool
    };
    manifest("removes", &[way_out("remove"), way_out("erase")])
}
