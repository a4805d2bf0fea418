//! The tool `update_record`: changes columns of one row.

use portcullis_sdk::{Call, Failure, code};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::{create::Stored, entity, get, payload, rest::Record, write};

/// Changes a record: only the columns in data, null empties one. The stage of a deal is changed with
/// move_deal, archiving with archive_deal. Lists (email_jsonb, phone_jsonb, tags, contact_ids) are
/// replaced whole; tag_contact adds and removes single tags.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateArgs {
    /// Which kind of record.
    #[schemars(extend("enum" = ["contacts", "companies", "deals", "tasks", "contact_notes", "deal_notes", "tags"]))]
    entity: String,
    /// The record's id.
    #[schemars(range(min = 1))]
    id: u64,
    /// Column to new value.
    data: Record,
}

pub(crate) fn update(call: &Call<'_>, args: &UpdateArgs) -> Result<Stored, Failure> {
    let entity = entity::writable(&args.entity)?;
    if args.data.is_empty() {
        return Err(
            Failure::bad_input(code::INVALID_ARGUMENT, "data holds nothing to change").at("/data"),
        );
    }
    if entity.name == "deals" && args.data.contains_key("stage") {
        return Err(Failure::bad_input(
            code::INVALID_FIELD,
            "the stage is not changed by this tool, because the board's order has to follow",
        )
        .at("/data/stage")
        .suggest("use move_deal"));
    }
    let sent = payload::row(call, entity, &args.data)?;
    let mut body = sent.clone();
    if entity.name == "deals" {
        body.insert("updated_at".to_owned(), json!(write::now(call)));
    }
    let stored = write::change(call, entity, args.id, &body)?;
    call.link_record(entity.name, &args.id.to_string());
    Ok(Stored {
        entity: entity.name,
        id: args.id,
        warnings: write::stored_otherwise(&sent, &stored),
        record: stored,
        url: get::link(call, entity, args.id)?,
    })
}
