//! The tool `update`: changes attributes of one record.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    applied::{self, Applied},
    create::send_blocked,
    crm::{self, Record},
    entity,
    errors::About,
    metadata, payload, selection,
};

/// Changes attributes of a record; send only what changes, null empties. Read the record first.
/// With expectedVersion the CRM refuses the change if someone else changed the same attributes since.
/// What the CRM silently does not apply is reported as NOT_APPLIED.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateArgs {
    /// Entity type, e.g. `Opportunity`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// Attributes and their new values.
    data: Map<String, Value>,
    /// The `versionNumber` that was read with the record.
    #[serde(default)]
    expected_version: Option<u64>,
}

/// The changed record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Updated {
    entity_type: String,
    id: String,
    /// The record's page in the CRM.
    url: String,
    record: Record,
    /// Whether links changed too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    links_changed: bool,
    /// Changed attributes that this user cannot see, so that the change could not be verified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_visible: Vec<String>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

pub(crate) fn update(call: &Call<'_>, args: &UpdateArgs) -> Result<Updated, Failure> {
    let (entity, id) = (args.entity_type.as_str(), args.id.as_str());
    entity::check_writable(call, entity)?;
    entity::check_id(id, "/id")?;
    if entity.eq_ignore_ascii_case("Email")
        && args
            .data
            .get("status")
            .is_some_and(|status| status != "Draft")
    {
        return Err(send_blocked("the status of an e-mail stays Draft, because other values send it or hide that it was not sent").at("/data/status"));
    }
    if args.data.is_empty() {
        return Err(Failure::bad_input(
            code::INVALID_ARGUMENT,
            "data holds no attribute to change",
        )
        .at("/data"));
    }
    let defs = metadata::defs(call, entity)?;
    let data = payload::for_update(call, entity, &defs, &args.data)?;
    let mut ask = call.http().put(path![entity, id]).json(&data);
    if let Some(version) = args.expected_version {
        ask = ask.header("x-version-number", version);
    }
    let response = crm::send(call, ask, &About::changing(entity, "edit").id(id))?;
    let mut record = crm::record(&response)?;
    let applied = applied::compare(&defs, &data, &record);
    if !applied.not_applied.is_empty() {
        return Err(not_applied(call, entity, id, &applied));
    }
    call.link_record(entity, id);
    Ok(Updated {
        url: crm::url(call, entity, id),
        entity_type: entity.to_owned(),
        id: id.to_owned(),
        links_changed: response.header("x-record-link-updated") == Some("true"),
        not_visible: applied.not_visible,
        truncated: selection::shorten(call, &mut record)?,
        record,
    })
}

fn not_applied(call: &Call<'_>, entity: &str, id: &str, applied: &Applied) -> Failure {
    let names: Vec<_> = applied
        .not_applied
        .iter()
        .filter_map(|entry| entry["attribute"].as_str())
        .collect();
    let partly = !applied.applied.is_empty() || !applied.not_visible.is_empty();
    let scope = metadata::cached_scopes(call)
        .and_then(|mut scopes| scopes.take(entity))
        .unwrap_or_default();
    let moved = scope
        .status_field
        .is_some_and(|field| names.contains(&field.as_str()));
    let failure = Failure::new(
        Kind::Unsupported,
        code::NOT_APPLIED,
        format!(
            "the CRM answered without an error, but did not store {} as sent",
            names.join(", ")
        ),
    );
    let failure = names
        .iter()
        .fold(failure, |failure, name| failure.at(format!("/data/{name}")));
    failure
        .suggest(if moved || names.contains(&"stage") || names.contains(&"status") {
            "where pipelines are on, records move with update_kanban; otherwise the role or a script of the CRM keeps the old value"
        } else {
            "the role, or a script of the CRM, keeps the stored value"
        })
        .details(json!({"id": id, "applied": applied.applied, "not_applied": applied.not_applied}))
        .outcome(if partly { Outcome::PartlyDone } else { Outcome::NotDone })
}
