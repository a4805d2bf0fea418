//! Requests that were not let in, counted by where they come from.
//!
//! Owns that nobody can try keys, fill the log or have signatures checked without end. Somebody who
//! brings what is right is never counted. Addresses that are quiet are forgotten.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

/// Addresses that are remembered before the quiet ones are forgotten. Where there are twice as many, whoever
/// fails has to wait.
const MOST_ADDRESSES: usize = 10_000;

/// How often the quiet ones are looked for then: looking takes as long as some hundred attempts.
const LOOK_EVERY: usize = 256;

/// The failed attempts of every address.
#[derive(Debug)]
pub struct Attempts {
    since_looked: AtomicUsize,
    failed: RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock>,
}

impl Attempts {
    /// So many in a minute from one address.
    pub fn each(per_minute: u32) -> Self {
        let most = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        Self {
            since_looked: AtomicUsize::new(0),
            failed: RateLimiter::keyed(Quota::per_minute(most)),
        }
    }

    /// Counts an attempt that failed.
    ///
    /// # Errors
    /// How long its address has to wait, where there were too many.
    pub fn failed(&self, from: IpAddr) -> Result<(), Duration> {
        self.forget_the_quiet()?;
        self.failed
            .check_key(&network(from))
            .map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
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
