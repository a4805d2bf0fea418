//! `cache`: what the plugin of a connection keeps between calls.

use std::time::Duration;

use crate::runtime::Guest;
use crate::runtime::bindings::portcullis::plugin::cache::Host;

impl Host for Guest {
    fn get(&mut self, key: String) -> Option<Vec<u8>> {
        self.reach.link()?.cache.get(&key)
    }

    fn put(&mut self, key: String, value: Vec<u8>, ttl_ms: u32) {
        if let Some(link) = self.reach.link() {
            link.cache
                .put(key, value, Duration::from_millis(ttl_ms.into()));
        }
    }

    fn remove(&mut self, key: String) {
        if let Some(link) = self.reach.link() {
            link.cache.remove(&key);
        }
    }
}
