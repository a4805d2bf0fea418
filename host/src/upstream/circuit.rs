//! Stops calling a CRM that does not work.
//!
//! After so many faults in a row the circuit is open: requests are refused without being sent. When
//! the reset time is over, exactly one request goes out and decides. A small state machine over
//! instants that are handed in; what counts as a fault is decided by its caller.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitLimits {
    /// Faults in a row.
    pub threshold: u32,
    /// How long nothing is sent.
    pub reset: Duration,
}

impl Default for CircuitLimits {
    /// 5 faults, 60 s.
    fn default() -> Self {
        Self {
            threshold: 5,
            reset: Duration::from_secs(60),
        }
    }
}

/// What a circuit does now, for a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Whether requests go out.
    pub state: State,
    /// Faults in a row.
    pub failures: u32,
    /// How long until one request is let through; none unless open.
    pub retry_after: Option<Duration>,
}

/// Whether requests go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// They do.
    Closed,
    /// They do not.
    Open,
    /// One is out, or may go, and decides.
    HalfOpen,
}

impl State {
    /// The word for messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// What a request says of the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It works.
    Works,
    /// It does not.
    Fault,
    /// Nothing: the request was never sent, or was given up.
    Nothing,
}

/// The circuit of one connection.
#[derive(Debug)]
pub(super) struct Circuit {
    limits: CircuitLimits,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Inner {
    failures: u32,
    /// When the last fault happened, once the threshold is reached.
    opened: Option<Instant>,
    probing: bool,
}

/// One admitted request; without a verdict it says nothing.
#[derive(Debug)]
pub(super) struct Pass<'c> {
    circuit: &'c Circuit,
    probe: bool,
}

/// A request that is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) failures: u32,
    pub(super) last_fault_ago: Duration,
    pub(super) retry_after: Duration,
}

/// A change that the operator should read of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    Closed,
}

impl Circuit {
    pub(super) fn new(limits: CircuitLimits) -> Self {
        Self {
            limits,
            inner: Mutex::default(),
        }
    }

    /// Lets a request through, or holds it back.
    pub(super) fn admit(&self, now: Instant) -> Result<Pass<'_>, Held> {
        let mut inner = self.lock();
        let Some(opened) = inner.opened else {
            return Ok(self.pass(false));
        };
        let ago = now.saturating_duration_since(opened);
        if ago < self.limits.reset || inner.probing {
            return Err(Held {
                failures: inner.failures,
                last_fault_ago: ago,
                retry_after: self.limits.reset.saturating_sub(ago),
            });
        }
        inner.probing = true;
        Ok(self.pass(true))
    }

    pub(super) fn report(&self, now: Instant) -> Report {
        let inner = *self.lock();
        let waits = inner.opened.map(|opened| {
            let ago = now.saturating_duration_since(opened);
            self.limits.reset.saturating_sub(ago)
        });
        let state = match waits {
            None => State::Closed,
            Some(Duration::ZERO) => State::HalfOpen,
            Some(_) => State::Open,
        };
        Report {
            state,
            failures: inner.failures,
            retry_after: waits.filter(|wait| !wait.is_zero()),
        }
    }

    const fn pass(&self, probe: bool) -> Pass<'_> {
        Pass {
            circuit: self,
            probe,
        }
    }

    /// The state is plain data, whole at every step; a panic elsewhere leaves nothing half-written.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Takes note of what came of the request. Requests that were let through before the circuit
    /// opened change nothing any more.
    pub(super) fn settle(self, verdict: Verdict, now: Instant) -> Option<Change> {
        let mut inner = self.circuit.lock();
        let open = inner.opened.is_some();
        if open && !self.probe {
            return None;
        }
        match verdict {
            Verdict::Nothing => None,
            Verdict::Works => {
                *inner = Inner::default();
                open.then_some(Change::Closed)
            }
            Verdict::Fault => {
                inner.failures = inner.failures.saturating_add(1);
                if inner.failures < self.circuit.limits.threshold {
                    return None;
                }
                inner.opened = Some(now);
                (!open).then_some(Change::Opened)
            }
        }
    }
}

impl Drop for Pass<'_> {
    /// A probe that ends without a verdict leaves its place to the next request.
    fn drop(&mut self) {
        if self.probe {
            self.circuit.lock().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: CircuitLimits = CircuitLimits {
        threshold: 3,
        reset: Duration::from_secs(60),
    };

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    fn fails(circuit: &Circuit, now: Instant) -> Option<Change> {
        circuit.admit(now).unwrap().settle(Verdict::Fault, now)
    }

    #[test]
    fn it_opens_after_faults_in_a_row_alone() {
        let (circuit, t) = (Circuit::new(LIMITS), Instant::now());
        for _ in 0..4 {
            assert_eq!(fails(&circuit, t), None);
            assert_eq!(fails(&circuit, t), None);
            circuit.admit(t).unwrap().settle(Verdict::Works, t);
        }
        assert_eq!(fails(&circuit, t), None);
        circuit.admit(t).unwrap().settle(Verdict::Nothing, t);
        assert_eq!(fails(&circuit, t), None);
        assert_eq!(circuit.report(t).failures, 2);
        assert_eq!(fails(&circuit, t), Some(Change::Opened));
        let held = circuit.admit(after(t, 20)).unwrap_err();
        assert_eq!(
            (held.failures, held.retry_after),
            (3, Duration::from_secs(40))
        );
        assert_eq!(circuit.report(after(t, 20)).state, State::Open);
        assert_eq!(circuit.report(after(t, 60)).state, State::HalfOpen);
    }

    #[test]
    fn exactly_one_probe_decides() {
        let (circuit, t) = (Circuit::new(LIMITS), Instant::now());
        for _ in 0..3 {
            fails(&circuit, t);
        }
        let probe = circuit.admit(after(t, 60)).unwrap();
        assert!(circuit.admit(after(t, 61)).is_err());
        assert_eq!(probe.settle(Verdict::Fault, after(t, 62)), None);
        assert!(circuit.admit(after(t, 100)).is_err());
        let probe = circuit.admit(after(t, 122)).unwrap();
        assert_eq!(
            probe.settle(Verdict::Works, after(t, 123)),
            Some(Change::Closed)
        );
        assert!(circuit.admit(after(t, 123)).is_ok());
        assert_eq!(circuit.report(after(t, 123)).failures, 0);
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_the_next_one() {
        let (circuit, t) = (Circuit::new(LIMITS), Instant::now());
        for _ in 0..3 {
            fails(&circuit, t);
        }
        drop(circuit.admit(after(t, 60)).unwrap());
        let next = circuit.admit(after(t, 60)).unwrap();
        assert_eq!(next.settle(Verdict::Nothing, after(t, 61)), None);
        assert!(circuit.admit(after(t, 61)).is_ok());
    }

    #[test]
    fn requests_from_before_do_not_count_twice() {
        let (circuit, t) = (Circuit::new(LIMITS), Instant::now());
        let (slow, lucky) = (circuit.admit(t).unwrap(), circuit.admit(t).unwrap());
        for _ in 0..3 {
            fails(&circuit, t);
        }
        assert_eq!(slow.settle(Verdict::Fault, after(t, 30)), None);
        assert_eq!(lucky.settle(Verdict::Works, after(t, 30)), None);
        assert!(circuit.admit(after(t, 59)).is_err());
        assert!(circuit.admit(after(t, 60)).is_ok());
    }
}
