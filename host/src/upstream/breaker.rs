//! Stops calling with a credential that the CRM refused.
//!
//! CRMs lock out an address or an account after a few failed logins, so a refused credential is not
//! tried again, but for one request a minute, which finds out whether someone repaired it. A small
//! state machine over instants that are handed in; it must not know requests or secrets.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often a refused credential is tried. EspoCRM locks out after ten failures in 60 s.
pub(super) const TRIAL_EVERY: Duration = Duration::from_secs(60);

/// The breaker of one credential slot.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Closed,
    /// Refused at `since`; the next request is let through at `trial`.
    Open { since: Instant, trial: Instant },
}

/// One admitted request; says when it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted(Instant);

/// A request that is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// How long ago the CRM refused the credential.
    pub(super) refused_ago: Duration,
    /// How long until one request is let through.
    pub(super) retry_after: Duration,
}

/// What an answer says of the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was taken.
    Accepted,
    /// It was refused.
    Refused,
    /// Nothing: the server failed, or refused for another reason.
    Unknown,
}

impl Verdict {
    /// What a status says. 403 says nothing, since a lock-out answers it whatever the credential, nor
    /// does a redirect, which may lead to a login page.
    pub(super) const fn of(status: u16) -> Self {
        match status {
            401 => Self::Refused,
            300..=399 | 403 | 407 | 429 | 500.. => Self::Unknown,
            _ => Self::Accepted,
        }
    }
}

impl Breaker {
    /// Lets a request through, or holds it back.
    pub(super) fn admit(&self, now: Instant) -> Result<Admitted, Held> {
        let mut state = self.lock();
        if let State::Open { since, trial } = &mut *state {
            if now < *trial {
                return Err(Held {
                    refused_ago: now.saturating_duration_since(*since),
                    retry_after: trial.saturating_duration_since(now),
                });
            }
            *trial = now + TRIAL_EVERY;
        }
        Ok(Admitted(now))
    }

    /// Takes note of an answer. A request that began before the refusal says nothing against it.
    pub(super) fn answered(&self, request: Admitted, verdict: Verdict, now: Instant) {
        let mut state = self.lock();
        *state = match (*state, verdict) {
            (State::Closed, Verdict::Refused) => State::Open {
                since: now,
                trial: now + TRIAL_EVERY,
            },
            (State::Open { since, .. }, Verdict::Accepted) if request.0 >= since => State::Closed,
            (unchanged, _) => unchanged,
        };
    }

    /// The state is plain data, whole at every step; a panic elsewhere leaves nothing half-written.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn one_refusal_holds_back_and_one_trial_a_minute_goes_through() {
        let (breaker, t) = (Breaker::default(), Instant::now());
        let first = breaker.admit(t).unwrap();
        breaker.answered(first, Verdict::Refused, after(t, 1));
        let held = breaker.admit(after(t, 11)).unwrap_err();
        assert_eq!(held.refused_ago, Duration::from_secs(10));
        assert_eq!(held.retry_after, Duration::from_secs(50));
        let trial = breaker.admit(after(t, 61)).unwrap();
        assert!(breaker.admit(after(t, 61)).is_err());
        breaker.answered(trial, Verdict::Refused, after(t, 62));
        assert!(breaker.admit(after(t, 120)).is_err());
        let trial = breaker.admit(after(t, 121)).unwrap();
        breaker.answered(trial, Verdict::Accepted, after(t, 122));
        assert!(breaker.admit(after(t, 122)).is_ok());
        assert!(breaker.admit(after(t, 122)).is_ok());
    }

    #[test]
    fn a_trial_without_an_answer_leaves_the_next_one() {
        let (breaker, t) = (Breaker::default(), Instant::now());
        breaker.answered(breaker.admit(t).unwrap(), Verdict::Refused, t);
        let trial = breaker.admit(after(t, 60)).unwrap();
        breaker.answered(trial, Verdict::Unknown, after(t, 61));
        assert!(breaker.admit(after(t, 119)).is_err());
        assert!(breaker.admit(after(t, 120)).is_ok());
    }

    #[test]
    fn an_older_request_does_not_close() {
        let (breaker, t) = (Breaker::default(), Instant::now());
        let (old, new) = (breaker.admit(t).unwrap(), breaker.admit(t).unwrap());
        breaker.answered(new, Verdict::Refused, after(t, 1));
        breaker.answered(old, Verdict::Accepted, after(t, 2));
        assert!(breaker.admit(after(t, 3)).is_err());
    }

    #[test]
    fn verdicts() {
        for (status, verdict) in [
            (200, Verdict::Accepted),
            (302, Verdict::Unknown),
            (404, Verdict::Accepted),
            (401, Verdict::Refused),
            (403, Verdict::Unknown),
            (429, Verdict::Unknown),
            (500, Verdict::Unknown),
            (503, Verdict::Unknown),
        ] {
            assert_eq!(Verdict::of(status), verdict, "{status}");
        }
    }
}
