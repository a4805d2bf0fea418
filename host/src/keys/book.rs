//! The book of keys in the state: a key is entered, looked up and struck out, and never rewritten by
//! whoever only uses it.
//!
//! Owns what is written. Its readers are other processes too: the host that serves, and the command line.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::ApiKey;
use super::record::{Record, Standing, Terms, TermsError};
use crate::state::{Kind, State, StateError};

/// How long a struck key is kept, so that the log can still tell it from one that never was.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Held while the book is changed, so that no two keys get one name.
const CHANGING: &str = "book";

/// Characters of a name.
const LONGEST_NAME: usize = 64;

/// The keys of a state.
#[derive(Debug, Clone)]
pub struct Book(State);

/// Why the book was not changed.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The name is none.
    #[error(
        "`{0}` is no name for a key; letters, digits and `.-_`, at most {LONGEST_NAME}, with a letter or digit in front"
    )]
    Name(String),
    /// The name is taken.
    #[error("there is a key `{name}` already (id {id}); revoke it first, or take another name")]
    Taken {
        /// Which.
        name: String,
        /// Whose.
        id: String,
    },
    /// It ends before it begins.
    #[error("the key would have ended at {0} already")]
    Over(Timestamp),
    /// What it is for.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// There is no such key.
    #[error(
        "no key with the name or id `{0}` is in force, so there is nothing to revoke; `portcullis key list --all` shows all, with those that were revoked"
    )]
    Absent(String),
}

/// When a key was last used, as it is kept.
#[derive(Serialize, Deserialize)]
struct Use {
    id: String,
    at: Timestamp,
}

/// A key with when it was last used, as far as that is known.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its record.
    pub record: Record,
    /// To the hour.
    pub last_used: Option<Timestamp>,
}

impl Book {
    /// The book of a state.
    #[must_use]
    pub const fn of(state: State) -> Self {
        Self(state)
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.0
    }

    /// All keys, the latest first. One that this release cannot read is said in the log, and is not
    /// there.
    ///
    /// # Errors
    /// The state cannot be used.
    pub async fn entries(&self) -> Result<Vec<Entry>, StateError> {
        let uses = self.0.all(Kind::KeyUse).await?;
        let uses = uses
            .iter()
            .filter_map(|kept| serde_json::from_slice(kept).ok());
        let uses: HashMap<String, Timestamp> = uses.map(|Use { id, at }| (id, at)).collect();
        let kept = self.0.all(Kind::ApiKey).await?;
        let records = kept.iter().filter_map(|kept| read(kept));
        let mut entries: Vec<_> = records
            .map(|record| Entry {
                last_used: uses.get(&record.id).copied(),
                record,
            })
            .collect();
        entries.sort_by_key(|entry| Reverse(entry.record.created));
        Ok(entries)
    }

    /// Enters a new key. The answer is the only place where it ever stands.
    ///
    /// # Errors
    /// The name, the end or the terms are none, or the state cannot be used.
    pub async fn issue(
        &self,
        name: &str,
        expires: Option<Timestamp>,
        terms: Terms,
    ) -> Result<(ApiKey, Record), BookError> {
        if !is_name(name) {
            return Err(BookError::Name(name.chars().take(80).collect()));
        }
        terms.mandate()?;
        let now = Timestamp::now();
        if let Some(end) = expires.filter(|end| *end <= now) {
            return Err(BookError::Over(end));
        }
        let _hold = self.0.hold(Kind::ApiKey, CHANGING).await?;
        let entries = self.entries().await?;
        let good = |entry: &&Entry| entry.record.standing(now) == Standing::Good;
        let mut named = entries.iter().filter(|entry| entry.record.name == name);
        if let Some(other) = named.find(good) {
            let (name, id) = (name.to_owned(), other.record.id.clone());
            return Err(BookError::Taken { name, id });
        }
        self.forget(&entries, now).await?;
        let key = ApiKey::random();
        let record = Record::of(&key, name, expires, terms);
        self.write(&record).await?;
        Ok((key, record))
    }

    /// Strikes out a key, by its name or its id.
    ///
    /// # Errors
    /// There is none that is good still, or the state cannot be used.
    pub async fn revoke(&self, which: &str) -> Result<Record, BookError> {
        let _hold = self.0.hold(Kind::ApiKey, CHANGING).await?;
        let now = Timestamp::now();
        let entries = self.entries().await?.into_iter();
        let mut meant = entries.map(|entry| entry.record).filter(|record| {
            let named = record.id == which || record.name == which;
            named && record.revoked.is_none()
        });
        let absent = || BookError::Absent(which.chars().take(80).collect());
        let mut record = meant.next().ok_or_else(absent)?;
        record.revoked = Some(now);
        self.write(&record).await?;
        Ok(record)
    }

    /// Notes that a key was used; apart from its record, so that this can bring no struck key back.
    pub(super) async fn note_use(&self, id: &str, at: Timestamp) -> Result<(), StateError> {
        let kept = bytes(&Use {
            id: id.to_owned(),
            at,
        });
        self.0.put(Kind::KeyUse, id, kept).await
    }

    async fn write(&self, record: &Record) -> Result<(), StateError> {
        self.0.put(Kind::ApiKey, &record.id, bytes(record)).await
    }

    /// Removes keys that ended long ago.
    async fn forget(&self, entries: &[Entry], now: Timestamp) -> Result<(), StateError> {
        let long_ago = |end: Timestamp| now.duration_since(end) > REMEMBERED;
        for Entry { record, .. } in entries {
            if record.revoked.or(record.expires).is_some_and(long_ago) {
                self.0.remove(Kind::ApiKey, &record.id).await?;
                self.0.remove(Kind::KeyUse, &record.id).await?;
            }
        }
        Ok(())
    }
}

fn read(kept: &[u8]) -> Option<Record> {
    let record = serde_json::from_slice(kept);
    record
        .inspect_err(|error| {
            tracing::error!(%error, "an API key of the state is not one of this release, and lets nobody in");
        })
        .ok()
}

/// Records always serialise: they hold text, numbers and dates.
fn bytes(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(serde_json::to_vec(value).unwrap_or_default())
}

/// A name stands in logs and lists.
fn is_name(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    text.len() <= LONGEST_NAME
        && text.bytes().all(known)
        && text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric())
}
