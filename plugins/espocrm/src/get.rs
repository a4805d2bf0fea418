//! The tool `get`: one record in one request.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    crm::{self, Record},
    entity, selection,
    settings::Settings,
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
    let mut record = crm::read(call, &args.entity_type, &args.id)?;
    let names = args
        .select
        .as_deref()
        .map(selection::names)
        .unwrap_or_default();
    let (not_visible, truncated) = if names.is_empty() {
        (
            Vec::new(),
            selection::shorten(&mut record, Settings::of(call)?.text_limit),
        )
    } else {
        (selection::reduce(&mut record, &names), None)
    };
    Ok(Found {
        url: crm::url(call, &args.entity_type, &args.id),
        entity_type: args.entity_type.clone(),
        id: args.id.clone(),
        record,
        not_visible,
        truncated,
    })
}
