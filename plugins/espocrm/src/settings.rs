//! The connection's settings, with their defaults.

use portcullis_sdk::{Call, Failure, LIST_TEXT, RECORD_TEXT};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The CRM's own limit of a page, unless its administrator changed it.
pub(crate) const CRM_MAX_SIZE: u32 = 200;

/// Settings of an EspoCRM connection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Time zone in which dates without a time are understood, e.g. `Europe/Berlin`. Without it the
    /// CRM is asked for its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), extend("format" = "time-zone"))]
    pub(crate) time_zone: Option<String>,
    /// The largest `limit` of a list; what is over 200, the CRM's own limit, counts as 200.
    #[schemars(range(min = 1))]
    pub(crate) max_limit: u32,
    /// Seconds for which entity types, fields and permissions are kept.
    pub(crate) metadata_ttl_s: u32,
    /// Id of the user who owns new records when the caller names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    pub(crate) default_assignee: Option<String>,
    /// Address that drafts are written from; it has to be one of the API user's. Without it the
    /// API user's own is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 254))]
    pub(crate) sender_address: Option<String>,
    /// The only entity types that tools may touch; empty for all.
    pub(crate) entities_allow: Vec<String>,
    /// Entity types that no tool may touch.
    pub(crate) entities_deny: Vec<String>,
    /// Characters after which a text of a record is cut in lists, unless `select` names the field.
    #[schemars(range(min = 50))]
    pub(crate) text_limit: u32,
    /// Characters after which a text of a single record is cut, unless `select` names the field.
    #[schemars(range(min = 100))]
    pub(crate) record_text_limit: u32,
    /// Bytes of records after which a list is cut.
    #[schemars(range(min = 10000))]
    pub(crate) answer_bytes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: None,
            max_limit: CRM_MAX_SIZE,
            metadata_ttl_s: 300,
            default_assignee: None,
            sender_address: None,
            entities_allow: Vec::new(),
            entities_deny: Vec::new(),
            text_limit: LIST_TEXT,
            record_text_limit: RECORD_TEXT,
            answer_bytes: 80_000,
        }
    }
}

impl Settings {
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Failure> {
        call.settings()
    }

    pub(crate) fn allows(&self, entity: &str) -> bool {
        let listed = |list: &[String]| list.iter().any(|name| name.eq_ignore_ascii_case(entity));
        !listed(&self.entities_deny)
            && (self.entities_allow.is_empty() || listed(&self.entities_allow))
    }
}
