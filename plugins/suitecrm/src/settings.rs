//! The connection's settings, with their defaults.

use portcullis_sdk::{Call, Failure, LIST_TEXT, RECORD_TEXT};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a SuiteCRM connection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The largest `max_results` of a list.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) max_results: u32,
    /// Seconds for which modules, fields and dropdowns are kept.
    pub(crate) metadata_ttl_s: u32,
    /// Id of the user who owns new calls and tasks when the caller names none; without it the user
    /// that the connection signs in as.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    pub(crate) default_assignee: Option<String>,
    /// The only modules that tools may touch; empty for all.
    pub(crate) modules_allow: Vec<String>,
    /// Modules that no tool may touch.
    pub(crate) modules_deny: Vec<String>,
    /// Characters after which a text of a record is cut in lists, unless `fields` names the field.
    #[schemars(range(min = 50))]
    pub(crate) text_limit: u32,
    /// Characters after which a text of a single record is cut, unless `fields` names the field.
    #[schemars(range(min = 100))]
    pub(crate) record_text_limit: u32,
    /// Bytes of records after which a list is cut.
    #[schemars(range(min = 10000))]
    pub(crate) answer_bytes: u32,
    /// The largest attachment, in bytes of the file, that is read or written.
    #[schemars(range(min = 1000))]
    pub(crate) attachment_bytes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_results: 100,
            metadata_ttl_s: 300,
            default_assignee: None,
            modules_allow: Vec::new(),
            modules_deny: Vec::new(),
            text_limit: LIST_TEXT,
            record_text_limit: RECORD_TEXT,
            answer_bytes: 80_000,
            attachment_bytes: 1_000_000,
        }
    }
}

impl Settings {
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Failure> {
        call.settings()
    }

    pub(crate) fn allows(&self, module: &str) -> bool {
        let listed = |list: &[String]| list.iter().any(|name| name.eq_ignore_ascii_case(module));
        !listed(&self.modules_deny)
            && (self.modules_allow.is_empty() || listed(&self.modules_allow))
    }
}
