//! API keys: who is let in by one, and what they may do.
//!
//! Owns the keys of a running host. They are read from the state when another process changed it, so a
//! key that is revoked is good no longer at the next request, and whatever its holder still has open
//! ends within [`LOOK_EVERY`]. It must not know HTTP, nor what a tool is.

mod book;
mod key;
mod record;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use book::{Book, BookError, Entry};
pub use key::{ApiKey, KeyId, PREFIX};
pub use record::{Record, Standing, Terms, TermsError};

use crate::caller::Caller;
use crate::policy::Principal;
use crate::state::{State, StateError};

/// How long it takes at most until what the holder of a revoked key has open is ended.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Seconds between two notes of a key's use.
const NOTED_EVERY: i64 = 3600;

/// How often the state is read again where it changes while it is read.
const TRIES: usize = 3;

/// The keys of a running host.
pub struct Keys {
    book: Book,
    table: ArcSwap<Table>,
    reading: tokio::sync::Mutex<()>,
    /// Keys whose use has to be noted.
    used: Mutex<HashMap<KeyId, Timestamp>>,
    wanted: Notify,
}

/// The keys as they were read.
#[derive(Default)]
struct Table {
    /// Nothing where it cannot be told whether the state changed since.
    version: Option<u32>,
    keys: HashMap<KeyId, Arc<Known>>,
}

/// One key.
struct Known {
    record: Record,
    hash: blake3::Hash,
    principal: Principal,
    ends: CancellationToken,
    /// Seconds since 1970, when its use was noted last.
    noted: AtomicI64,
}

/// Why nobody is let in by a text. For the log: a caller is told none of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotLetIn {
    /// It has not the form of a key.
    #[error("it has not the form of an API key")]
    Form,
    /// No key has this id.
    #[error("there is no API key {0}")]
    Unknown(KeyId),
    /// The id is that of a key, and the rest is not.
    #[error("it has the id of the API key {0}, and another secret")]
    Wrong(KeyId),
    /// It was revoked.
    #[error("the API key {0} was revoked")]
    Revoked(KeyId),
    /// It has expired.
    #[error("the API key {0} has expired")]
    Expired(KeyId),
    /// The state cannot be used.
    #[error("the API keys cannot be read")]
    Unreadable,
}

impl Keys {
    /// The keys of a state, which is not opened yet.
    #[must_use]
    pub fn of(state: State) -> Self {
        Self {
            book: Book::of(state),
            table: ArcSwap::default(),
            reading: tokio::sync::Mutex::default(),
            used: Mutex::default(),
            wanted: Notify::new(),
        }
    }

    /// Reads the keys; from now on they are looked after by [`Keys::watch`].
    ///
    /// # Errors
    /// The state cannot be used.
    pub async fn load(&self) -> Result<(), StateError> {
        self.table().await?;
        self.wanted.notify_one();
        Ok(())
    }

    /// How many are good.
    ///
    /// # Errors
    /// The state cannot be used.
    pub async fn count(&self) -> Result<usize, StateError> {
        let (table, now) = (self.table().await?, Timestamp::now());
        let good = |known: &&Arc<Known>| known.record.standing(now) == Standing::Good;
        Ok(table.keys.values().filter(good).count())
    }

    /// Whose key this is.
    ///
    /// # Errors
    /// It lets nobody in.
    pub async fn caller(&self, text: &str) -> Result<Caller, NotLetIn> {
        let id = KeyId::of(text).ok_or(NotLetIn::Form)?;
        let table = self.table().await.map_err(|error| {
            tracing::error!(%error, "nobody is let in by an API key");
            NotLetIn::Unreadable
        })?;
        let known = table.keys.get(&id);
        // Compared also where there is no such key, and in a time that tells nothing of the hash.
        let expected = known.map_or(NO_HASH, |known| known.hash);
        let right = expected == key::hash(text);
        let Some(known) = known else {
            return Err(NotLetIn::Unknown(id));
        };
        if !right {
            return Err(NotLetIn::Wrong(id));
        }
        let now = Timestamp::now();
        match known.record.standing(now) {
            Standing::Revoked => Err(NotLetIn::Revoked(id)),
            Standing::Expired => Err(NotLetIn::Expired(id)),
            Standing::Good => {
                self.note(&id, known, now);
                Ok(Caller::known(known.principal.clone()).until(known.ends.clone()))
            }
        }
    }

