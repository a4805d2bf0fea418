//! Who the credential belongs to and what the role allows: `App/user`, reduced and kept.

use portcullis_sdk::{Call, Failure, path};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    crm,
    errors::About,
    metadata,
    table::{Table, string, strings},
};

/// The user behind the credential.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) user_name: String,
    pub(crate) addresses: Vec<String>,
    pub(crate) time_zone: Option<String>,
    /// Entity type → `true`, `false` or `{create, read, edit, delete, stream}`.
    pub(crate) rights: Table<Value>,
    /// Entity type → fields that the role hides.
    pub(crate) hidden: Table<Vec<String>>,
    /// Entity type → fields that the role does not let this user change.
    pub(crate) locked: Table<Vec<String>>,
    /// Entity type → pipelines; EspoCRM 10.
    pub(crate) pipelines: Table<Vec<Pipeline>>,
    pub(crate) version: Option<String>,
}

/// A pipeline of EspoCRM 10.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Pipeline {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mapped_status: Option<String>,
}

/// The user, from the cache or from the CRM.
pub(crate) fn identity(call: &Call<'_>) -> Result<Identity, Failure> {
    match metadata::recall(call, "me") {
        Some(kept) => Ok(kept),
        None => {
            let response = crm::send(
                call,
                call.http().get(path!["App", "user"]),
                &About::reading("App/user"),
            )?;
            keep(call, &response.decode()?)
        }
    }
}

/// Keeps what was read as one of several requests.
pub(crate) fn keep(call: &Call<'_>, raw: &Value) -> Result<Identity, Failure> {
    if !raw["user"].is_object() {
        return Err(Failure::upstream(
            "the CRM's answer about its user has an unexpected shape",
        ));
    }
    let identity = reduce(raw);
    metadata::keep(call, "me", &identity, metadata::ttl(call)?);
    Ok(identity)
}

/// The time zone in which bare dates are meant: the setting, else the CRM's, else UTC.
pub(crate) fn time_zone(call: &Call<'_>, setting: Option<&str>) -> Result<String, Failure> {
    match setting {
        Some(zone) => Ok(zone.to_owned()),
        None => Ok(identity(call)?
            .time_zone
            .unwrap_or_else(|| "UTC".to_owned())),
    }
}

/// What is kept; a session token that the CRM may add is not.
fn reduce(raw: &Value) -> Identity {
    let zones = [&raw["preferences"], &raw["settings"]];
    Identity {
        user_name: string(&raw["user"], "userName").unwrap_or_default(),
        addresses: addresses(&raw["user"]),
        time_zone: zones
            .into_iter()
            .filter_map(|zone| string(zone, "timeZone"))
            .find(|zone| !zone.is_empty()),
        rights: Table::of(&raw["acl"]["table"], Value::clone),
        hidden: Table::of(&raw["acl"]["fieldTable"], |fields| refused(fields, "read")),
        locked: Table::of(&raw["acl"]["fieldTable"], |fields| refused(fields, "edit")),
        pipelines: Table::of(&raw["appParams"]["pipelines"], |list| {
            list.as_array()
                .into_iter()
                .flatten()
                .map(pipeline)
                .collect()
        }),
        version: string(&raw["settings"], "version"),
    }
}

fn pipeline(raw: &Value) -> Pipeline {
    let stage = |raw: &Value| Stage {
        id: string(raw, "id").unwrap_or_default(),
        name: string(raw, "name").unwrap_or_default(),
        mapped_status: string(raw, "mappedStatus"),
    };
    Pipeline {
        id: string(raw, "id").unwrap_or_default(),
        name: string(raw, "name").unwrap_or_default(),
        stages: raw["stages"]
            .as_array()
            .into_iter()
            .flatten()
            .map(stage)
            .collect(),
    }
}

fn addresses(user: &Value) -> Vec<String> {
    let first = user["emailAddress"].as_str().map(str::to_owned);
    let mut list: Vec<String> = Vec::new();
    for address in first
        .into_iter()
        .chain(strings(&user["userEmailAddressList"]))
    {
        if !list
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&address))
        {
            list.push(address);
        }
    }
    list
}

fn refused(fields: &Value, action: &str) -> Vec<String> {
    let fields = fields.as_object().into_iter().flatten();
    fields
        .filter(|(_, rights)| rights[action] == "no")
        .map(|(name, _)| name.clone())
        .collect()
}
