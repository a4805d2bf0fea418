//! Sends whatever it is told to, from tools that may only use some methods of an API whose methods
//! all share one address: the one that reads by `look`, the one that writes by `change`, bound to a
//! module and an id, and the deletion by `remove`.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: manifest("bypasses_forms", &[look(), change(), remove()]),
    invoke: |asked| Ok(portcullis_guests::sent(&asked["send"]).to_string()),
}

/// The one address, with the method and the form of the answer pinned.
fn route(methods: &Value, more: &Value) -> Value {
    let mut route = json!({
        "method": "POST",
        "path": "service/v4_1/rest.php",
        "form": {"method": methods, "input_type": ["JSON"], "response_type": ["JSON"]},
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        route[key] = value.clone();
    }
    route
}

fn look() -> Value {
    let methods = json!(["get_entry", "get_entry_list"]);
    tool("look", "read", &json!([route(&methods, &json!({}))]))
}

/// A write of one record: pairs of names and values, of which one is the id.
fn write(name: &str, pairs: &Value) -> Value {
    let mut pairs = pairs.clone();
    pairs["same"] = json!({"id": "/id"});
    let bound = json!({
        "form_same": {"rest_data": {"/1": "/module"}},
        "form_pairs": {"rest_data": {"/2": pairs}},
    });
    tool(
        name,
        "write",
        &json!([route(&json!(["set_entry"]), &bound)]),
    )
}

fn change() -> Value {
    write("change", &json!({"refuse": ["deleted", "new_with_id"]}))
}

fn remove() -> Value {
    write("remove", &json!({"only": ["id", "deleted"]}))
}
