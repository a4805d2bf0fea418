//! The tool `get`: one record in one request.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    crm::{self, Record},
    entity, selection,
};

/// Reads one record with all attributes that the role may see, or with those that `select` names.
/// An attribute that is absent from the answer is hidden from this user, or no attribute of the
/// entity; one that is null is empty.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GetArgs {
    /// Entity type, e.g. `Account`; exact spelling, see list_entity_types.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// Attributes to answer with, e.g. `["name","accountId"]`; texts that are named here are not
    /// shortened.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    select: Option<Vec<String>>,
}

/// One record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    entity_type: String,
    id: String,
    /// The record's page in the CRM.
    url: String,
    /// Attribute names and values.
    record: Record,
    /// Selected names that the record does not have: not visible to this user, or misspelt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_visible: Vec<String>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

pub(crate) fn get(call: &Call<'_>, args: &GetArgs) -> Result<Found, Failure> {
    entity::check(call, &args.entity_type)?;
    entity::check_id(&args.id, "/id")?;
    let mut found = whole(call, &args.entity_type, &args.id)?;
    let names = args
        .select
        .as_deref()
        .map(selection::names)
        .unwrap_or_default();
    if names.is_empty() {
        found.truncated = selection::shorten(call, &mut found.record)?;
    } else {
        found.not_visible = selection::reduce(&mut found.record, &names);
    }
    call.link_record(&found.entity_type, &found.id);
    Ok(found)
}

/// A record with all its attributes, and its texts whole.
pub(crate) fn whole(call: &Call<'_>, entity_type: &str, id: &str) -> Result<Found, Failure> {
    Ok(Found {
        record: crm::read(call, entity_type, id)?,
        url: crm::url(call, entity_type, id),
        entity_type: entity_type.to_owned(),
        id: id.to_owned(),
        not_visible: Vec::new(),
        truncated: None,
    })
}
