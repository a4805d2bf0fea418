//! The connection's settings, with their defaults.

use portcullis_sdk::{Call, Cut, Failure, LIST_TEXT, RECORD_TEXT};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of an Atomic CRM connection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The address of the CRM's pages, for links to records; empty for none.
    pub(crate) crm_url: String,
    /// Bytes of records after which an answer is cut.
    #[schemars(range(min = 10000))]
    pub(crate) answer_bytes: u32,
    /// Characters after which a text of a record is cut in lists, unless `fields` names the column.
    #[schemars(range(min = 50))]
    pub(crate) text_limit: u32,
    /// Characters after which a text of a single record is cut, unless `fields` names the column.
    #[schemars(range(min = 100))]
    pub(crate) record_text_limit: u32,
    /// Seconds for which the CRM's configuration (stages, categories, statuses) is kept.
    pub(crate) configuration_ttl_s: u32,
    /// Whether the database looks for the picture of a new contact, which calls another service and
    /// takes time; as the CRM's own pages have it.
    pub(crate) avatar_lookup: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            crm_url: String::new(),
            answer_bytes: 40_000,
            text_limit: LIST_TEXT,
            record_text_limit: RECORD_TEXT,
            configuration_ttl_s: 300,
            avatar_lookup: true,
        }
    }
}

impl Settings {
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Failure> {
        call.settings()
    }

    /// What cuts the texts of a list.
    pub(crate) fn cut(&self) -> Cut {
        Cut::after(self.text_limit)
    }

    pub(crate) fn answer_bytes(&self) -> usize {
        usize::try_from(self.answer_bytes).unwrap_or(usize::MAX)
    }
}
