//! The tool `add_note`: a post in a record's stream.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{crm, entity, errors::About};

/// Adds a note to a record's stream. Markdown is understood. The author is the API user.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NoteArgs {
    /// Entity type of the record, e.g. `Account`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// The note's text.
    #[schemars(length(min = 1, max = 50_000))]
    text: String,
    /// Hides the note from portal users.
    #[serde(default)]
    is_internal: bool,
}

/// The new note.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Noted {
    note_id: String,
    entity_type: String,
    id: String,
    /// The page of the record that the note is on.
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
}

pub(crate) fn add(call: &Call<'_>, args: &NoteArgs) -> Result<Noted, Failure> {
    let (entity, id) = (args.entity_type.as_str(), args.id.as_str());
    entity::check(call, entity)?;
    entity::check_id(id, "/id")?;
    if args.text.trim().is_empty() {
        return Err(
            Failure::bad_input(code::MISSING_REQUIRED_FIELD, "the note has no text").at("/text"),
        );
    }
    let mut body = json!({"type": "Post", "parentType": entity, "parentId": id, "post": args.text});
    if args.is_internal {
        body["isInternal"] = true.into();
    }
    let response = crm::send(
        call,
        call.http().post(path!["Note"]).json(&body),
        &About::changing(entity, "stream").id(id),
    );
    let note = crm::record(&response.map_err(|failure| explain(call, args, failure))?)?;
    if note.text("post").is_none_or(|post| post.trim().is_empty()) {
        return Err(Failure::new(
            Kind::UpstreamFault,
            code::NOT_APPLIED,
            "the CRM stored an empty note",
        )
        .outcome(Outcome::PartlyDone));
    }
    Ok(Noted {
        note_id: note.text("id").unwrap_or_default(),
        entity_type: entity.to_owned(),
        id: id.to_owned(),
        url: crm::url(call, entity, id),
        created_at: note.text("createdAt"),
    })
}

/// The CRM refuses a note on a record that does not exist as if a right were missing: looks which it
/// is.
fn explain(call: &Call<'_>, args: &NoteArgs, failure: Failure) -> Failure {
    match &*failure.code {
        code::PERMISSION_DENIED => match crm::read(call, &args.entity_type, &args.id) {
            Err(other)
                if matches!(
                    &*other.code,
                    code::RECORD_NOT_FOUND | code::INVALID_ENTITY_TYPE
                ) =>
            {
                other
            }
            _ => failure,
        },
        code::INVALID_FIELD_VALUE => Failure::not_found(
            code::INVALID_ENTITY_TYPE,
            format!("notes cannot be added to {}", args.entity_type),
        )
        .at("/entityType")
        .suggest("list_entity_types shows the entity types that have a stream")
        .outcome(Outcome::NotDone),
        _ => failure,
    }
}
