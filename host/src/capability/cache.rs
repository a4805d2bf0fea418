//! `cache`: what the plugin of a connection keeps between calls; on a connection that acts with its
//! callers' own tokens, for each of them apart.

use std::time::Duration;

use crate::runtime::Guest;
use crate::runtime::bindings::portcullis::plugin::cache::Host;

impl Host for Guest {
    fn get(&mut self, key: String) -> Option<Vec<u8>> {
        let link = self.reach.link()?;
        link.cache.get(&self.reach.owner(), &key)
    }

    fn put(&mut self, key: String, value: Vec<u8>, ttl_ms: u32) {
        let taken = self.allowance.take(key.len() + value.len());
        if let Some(link) = self.reach.link() {
            // What is not kept must not leave an older value in its place.
            if !taken {
                link.cache.remove(&self.reach.owner(), &key);
                return;
            }
            let ttl = Duration::from_millis(ttl_ms.into());
            link.cache.put(&self.reach.owner(), &key, value, ttl);
        }
    }

    fn remove(&mut self, key: String) {
        if let Some(link) = self.reach.link() {
            link.cache.remove(&self.reach.owner(), &key);
        }
    }
}
