//! Waiting for what is awaited, with a deadline: the only place of the tests that polls.
//!
//! A test that waits says for what, so that a hang becomes a sentence.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// Longer than anything here takes on a busy machine with two cores.
pub const PATIENCE: Duration = Duration::from_secs(30);

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Awaits something that has to end.
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain for: {what}"),
    }
}

/// Looks again and again until there is something to see.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let latest = Instant::now() + PATIENCE;
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(
            Instant::now() < latest,
            "looked for {PATIENCE:?} in vain for: {what}"
        );
        ticks.tick().await;
    }
}

/// [`eventually`] for a condition.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    eventually(what, async || holds().await.then_some(())).await;
}
