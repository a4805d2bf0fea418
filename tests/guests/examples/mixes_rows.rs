//! Sends whatever it is told to from tools that may write the rows of their arguments, link the
//! records of their arguments, or store the file of one: by the form of an API whose arguments stand
//! in a list.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: manifest("mixes_rows", &[rows(), link(), attach()]),
    invoke: |asked| Ok(portcullis_guests::sent(&asked["send"]).to_string()),
}

fn write(name: &str, method: &str, more: &Value) -> Value {
    let mut route = json!({
        "method": "POST",
        "path": "service/v4_1/rest.php",
        "form": {"method": [method], "input_type": ["JSON"], "response_type": ["JSON"]},
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        route[key] = value.clone();
    }
    tool(name, "write", &json!([route]))
}

fn rows() -> Value {
    let pairs = json!({
        "refuse": ["deleted", "new_with_id"],
        "only": ["id", "/records/*"],
        "among": {"id": "/records/*/id"},
    });
    let bound = json!({
        "form_same": {"rest_data": {"/1": "/module"}},
        "form_pairs": {"rest_data": {"/2/*": pairs}},
    });
    write("rows", "set_entries", &bound)
}

fn link() -> Value {
    let same = json!({"/1": "/module", "/2": "/id", "/3": "/link", "/4/*": "/ids/*"});
    let bound = json!({
        "form_json": {"rest_data": {"/5": [[]], "/6": [0]}},
        "form_same": {"rest_data": same},
    });
    write("link", "set_relationship", &bound)
}

fn attach() -> Value {
    let bound = json!({
        "form_same": {"rest_data": {"/1/id": "/id"}},
        "form_only": {"rest_data": {"/1": ["id", "filename", "file"]}},
    });
    write("attach", "set_note_attachment", &bound)
}
