//! `progress`: how far a call is, told to a caller who asked, in steps that rise and not too often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;

use crate::runtime::bindings::portcullis::plugin::progress::Host;
use crate::runtime::{Guest, clean};

/// Steps that come sooner after the one before are dropped; `wit/progress.wit` names it.
const GAP: Duration = Duration::from_millis(25);

/// How long a caller may take to accept a step; it is dropped otherwise, because a call does not
/// wait for its audience.
const PATIENCE: Duration = Duration::from_millis(100);

/// The longest message, in characters.
const LONGEST: usize = 200;

/// How far a call is.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// In a unit of the plugin's choice.
    pub done: f64,
    /// Of how many, where it is known; not less than `done`.
    pub total: Option<f64>,
    /// A few words for a person.
    pub message: Option<String>,
}

/// Who waits for a call and asked to be told how far it is.
pub trait Watcher: Send + Sync {
    /// Tells of one step.
    fn tell(&self, step: Step) -> BoxFuture<'_, ()>;
}

/// A watcher, and what it was told.
pub struct Watched {
    watcher: Arc<dyn Watcher>,
    latest: Mutex<Option<(f64, Instant)>>,
}

impl Watched {
    /// Nothing was told yet.
    #[must_use]
    pub fn new(watcher: Arc<dyn Watcher>) -> Self {
        Self {
            watcher,
            latest: Mutex::default(),
        }
    }

    /// The step, if it is one to tell now.
    fn next(&self, mut step: Step, now: Instant) -> Option<Step> {
        if !step.done.is_finite() || step.done < 0.0 {
            return None;
        }
        step.total = step
            .total
            .filter(|total| total.is_finite() && *total >= step.done);
        let is_end = step.total == Some(step.done);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((done, at)) = *latest
            && (step.done <= done || (now.duration_since(at) < GAP && !is_end))
        {
            return None;
        }
        *latest = Some((step.done, now));
        Some(step)
    }
}

impl Host for Guest {
    fn wanted(&mut self) -> bool {
        self.watched().is_some()
    }

    async fn report(&mut self, done: f64, total: Option<f64>, message: Option<String>) {
        let Some(watched) = self.watched() else {
            return;
        };
        let message = message.map(|text| clean(&text).chars().take(LONGEST).collect());
        let step = Step {
            done,
            total,
            message,
        };
        if let Some(step) = watched.next(step, Instant::now()) {
            let told = tokio::time::timeout(PATIENCE, watched.watcher.tell(step));
            told.await.ok();
        }
    }
}

impl Guest {
    fn watched(&self) -> Option<&Watched> {
        let within = self.reach.within.as_ref()?;
        within.beside.as_ref()?.watched.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use futures::future::FutureExt;

    use super::*;

    struct Nobody;

    impl Watcher for Nobody {
        fn tell(&self, _: Step) -> BoxFuture<'_, ()> {
            async {}.boxed()
        }
    }

    #[test]
    fn steps_rise_and_do_not_crowd() {
        let watched = Watched::new(Arc::new(Nobody));
        let began = Instant::now();
        for (at_ms, done, total, told) in [
            (0, 0.0, Some(100.0), true),
            (10, 5.0, Some(100.0), false),
            (30, 0.0, Some(100.0), false),
            (30, f64::NAN, None, false),
            (30, -1.0, None, false),
            (30, 6.0, Some(100.0), true),
            (31, 100.0, Some(100.0), true),
            (90, 100.0, Some(100.0), false),
            (90, 101.0, Some(100.0), true),
        ] {
            let step = Step {
                done,
                total,
                message: None,
            };
            let next = watched.next(step, began + Duration::from_millis(at_ms));
            assert_eq!(next.is_some(), told, "{at_ms} {done}");
            assert!(next.is_none_or(|step| step.total.is_none_or(|total| total >= done)));
        }
    }
}
