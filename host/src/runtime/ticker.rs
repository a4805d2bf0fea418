//! The epoch ticker: the clock by which guest CPU time is charged.
//!
//! One thread advances the engine's epoch while any guest is in flight, parks when none is, and
//! ends with its owner. It must not know what a guest does with its ticks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::Engine;

/// The length of a tick. A guest that computes is interrupted this often, so this is also the
/// longest time for which it can hold a worker thread.
pub const TICK: Duration = Duration::from_millis(5);

/// Owns the thread; dropping it ends the thread.
pub struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    running: AtomicUsize,
    stop: AtomicBool,
}

/// While this lives, the epoch advances.
pub struct Ticking(Arc<Shared>);

impl Ticker {
    /// Starts the thread, parked.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            running: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let (weak, engine) = (Arc::downgrade(&shared), engine.weak());
        let thread = thread::Builder::new()
            .name("epoch".into())
            .spawn(move || tick(&weak, &engine))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Keeps the epoch advancing until the answer is dropped.
    pub fn hold(&self) -> Ticking {
        if self.shared.running.fetch_add(1, Ordering::SeqCst) == 0
            && let Some(thread) = &self.thread
        {
            thread.thread().unpark();
        }
        Ticking(Arc::clone(&self.shared))
    }

    #[cfg(test)]
    fn thread(&self) -> thread::Thread {
        self.thread
            .as_ref()
            .map(JoinHandle::thread)
            .cloned()
            .expect("started")
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the epoch thread panicked");
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this thread is the clock")]
fn tick(shared: &Weak<Shared>, engine: &wasmtime::EngineWeak) {
    while let Some(state) = shared.upgrade() {
        if state.stop.load(Ordering::SeqCst) {
            return;
        }
        if state.running.load(Ordering::SeqCst) == 0 {
            drop(state);
            thread::park();
            continue;
        }
        let Some(engine) = engine.upgrade() else {
            return;
        };
        engine.increment_epoch();
        drop((state, engine));
        thread::sleep(TICK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_with_its_owner() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine).expect("a thread");
        let shared = Arc::downgrade(&ticker.shared);
        drop(ticker);
        assert!(shared.upgrade().is_none(), "the thread let go of the state");
    }

    #[test]
    fn holds_are_counted() {
        let ticker = Ticker::start(&Engine::default()).expect("a thread");
        assert_eq!(ticker.thread().name(), Some("epoch"));
        let (one, two) = (ticker.hold(), ticker.hold());
        assert_eq!(ticker.shared.running.load(Ordering::SeqCst), 2);
        drop((one, two));
        assert_eq!(ticker.shared.running.load(Ordering::SeqCst), 0);
    }
}