    /// Ends what the holders of revoked and expired keys have open, and notes uses. Runs until it is
    /// dropped; idle before [`Keys::load`].
    pub async fn watch(&self) {
        self.wanted.notified().await;
        let mut said = String::new();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let looked = self.look().await.map_err(|error| error.to_string());
            if let Err(error) = &looked
                && said != *error
            {
                tracing::error!(%error, "the API keys cannot be read");
            }
            said = looked.err().unwrap_or_default();
        }
    }

    async fn look(&self) -> Result<(), StateError> {
        let (table, now) = (self.table().await?, Timestamp::now());
        for known in table.keys.values() {
            if known.record.standing(now) != Standing::Good {
                known.ends.cancel();
            }
        }
        let used = std::mem::take(&mut *lock(&self.used));
        for (id, at) in used {
            self.book.note_use(id.as_str(), at).await?;
        }
        Ok(())
    }

    fn note(&self, id: &KeyId, known: &Known, now: Timestamp) {
        let (before, second) = (known.noted.load(Ordering::Relaxed), now.as_second());
        if second - before < NOTED_EVERY {
            return;
        }
        let noted = &known.noted;
        let swapped = noted.compare_exchange(before, second, Ordering::Relaxed, Ordering::Relaxed);
        if swapped.is_ok() {
            lock(&self.used).insert(id.clone(), now);
        }
    }

    /// The keys as they are now.
    async fn table(&self) -> Result<Arc<Table>, StateError> {
        let present = self.table.load_full();
        if self.is_current(&present) {
            return Ok(present);
        }
        let _one_at_a_time = self.reading.lock().await;
        let present = self.table.load_full();
        if self.is_current(&present) {
            return Ok(present);
        }
        let table = Arc::new(self.read(&present).await?);
        for (id, known) in &present.keys {
            let stays = table
                .keys
                .get(id)
                .is_some_and(|new| Arc::ptr_eq(new, known));
            if !stays {
                known.ends.cancel();
            }
        }
        self.table.store(Arc::clone(&table));
        Ok(table)
    }

    fn is_current(&self, table: &Table) -> bool {
        let version = self.book.state().version();
        version.is_some() && table.version == version
    }

    async fn read(&self, before: &Table) -> Result<Table, StateError> {
        let mut table = Table::default();
        for _ in 0..TRIES {
            let began = self.book.state().version();
            let entries = self.book.entries().await?;
            let keys = entries.into_iter().filter_map(|entry| known(entry, before));
            table.keys = keys.collect();
            let ended = self.book.state().version();
            // Where the state was not open before, it is read once more.
            if began == ended {
                table.version = ended;
                break;
            }
        }
        Ok(table)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(self.book.state()).finish()
    }
}

/// No key has this hash.
const NO_HASH: blake3::Hash = blake3::Hash::from_bytes([0; blake3::OUT_LEN]);

/// A key as it is used; the one from before where nothing of its record changed.
fn known(entry: Entry, before: &Table) -> Option<(KeyId, Arc<Known>)> {
    let Entry { record, last_used } = entry;
    let id = KeyId::known(&record.id);
    if let Some(same) = before.keys.get(&id).filter(|old| old.record == record) {
        return Some((id, Arc::clone(same)));
    }
    let made = record.hash().zip(record.terms.mandate().ok());
    let Some((hash, mandate)) = made else {
        tracing::error!(key = %id, "an API key of the state is damaged, and lets nobody in");
        return None;
    };
    let label = format!("{}#{id}", record.name);
    let known = Known {
        principal: Principal::named("key", &label).within(Arc::new(mandate)),
        hash,
        ends: CancellationToken::new(),
        noted: AtomicI64::new(last_used.map_or(0, Timestamp::as_second)),
        record,
    };
    Some((id, Arc::new(known)))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
