//! Who may start now: rates and numbers of calls, per principal, per connection and overall.
//!
//! A call waits for its turn until its deadline is near; then it is told to come back.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use crate::error::{Kind, ToolError};

/// Principals that are remembered before the quiet ones are forgotten.
const MOST_PRINCIPALS: usize = 10_000;

/// A rate and its burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls per second.
    pub per_second: u32,
    /// Calls at once.
    pub burst: u32,
}

impl Rate {
    fn quota(self) -> Quota {
        let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Quota::per_second(at_least_one(self.per_second)).allow_burst(at_least_one(self.burst))
    }
}

/// The gate of one connection.
pub struct Gate {
    running: Arc<Semaphore>,
    rate: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
}

impl Gate {
    /// A gate for this many calls at a time and this rate.
    #[must_use]
    pub fn new(calls: u32, rate: Rate) -> Self {
        Self {
            running: Arc::new(Semaphore::new(calls as usize)),
            rate: RateLimiter::direct(rate.quota()),
        }
    }
}

/// The host's own gate.
pub struct Admission {
    running: Arc<Semaphore>,
    principals: RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock>,
}

/// While this lives, the call counts.
pub struct Admitted {
    _connection: OwnedSemaphorePermit,
    _host: OwnedSemaphorePermit,
}

impl Admission {
    /// `calls` at a time (no more than the instance pool holds), `rate` per principal.
    #[must_use]
    pub fn new(calls: u32, rate: Rate) -> Self {
        Self {
            running: Arc::new(Semaphore::new(calls as usize)),
            principals: RateLimiter::keyed(rate.quota()),
        }
    }

    /// Waits for a call's turn.
    ///
    /// # Errors
    /// Its turn does not come before `deadline`; says which limit is in the way.
    pub async fn admit(
        &self,
        principal: &str,
        gate: &Gate,
        deadline: Instant,
    ) -> Result<Admitted, ToolError> {
        self.check_principal(principal)?;
        wait(deadline, "limits.rate_per_second", gate.rate.until_ready()).await?;
        let connection = wait(
            deadline,
            "limits.concurrent_calls",
            Arc::clone(&gate.running).acquire_owned(),
        )
        .await?;
        let host = wait(
            deadline,
            "server.limits.concurrent_calls",
            Arc::clone(&self.running).acquire_owned(),
        )
        .await?;
        match (connection, host) {
            (Ok(connection), Ok(host)) => Ok(Admitted {
                _connection: connection,
                _host: host,
            }),
            _ => Err(limited("the host's shutdown", Duration::from_secs(1))),
        }
    }

    /// A principal's rate is not waited for: it is there to stop floods.
    fn check_principal(&self, principal: &str) -> Result<(), ToolError> {
        if self.principals.len() > MOST_PRINCIPALS {
            self.principals.retain_recent();
        }
        let key = principal.to_owned();
        self.principals.check_key(&key).map_err(|not_until| {
            let wait =
                not_until.wait_time_from(governor::clock::Clock::now(&DefaultClock::default()));
            limited("server.limits.rate_per_second", wait)
        })
    }
}

async fn wait<T>(
    deadline: Instant,
    limit: &str,
    turn: impl Future<Output = T>,
) -> Result<T, ToolError> {
    timeout_at(deadline.into(), turn)
        .await
        .map_err(|_| limited(limit, Duration::from_secs(1)))
}

fn limited(limit: &str, wait: Duration) -> ToolError {
    let ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1);
    ToolError::new(
        Kind::Throttled,
        "RATE_LIMITED",
        format!("{limit} is reached; nothing was sent to the CRM"),
    )
    .suggest("wait, then call again; fewer calls at a time")
    .retry(Some(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Rate = Rate {
        per_second: 1000,
        burst: 1000,
    };

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn a_full_connection_makes_the_next_call_wait() {
        let (host, gate) = (Admission::new(10, FAST), Gate::new(1, FAST));
        let first = host.admit("a", &gate, soon()).await.expect("free");
        let Err(error) = host.admit("a", &gate, soon()).await else {
            panic!("full")
        };
        assert_eq!(error.code, "RATE_LIMITED");
        assert!(error.message.contains("limits.concurrent_calls") && error.retryable);
        drop(first);
        assert!(host.admit("a", &gate, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn one_principal_does_not_slow_another() {
        let host = Admission::new(
            10,
            Rate {
                per_second: 1,
                burst: 2,
            },
        );
        let gate = Gate::new(10, FAST);
        for _ in 0..2 {
            host.admit("a", &gate, soon())
                .await
                .expect("within the burst");
        }
        let Err(error) = host.admit("a", &gate, soon()).await else {
            panic!("over the rate")
        };
        assert!(error.message.contains("server.limits.rate_per_second"));
        assert!(error.retry_after_ms.is_some_and(|ms| ms > 0 && ms <= 1000));
        assert!(host.admit("b", &gate, soon()).await.is_ok());
    }
}
