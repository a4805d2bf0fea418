//! `cache`: bytes that a plugin keeps between calls, per connection and identity.
//!
//! Bounded by bytes, gone at a restart and when the connection changes. One cache belongs to one
//! connection, so no plugin can read another's; a key belongs to one owner, so no caller can read
//! another's. The owner is empty on a connection whose callers all act as one account.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;
use moka::Expiry;

/// All values of one connection together, in bytes.
const TOTAL: u64 = 16 << 20;

/// One value, in bytes; `wit/host.wit` names it.
const LARGEST: usize = 1 << 20;

/// The longest key, in bytes.
const LONGEST_KEY: usize = 512;

#[derive(Clone)]
struct Entry {
    value: Bytes,
    ttl: Duration,
}

struct ByEntry;

impl Expiry<String, Entry> for ByEntry {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

/// What one connection's plugin keeps.
#[derive(Clone)]
pub struct GuestCache(moka::sync::Cache<String, Entry>);

impl Default for GuestCache {
    fn default() -> Self {
        Self(
            moka::sync::Cache::builder()
                .max_capacity(TOTAL)
                .weigher(|key: &String, entry: &Entry| {
                    u32::try_from(key.len() + entry.value.len() + 64).unwrap_or(u32::MAX)
                })
                .expire_after(ByEntry)
                .build(),
        )
    }
}

impl GuestCache {
    /// The value, if it is still there.
    #[must_use]
    pub fn get(&self, owner: &str, key: &str) -> Option<Vec<u8>> {
        let entry = self.0.get(&*owned(owner, key));
        entry.map(|entry| entry.value.to_vec())
    }

    /// Keeps a value; one that is too large takes the place of the old one all the same, by being
    /// absent.
    pub fn put(&self, owner: &str, key: &str, value: Vec<u8>, ttl: Duration) {
        let whole = owned(owner, key);
        if value.len() > LARGEST || key.len() > LONGEST_KEY || ttl.is_zero() {
            self.0.invalidate(&*whole);
        } else {
            self.0.insert(
                whole.into_owned(),
                Entry {
                    value: value.into(),
                    ttl,
                },
            );
        }
    }

    /// Drops a value.
    pub fn remove(&self, owner: &str, key: &str) {
        self.0.invalidate(&*owned(owner, key));
    }
}

/// The key as it is kept. No owner holds the separator, and all owners of one cache are empty or none
/// is, so no two pairs meet.
fn owned<'k>(owner: &str, key: &'k str) -> Cow<'k, str> {
    if owner.is_empty() {
        key.into()
    } else {
        format!("{owner}\0{key}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn keeps_replaces_and_drops() {
        let cache = GuestCache::default();
        cache.put("", "a", b"1".to_vec(), MINUTE);
        assert_eq!(cache.get("", "a"), Some(b"1".to_vec()));
        cache.put("", "a", vec![0; LARGEST + 1], MINUTE);
        assert_eq!(
            cache.get("", "a"),
            None,
            "the old value is not served for a new one that did not fit"
        );
        cache.put("", "b", b"2".to_vec(), MINUTE);
        cache.remove("", "b");
        assert_eq!(cache.get("", "b"), None);
    }

    #[test]
    fn a_flood_stays_within_the_total() {
        let cache = GuestCache::default();
        for n in 0..100 {
            cache.put("", &format!("k{n}"), vec![0; LARGEST], MINUTE);
        }
        cache.0.run_pending_tasks();
        assert!(cache.0.weighted_size() <= TOTAL);
    }

    #[test]
    fn values_expire() {
        let cache = GuestCache::default();
        cache.put("", "a", b"1".to_vec(), Duration::ZERO);
        assert_eq!(cache.get("", "a"), None);
    }

    #[test]
    fn what_one_caller_keeps_no_other_finds() {
        let cache = GuestCache::default();
        cache.put("ada", "schema", b"hers".to_vec(), MINUTE);
        cache.put("bob", "schema", b"his".to_vec(), MINUTE);
        assert_eq!(cache.get("ada", "schema"), Some(b"hers".to_vec()));
        cache.remove("ada", "schema");
        assert_eq!(cache.get("ada", "schema"), None);
        assert_eq!(cache.get("bob", "schema"), Some(b"his".to_vec()));
        let longest = "k".repeat(LONGEST_KEY);
        cache.put("ada", &longest, b"1".to_vec(), MINUTE);
        assert!(
            cache.get("ada", &longest).is_some(),
            "the owner is not counted"
        );
    }
}
