//! A well-behaved guest with everything that can be read: a page that shows a tool's result, bytes, and
//! templates over a route.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, reads, resource, tool};
use portcullis_sdk::bindings::WitFailure;
use portcullis_sdk::bindings::portcullis::plugin::types::FailureKind;
use portcullis_sdk::bindings::with_resources::Contents;

guest! {
    manifest: readable(),
    invoke: |arguments| Ok(arguments.to_string()),
}

reads!(read);

fn readable() -> Value {
    let mut show = tool("show", "read", &json!([]));
    show["meta"] = json!({"ui": {"resourceUri": "ui://{connection}/page"}, "example.com/shelf": 3});
    let mut press = tool("press", "read", &json!([]));
    press["meta"] = json!({"ui": {"visibility": ["app"]}});

    let mut page = resource(
        "page",
        "ui://{connection}/page",
        "text/html;profile=mcp-app",
    );
    page["meta"] = json!({"ui": {"prefersBorder": true}});
    let mut note = resource(
        "note",
        "notes://{connection}/notes/{id}",
        "application/json",
    );
    note["input_schema"] = one_text("id", "^[a-z0-9 é]{1,20}$");
    note["routes"] = json!([{"method": "GET", "path": "notes/{id}", "same": {"id": "/id"}}]);
    let mut zeros = resource("zeros", "bytes://{connection}/{count}", "text/plain");
    zeros["input_schema"] = one_text("count", "^[0-9]{1,8}$");

    let mut readable = manifest("page", &[show, press]);
    readable["resources"] = json!([
        page,
        resource("logo", "bytes://{connection}/logo/small", "image/png"),
        note,
        zeros,
    ]);
    readable
}

fn one_text(name: &str, pattern: &str) -> Value {
    json!({
        "type": "object", "required": [name], "additionalProperties": false,
        "properties": {name: {"type": "string", "pattern": pattern}},
    })
}

fn read(resource: &str, arguments: Value) -> Result<Contents, WitFailure> {
    match resource {
        "page" => Ok(Contents::Text("<!doctype html><p>a page</p>".to_owned())),
        "logo" => Ok(Contents::Bytes(vec![0, 159, 255])),
        "note" if arguments["id"] == "none" => Err(WitFailure {
            kind: FailureKind::NotFound,
            ..portcullis_guests::failed("RECORD_NOT_FOUND")
        }),
        "note" => {
            let path = json!({"method": "GET", "path": ["notes", arguments["id"]]});
            Ok(Contents::Text(portcullis_guests::sent(&path).to_string()))
        }
        _ => {
            let count = arguments["count"]
                .as_str()
                .and_then(|count| count.parse().ok());
            Ok(Contents::Text("0".repeat(count.unwrap_or(0))))
        }
    }
}
