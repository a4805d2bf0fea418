//! The connection's settings, with their defaults.

use portcullis_sdk::{Call, Failure, RECORD_TEXT};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{entity::Entity, shape::ROW_TEXT};

/// Settings of a BottleCRM connection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The address of the CRM's own pages, for links to records; empty for none.
    pub(crate) crm_url: String,
    /// Bytes of records after which an answer is cut; a page of the default size stays under
    /// 10,000 whatever this is.
    #[schemars(range(min = 10000))]
    pub(crate) answer_bytes: u32,
    /// Characters after which a text of a record is cut in lists, unless `fields` names the field.
    #[schemars(range(min = 50))]
    pub(crate) text_limit: u32,
    /// Characters after which a text of a single record is cut, unless `fields` names the field.
    #[schemars(range(min = 100))]
    pub(crate) record_text_limit: u32,
    /// Seconds for which the CRM's schema is kept.
    #[schemars(range(min = 60))]
    pub(crate) schema_ttl_s: u32,
    /// Seconds for which people, teams, tags and custom fields are kept.
    pub(crate) directory_ttl_s: u32,
    /// The only entities that tools may touch; empty for all.
    pub(crate) entities_allow: Vec<String>,
    /// Entities that no tool may touch.
    pub(crate) entities_deny: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            crm_url: String::new(),
            answer_bytes: 40_000,
            text_limit: ROW_TEXT,
            record_text_limit: RECORD_TEXT,
            schema_ttl_s: 3600,
            directory_ttl_s: 300,
            entities_allow: Vec::new(),
            entities_deny: Vec::new(),
        }
    }
}

impl Settings {
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Failure> {
        call.settings()
    }

    /// The address of a record's page, where the CRM's pages are known and have one for it.
    pub(crate) fn page(&self, entity: &Entity, id: &str) -> Option<String> {
        let site = self.crm_url.trim_end_matches('/');
        let page = entity.page.filter(|_| !site.is_empty())?;
        Some(format!("{site}/{page}/{id}"))
    }

    pub(crate) fn allows(&self, entity: &str) -> bool {
        let listed = |list: &[String]| list.iter().any(|name| name.eq_ignore_ascii_case(entity));
        !listed(&self.entities_deny)
            && (self.entities_allow.is_empty() || listed(&self.entities_allow))
    }
}
