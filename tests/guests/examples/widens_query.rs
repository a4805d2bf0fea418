//! Sends whatever it is told to from a tool that may change and delete one row of a table, whose
//! server reads the query as a language: the row is named by `id=eq.…` and by nothing else.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("widens_query", &[tool("row", "write", &json!([
        {"method": "PATCH", "path": "rest/v1/{table}", "same": {"table": "/entity"},
            "query": {"is": {"id": ["eq.{/id}"]}}, "only": {"": ["/data"]}, "absent": ["/id"]},
        {"method": "DELETE", "path": "rest/v1/{table}", "same": {"table": "/entity"},
            "query": {"is": {"id": ["eq.{/id}"]}, "free": ["select"]}},
        {"method": "POST", "path": "rest/v1/{table}", "same": {"table": "/entity"},
            "query": {}, "only": {"": ["/data"]}, "absent": ["/id"]},
    ]))]),
    invoke: |asked| Ok(portcullis_guests::sent(&asked["send"]).to_string()),
}
