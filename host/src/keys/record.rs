//! What the state holds of a key: never the key, but its hash, its dates and what it is for.
//!
//! Owns the form of a record. A record of a later release that says more is not taken for one that says
//! less. It must not know where records are kept.

use std::collections::BTreeSet;

use jiff::Timestamp;
use portcullis_manifest::Effect;
use serde::{Deserialize, Serialize};

use super::key::{self, ApiKey};
use crate::names::{ConnectionName, NameError};
use crate::policy::{Bearer, FilterError, Mandate, ToolFilter};

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its public part.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    /// The hash of its text, in hexadecimal digits.
    hash: String,
    /// When it was issued.
    pub created: Timestamp,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// What it is for.
    pub terms: Terms,
}

/// What a key is for; where a member is absent, the configuration decides alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The connections.
    pub connections: Option<BTreeSet<String>>,
    /// The effects.
    pub allow: Option<BTreeSet<Effect>>,
    /// Patterns of tools, as `tools` of a connection has them.
    pub tools: Option<Vec<String>>,
    /// A rate of its own.
    pub calls_per_minute: Option<u32>,
}

/// Whether a key is good at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Good,
    /// It was taken back.
    Revoked,
    /// It ended.
    Expired,
}

/// What is wrong with the terms of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// A connection's name.
    #[error(transparent)]
    Connection(#[from] NameError),
    /// The patterns.
    #[error("--tools: {0}")]
    Tools(#[from] FilterError),
    /// A list that lets nothing through.
    #[error("{0} names nothing, so the key would be for nothing; leave it out for all")]
    Nothing(&'static str),
}

impl Record {
    /// The record of a new key.
    #[must_use]
    pub fn of(key: &ApiKey, name: &str, expires: Option<Timestamp>, terms: Terms) -> Self {
        Self {
            id: key.id().to_string(),
            name: name.to_owned(),
            hash: key::hash(key.expose()).to_hex().to_string(),
            created: Timestamp::now(),
            expires,
            revoked: None,
            terms,
        }
    }

    /// The hash; nothing where the record holds none.
    #[must_use]
    pub fn hash(&self) -> Option<blake3::Hash> {
        blake3::Hash::from_hex(&self.hash).ok()
    }

    /// Whether the key is good.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        if self.revoked.is_some() {
            Standing::Revoked
        } else if self.expires.is_some_and(|end| now >= end) {
            Standing::Expired
        } else {
            Standing::Good
        }
    }
}

impl Terms {
    /// What the holder may do.
    ///
    /// # Errors
    /// A name or a pattern is none, or a list is empty.
    pub fn mandate(&self) -> Result<Mandate, TermsError> {
        let named = |names: &BTreeSet<String>| -> Result<BTreeSet<_>, NameError> {
            names.iter().map(|name| ConnectionName::new(name)).collect()
        };
        let connections = self.connections.as_ref().map(named).transpose()?;
        let tools = self.tools.as_ref().map(|list| ToolFilter::parse(list));
        for (what, is_empty) in [
            (
                "--connections",
                connections.as_ref().map(BTreeSet::is_empty),
            ),
            ("--allow", self.allow.as_ref().map(BTreeSet::is_empty)),
            ("--tools", self.tools.as_ref().map(Vec::is_empty)),
        ] {
            if is_empty == Some(true) {
                return Err(TermsError::Nothing(what));
            }
        }
        Ok(Mandate {
            bearer: Bearer::Key,
            connections,
            effects: self.allow.clone(),
            tools: tools.transpose()?.unwrap_or_default(),
            calls_per_minute: self.calls_per_minute,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_holds_no_key_and_tells_when_it_is_good() {
        let key = ApiKey::random();
        let ends = Timestamp::from_second(2_000_000_000).unwrap();
        let mut record = Record::of(&key, "ada", Some(ends), Terms::default());
        let text = serde_json::to_string(&record).unwrap();
        assert!(!text.contains(&key.expose()[15..]), "{text}");
        assert_eq!(record.hash(), Some(key::hash(key.expose())));
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(record.standing(at(1_999_999_999)), Standing::Good);
        assert_eq!(record.standing(at(2_000_000_000)), Standing::Expired);
        record.expires = None;
        assert_eq!(record.standing(at(9_000_000_000)), Standing::Good);
        record.revoked = Some(ends);
        assert_eq!(record.standing(at(0)), Standing::Revoked);
    }

    #[test]
    fn terms_that_are_none() {
        for (terms, told) in [
            (
                json!({"connections": ["Sales"]}),
                "`Sales` is no connection name",
            ),
            (json!({"connections": []}), "--connections names nothing"),
            (json!({"allow": []}), "--allow names nothing"),
            (json!({"tools": []}), "--tools names nothing"),
            (
                json!({"tools": ["!delete"]}),
                "--tools: the list begins with `!delete`",
            ),
        ] {
            let terms: Terms = serde_json::from_value(terms).unwrap();
            let error = terms.mandate().unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
        let later = json!({"connections": ["sales"], "fields": ["name"]});
        assert!(serde_json::from_value::<Terms>(later).is_err());
    }
}
