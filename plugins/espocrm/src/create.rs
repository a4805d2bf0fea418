//! The tool `create`: one new record.

use portcullis_sdk::{Call, Failure, Outcome, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    applied,
    crm::{self, Record},
    entity,
    errors::{About, SEND_BLOCKED},
    metadata, payload, selection,
};

/// Creates a record. Attributes are checked against the schema first; see get_schema for their
/// names. A record like an existing one is refused with the ones found, unless skipDuplicateCheck
/// is true. E-mails are written with draft_email.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateArgs {
    /// Entity type, e.g. `Contact`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// Attributes and values, e.g. `{"lastName":"Stone","accountId":"…"}`. Dates are `2026-12-31`,
    /// date-times `2026-12-31T09:30:00Z`.
    data: Map<String, Value>,
    /// Creates the record even if one like it exists.
    #[serde(default)]
    skip_duplicate_check: bool,
}

/// The new record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Created {
    entity_type: String,
    id: String,
    /// The record's page in the CRM.
    url: String,
    record: Record,
    /// Attributes that were filled in because the caller gave none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    filled_in: Vec<String>,
    /// Attributes that the CRM stored otherwise than sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_applied: Vec<Value>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

pub(crate) fn create(call: &Call<'_>, args: &CreateArgs) -> Result<Created, Failure> {
    let entity = args.entity_type.as_str();
    if entity.eq_ignore_ascii_case("Email") {
        return Err(send_blocked("e-mails are not created as records").at("/entityType"));
    }
    entity::check_writable(call, entity)?;
    let defs = metadata::defs(call, entity)?;
    let (data, filled_in) = payload::for_create(call, entity, &defs, &args.data)?;
    let mut ask = call.http().post(path![entity]).json(&data);
    if args.skip_duplicate_check {
        ask = ask.header("x-skip-duplicate-check", true);
    }
    let response = crm::send(call, ask, &About::changing(entity, "create"))?;
    let mut record = crm::record(&response)?;
    let id = record.text("id").unwrap_or_default();
    let not_applied = applied::compare(&defs, &data, &record).not_applied;
    let truncated = selection::shorten(call, &mut record)?;
    call.link_record(entity, &id);
    Ok(Created {
        url: crm::url(call, entity, &id),
        entity_type: entity.to_owned(),
        id,
        record,
        filled_in,
        not_applied,
        truncated,
    })
}

/// No tool sends mail.
pub(crate) fn send_blocked(message: &str) -> Failure {
    Failure::forbidden(SEND_BLOCKED, message)
        .suggest("draft_email writes a draft; a person sends it in the CRM")
        .outcome(Outcome::NotDone)
}
