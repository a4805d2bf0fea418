//! Requests that were not let in, counted by where they come from.
//!
//! Owns that nobody can try keys, fill the log or have signatures checked without end. Whoever brings what
//! is right is never counted, nor kept out for others of the same address. Addresses that are quiet are
//! forgotten.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use crate::caller::Owner;

/// Addresses that are remembered before the quiet ones are forgotten. Where there are twice as many, whoever
/// fails has to wait.
const MOST_ADDRESSES: usize = 10_000;

/// How long a token that was right is remembered, by its digest.
const REMEMBERED: Duration = Duration::from_secs(600);

/// How often the quiet ones are looked for then: looking takes as long as some hundred attempts.
const LOOK_EVERY: usize = 256;

/// The failed attempts of every address.
#[derive(Debug)]
pub struct Attempts {
    since_looked: AtomicUsize,
    /// Addresses that have to wait, and until when.
    waiting: Cache<IpAddr, Instant>,
    /// Tokens whose signatures were right not long ago.
    right: Cache<Owner, ()>,
    failed: RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock>,
}

impl Attempts {
    /// So many in a minute from one address.
    pub fn each(per_minute: u32) -> Self {
        let most = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        Self {
            since_looked: AtomicUsize::new(0),
            waiting: cache(),
            right: cache(),
            failed: RateLimiter::keyed(Quota::per_minute(most)),
        }
    }

    /// Counts an attempt that failed.
    ///
    /// # Errors
    /// How long its address has to wait, where there were too many.
    pub fn failed(&self, from: IpAddr) -> Result<(), Duration> {
        self.forget_the_quiet()?;
        let from = network(from);
        self.failed.check_key(&from).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            self.waiting.insert(from, Instant::now() + wait);
            wait
        })
    }

    /// Whether a token's signature may be checked now.
    ///
    /// # Errors
    /// How long its address has to wait; a token that was right not long ago has not.
    pub fn check(&self, from: IpAddr, token: &Owner) -> Result<(), Duration> {
        let until = self.waiting.get(&network(from));
        let left = until.and_then(|until| until.checked_duration_since(Instant::now()));
        match left.filter(|left| !left.is_zero() && !self.right.contains_key(token)) {
            Some(left) => Err(left),
            None => Ok(()),
        }
    }

    /// Remembers a token that was right.
    pub fn right(&self, token: Owner) {
        if !self.right.contains_key(&token) {
            self.right.insert(token, ());
        }
    }

    fn forget_the_quiet(&self) -> Result<(), Duration> {
        if self.failed.len() <= MOST_ADDRESSES {
            return Ok(());
        }
        let since = self.since_looked.fetch_add(1, Ordering::Relaxed);
        if since.is_multiple_of(LOOK_EVERY) {
            self.failed.retain_recent();
        }
        if self.failed.len() > 2 * MOST_ADDRESSES {
            return Err(Duration::from_secs(1));
        }
        Ok(())
    }
}

fn cache<K, V>() -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    let builder = Cache::builder().max_capacity(MOST_ADDRESSES as u64);
    builder.time_to_live(REMEMBERED).build()
}

/// Where a request comes from.
pub fn peer(head: &Parts) -> IpAddr {
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| {
        peer.0.ip().to_canonical()
    })
}

/// Whoever has one IPv6 address has 2⁶⁴ of them.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            Ipv6Addr::from(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_failed_too_often_waits_and_others_do_not() {
        let attempts = Attempts::each(3);
        let from = |text: &str| text.parse::<IpAddr>().unwrap();
        for _ in 0..3 {
            assert_eq!(attempts.failed(from("192.0.2.1")), Ok(()));
            assert_eq!(attempts.failed(from("2001:db8::1")), Ok(()));
        }
        let wait = attempts.failed(from("::ffff:192.0.2.1")).unwrap_err();
        assert!(wait <= Duration::from_secs(20), "{wait:?}");
        assert!(
            attempts.failed(from("2001:db8::2")).is_err(),
            "the same network"
        );
        assert_eq!(attempts.failed(from("2001:db8:0:1::1")), Ok(()));
        assert_eq!(attempts.failed(from("192.0.2.2")), Ok(()));
    }

    #[test]
    fn whoever_was_right_is_not_kept_out_for_others_of_their_address() {
        let attempts = Attempts::each(1);
        let digest = |text| crate::caller::Token::new(text).unwrap().digest();
        let (from, ada, bob) = (IpAddr::from([192, 0, 2, 1]), digest("ada"), digest("bob"));
        assert_eq!(attempts.check(from, &bob), Ok(()));
        attempts.right(ada);
        while attempts.failed(from).is_ok() {}
        assert!(attempts.check(from, &bob).is_err());
        assert_eq!(attempts.check(from, &ada), Ok(()));
        assert_eq!(attempts.check([192, 0, 2, 2].into(), &bob), Ok(()));
    }

    #[test]
    fn there_is_an_end_to_how_many_are_remembered() {
        let attempts = Attempts::each(1);
        let address = |n: u32| IpAddr::from(std::net::Ipv4Addr::from(n));
        let refused = (0..3 * MOST_ADDRESSES as u32)
            .filter(|n| attempts.failed(address(*n)).is_err())
            .count();
        assert!(refused > MOST_ADDRESSES / 2, "{refused}");
        assert!(attempts.failed.len() <= 2 * MOST_ADDRESSES + 1);
    }
}
