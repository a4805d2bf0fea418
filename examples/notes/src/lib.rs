//! A plugin for a notebook with two endpoints: `GET /notes?limit=` and `POST /notes`.

use portcullis_sdk::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lists the newest notes.
#[derive(Deserialize, JsonSchema)]
struct ListArgs {
    /// How many; 10 unless given.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<u32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Note {
    id: u64,
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct Notes {
    records: Vec<Note>,
}

fn list(call: &Call<'_>, args: &ListArgs) -> Result<Notes, Failure> {
    let limit = args.limit.unwrap_or(10);
    let ask = call.http().get(path!["notes"]).query("limit", limit);
    let records = ask.answer()?;
    Ok(Notes { records })
}

/// Writes a note.
#[derive(Deserialize, JsonSchema)]
struct AddArgs {
    /// The note's text.
    #[schemars(length(min = 1, max = 2000))]
    text: String,
}

fn add(call: &Call<'_>, args: &AddArgs) -> Result<Note, Failure> {
    let note = json!({"kind": "note", "text": args.text.trim()});
    call.http().post(path!["notes"]).json(&note).answer()
}

fn manifest() -> Manifest {
    portcullis_sdk::manifest("notes", env!("CARGO_PKG_VERSION"), "A notebook")
        .bearer("token", "Access token")
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
