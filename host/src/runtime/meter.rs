//! How long a guest has computed: the time that its polls took, waiting not counted.
//!
//! A tick of the epoch says only that time has passed; one instruction that fills all of a memory
//! takes many ticks and is interrupted after the last of them. So what is charged is measured. It must
//! not know limits.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The computing time of one guest. Written by the thread that polls it, and read by none other.
#[derive(Debug)]
pub struct Meter {
    born: Instant,
    /// Nanoseconds of the polls that are over.
    spent: AtomicU64,
    /// When the poll that runs began, in nanoseconds after `born`.
    began: AtomicU64,
}

impl Meter {
    /// A meter that stands at nothing.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            spent: AtomicU64::new(0),
            began: AtomicU64::new(0),
        })
    }

    /// What was computed until now, asked from within a poll.
    #[must_use]
    pub fn computed(&self) -> Duration {
        let running = self.now() - self.began.load(Ordering::Relaxed);
        Duration::from_nanos(self.spent.load(Ordering::Relaxed) + running)
    }

    /// Runs a guest and counts how long its polls take.
    pub async fn measure<T>(&self, guest: impl Future<Output = T>) -> T {
        let mut guest = pin!(guest);
        poll_fn(|context| {
            self.begin();
            let polled = guest.as_mut().poll(context);
            self.end();
            polled
        })
        .await
    }

    fn begin(&self) {
        self.began.store(self.now(), Ordering::Relaxed);
    }

    fn end(&self) {
        let took = self.now() - self.began.load(Ordering::Relaxed);
        self.spent.fetch_add(took, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps the thread busy.
    fn compute(time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn polls_are_summed() {
        let meter = Meter::new();
        let (before, after) = meter
            .measure(async {
                compute(Duration::from_millis(5));
                let before = meter.computed();
                tokio::task::yield_now().await;
                compute(Duration::from_millis(5));
                (before, meter.computed())
            })
            .await;
        assert!(before >= Duration::from_millis(5), "{before:?}");
        assert!(after >= before + Duration::from_millis(5), "{after:?}");
    }

    #[tokio::test]
    async fn between_two_polls_nothing_is_charged() {
        let meter = Meter::new();
        let (tell, told) = tokio::sync::oneshot::channel();
        let waiting = meter.measure(async {
            told.await.expect("it is told");
            meter.computed()
        });
        let other = async {
            compute(Duration::from_millis(200));
            tell.send(()).expect("somebody waits");
        };
        let (computed, ()) = futures::future::join(waiting, other).await;
        assert!(computed < Duration::from_millis(150), "{computed:?}");
    }
}
