//! What one call did upstream, readable after its instance is gone.
//!
//! The list of state-changing requests is what makes an unclear end honest: a trap or a deadline
//! after the first of them is reported as "may have happened", with the list.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// A request that may have changed the CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// The method.
    pub method: Cow<'static, str>,
    /// The path below the base, as the plugin gave it.
    pub path: String,
    /// The status of the answer; none if no answer came.
    pub status: Option<u16>,
}

/// Counters and the list of one call.
#[derive(Debug, Default)]
pub struct Record {
    requests: AtomicU32,
    bytes: AtomicU64,
    forwarded: Mutex<Vec<Forwarded>>,
}

impl Record {
    /// Counts a request; false when `most` were counted already.
    pub fn count_request(&self, most: u32) -> bool {
        self.requests
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                (n < most).then_some(n + 1)
            })
            .is_ok()
    }

    /// Counts bytes that went out or came back.
    pub fn count_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes so far, both ways, bodies only.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Notes a state-changing request before it is sent; the answer is its place in the list.
    pub fn forward(&self, method: &'static str, path: String) -> usize {
        let mut list = self.lock();
        list.push(Forwarded {
            method: method.into(),
            path,
            status: None,
        });
        list.len() - 1
    }

    /// Puts what earlier steps of the call sent before what it sends now.
    pub fn resume(&self, earlier: Vec<Forwarded>) {
        self.lock().splice(0..0, earlier);
    }

    /// Notes the status of the answer.
    pub fn answered(&self, place: usize, status: u16) {
        if let Some(entry) = self.lock().get_mut(place) {
            entry.status = Some(status);
        }
    }

    /// Takes a request off the list, because it certainly never left.
    pub fn never_left(&self, place: usize) {
        if let Some(entry) = self.lock().get_mut(place) {
            entry.path.clear();
        }
    }

    /// The state-changing requests that left the host.
    #[must_use]
    pub fn forwarded(&self) -> Vec<Forwarded> {
        self.lock()
            .iter()
            .filter(|entry| !entry.path.is_empty())
            .cloned()
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Forwarded>> {
        self.forwarded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_kept() {
        let record = Record::default();
        assert!(record.count_request(2) && record.count_request(2));
        assert!(!record.count_request(2));
        assert_eq!(record.requests(), 2);
    }

    #[test]
    fn what_never_left_is_not_listed() {
        let record = Record::default();
        let (first, second) = (
            record.forward("POST", "Account".into()),
            record.forward("PUT", "Account/1".into()),
        );
        record.never_left(first);
        record.answered(second, 200);
        assert_eq!(
            record.forwarded(),
            [Forwarded {
                method: "PUT".into(),
                path: "Account/1".into(),
                status: Some(200)
            }]
        );
    }
}
