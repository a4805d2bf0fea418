//! JSON values kept between calls, through the capability `cache`.
//!
//! For what a CRM says of itself (metadata, permissions), never for records. A value that cannot
//! be read any more counts as absent.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::call::Host;

/// What earlier calls of the same connection and identity kept.
#[derive(Clone, Copy)]
pub struct Cache<'c> {
    host: &'c dyn Host,
}

impl<'c> Cache<'c> {
    pub(crate) fn new(host: &'c dyn Host) -> Self {
        Self { host }
    }

    /// A value, unless it expired or was dropped. It is read straight from its text, where serde
    /// cannot buffer numbers: a type with `flatten` or `untagged` around some needs [`Self::value`].
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_slice(&self.host.cache_get(key)?).ok()
    }

    /// A value as it stands.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<Value> {
        serde_json::from_slice(&self.host.cache_get(key)?).ok()
    }

    /// Keeps a value. One that is over the host's limit (1 MiB) is not kept.
    pub fn put<T: Serialize>(&self, key: &str, value: &T, ttl: Duration) {
        if let Ok(bytes) = serde_json::to_vec(value) {
            self.host.cache_put(
                key,
                &bytes,
                u32::try_from(ttl.as_millis()).unwrap_or(u32::MAX),
            );
        }
    }

    /// Drops a value.
    pub fn remove(&self, key: &str) {
        self.host.cache_remove(key);
    }
}
