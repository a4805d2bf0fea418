//! A plugin for a notebook with two endpoints: `GET /notes?limit=` and `POST /notes`.

use portcullis_sdk::{
    Call, Failure, Manifest, ManifestExt, Plugin, Recipe, RouteExt, Tool, alternative, get, path,
    post,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lists the newest notes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListArgs {
    /// How many.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 50))]
    limit: u32,
}

/// Writes a note.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddArgs {
    /// The note's text.
    #[schemars(length(min = 1, max = 2000))]
    text: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Note {
    id: u64,
    text: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Notes {
    records: Vec<Note>,
}

fn list(call: &Call<'_>, args: &ListArgs) -> Result<Notes, Failure> {
    let records = call
        .http()
        .get(path!["notes"])
        .query("limit", args.limit)
        .send()?
        .ok()?
        .json()?;
    Ok(Notes { records })
}

fn add(call: &Call<'_>, args: &AddArgs) -> Result<Note, Failure> {
    let body = serde_json::json!({"kind": "note", "text": args.text.trim()});
    call.http()
        .post(path!["notes"])
        .json(&body)
        .send()?
        .ok()?
        .json()
}

fn manifest() -> Manifest {
    let token = Recipe::Bearer {
        value: "{token}".to_owned(),
    };
    portcullis_sdk::manifest("notes", env!("CARGO_PKG_VERSION"), "A notebook")
        .secret("token", "Access token")
        .credential("default", vec![alternative("token", &["token"], token)])
}

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new(manifest)
        .tool(Tool::read("list_notes", "List notes", list).routes(|| vec![get("notes")]))
        .tool(
            Tool::write("add_note", "Add a note", add)
                .routes(|| vec![post("notes").json("/kind", ["note"])]),
        )
}

portcullis_sdk::export!(plugin);

fn ten() -> u32 {
    10
}
