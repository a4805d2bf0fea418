//! Guests that never come back: each ends with its computing time or the time of its call, whichever
//! is shorter.

use std::time::{Duration, Instant};

use super::assert_names;
use crate::support::neighbour::NOWHERE;
use crate::support::{Street, text};

/// Far above the limits below, far below those that hold without them.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
pub async fn spin() {
    let street = Street::of("spin", "limits.cpu_ms = 50", NOWHERE).await;
    let began = Instant::now();
    let errors = street.errors().await;
    assert!(began.elapsed() < SOON * u32::try_from(errors.len()).expect("few"));
    for error in errors {
        assert_names(&error, "limits.cpu_ms");
    }
}

#[tokio::test]
async fn spin_ends_with_the_time_of_its_call_when_that_is_shorter() {
    let limits = "limits.cpu_ms = 60000\nlimits.timeout_ms = 200";
    for error in Street::of("spin", limits, NOWHERE).await.errors().await {
        assert_eq!(error["error"]["code"], "TIMEOUT", "{error}");
        let message = text(&error, "/error/message");
        assert!(message.contains("limits.timeout_ms"), "{error}");
    }
}

#[tokio::test]
pub async fn neighbour() {
    // Eight at a time want the one thread of this test; the neighbour has its turns all the same.
    let limits = "limits.cpu_ms = 100\nlimits.concurrent_calls = 8";
    let street = Street::of("spin", limits, NOWHERE).await;
    let sins = std::iter::repeat_with(|| street.errors()).take(8);
    for errors in futures::future::join_all(sins).await {
        for error in errors {
            assert_names(&error, "limits.cpu_ms");
        }
    }
}

#[tokio::test]
pub async fn endless_bulk() {
    // One instruction takes longer than many ticks of the clock by which guests are interrupted, so
    // that it has to be charged by what it took.
    let limits = "limits.cpu_ms = 50\nlimits.memory_bytes = 16777216";
    let street = Street::of("endless_bulk", limits, NOWHERE).await;
    for error in street.errors().await {
        assert_names(&error, "limits.cpu_ms");
    }
}

#[tokio::test]
pub async fn spin_after_post() {
    let stub = crate::support::Stub::ok().await;
    let street = Street::of("spin_after_post", "limits.cpu_ms = 50", &stub.url()).await;
    let errors = street.errors().await;
    for error in &errors {
        assert_names(error, "limits.cpu_ms");
        super::traps::assert_unclear(error);
    }
    assert_eq!(stub.seen().len(), errors.len());
}
