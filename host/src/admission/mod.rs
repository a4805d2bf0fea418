//! Who may start now: rates and numbers of calls, per principal, per connection and overall.
//!
//! A call waits for its turn until its deadline is near; then it is told to come back.

mod callers;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

pub use callers::{Place, Places};

use crate::error::{Kind, ToolError};
use crate::policy::Principal;

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

/// A rate of each caller.
type PerCaller = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock>;

/// The host's own gate.
pub struct Admission {
    running: Arc<Semaphore>,
    principals: PerCaller,
    /// Those with rates of their own, by calls per minute: as many as the operator gave out.
    own: Mutex<BTreeMap<u32, Arc<PerCaller>>>,
    calls_of_each: Places,
}

/// While this lives, the call counts.
pub struct Admitted {
    _connection: OwnedSemaphorePermit,
    _host: OwnedSemaphorePermit,
    _of_caller: Option<Place>,
}

impl Admission {
    /// `calls` at a time (no more than the instance pool holds), of each known caller at most
    /// `calls_of_each`, `rate` per principal.
    #[must_use]
    pub fn new(calls: u32, calls_of_each: u32, rate: Rate) -> Self {
        Self {
            running: Arc::new(Semaphore::new(calls as usize)),
            principals: RateLimiter::keyed(rate.quota()),
            own: Mutex::default(),
            calls_of_each: Places::each(calls_of_each as usize),
        }
    }

    /// Waits for a call's turn.
    ///
    /// # Errors
    /// Its turn does not come before `deadline`; says which limit is in the way.
    pub async fn admit(
        &self,
        principal: &Principal,
        gate: &Gate,
        deadline: Instant,
    ) -> Result<Admitted, ToolError> {
        self.check_principal(principal)?;
        let of_caller = self.place(principal, deadline).await?;
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
                _of_caller: of_caller,
            }),
            _ => Err(limited("the host's shutdown", Duration::from_secs(1))),
        }
    }

    /// Whoever is not known is everybody, and has no share of their own.
    async fn place(
        &self,
        principal: &Principal,
        deadline: Instant,
    ) -> Result<Option<Place>, ToolError> {
        if !principal.is_known() {
            return Ok(None);
        }
        let turn = self.calls_of_each.wait(principal.as_str());
        wait(deadline, "server.limits.calls_per_caller", turn).await
    }

    /// A principal's rate is not waited for: it is there to stop floods.
    fn check_principal(&self, principal: &Principal) -> Result<(), ToolError> {
        let caller = principal.as_str();
        check(&self.principals, caller, "server.limits.rate_per_second")?;
        let own = principal.mandate().and_then(|m| m.calls_per_minute);
        match own.and_then(NonZeroU32::new) {
            Some(rate) => check(&self.of_rate(rate), caller, "the rate of this caller's key"),
            None => Ok(()),
        }
    }

    fn of_rate(&self, rate: NonZeroU32) -> Arc<PerCaller> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(RateLimiter::keyed(Quota::per_minute(rate)));
        Arc::clone(own.entry(rate.get()).or_insert_with(made))
    }
}

fn check(rates: &PerCaller, caller: &str, limit: &str) -> Result<(), ToolError> {
    if rates.len() > MOST_PRINCIPALS {
        rates.retain_recent();
    }
    rates.check_key(&caller.to_owned()).map_err(|not_until| {
        let now = governor::clock::Clock::now(&DefaultClock::default());
        limited(limit, not_until.wait_time_from(now))
    })
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
    use crate::policy::{Bearer, Mandate};

    const FAST: Rate = Rate {
        per_second: 1000,
        burst: 1000,
    };

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn a_full_connection_makes_the_next_call_wait() {
        let (host, gate) = (Admission::new(10, 10, FAST), Gate::new(1, FAST));
        let a = Principal::stdio();
        let first = host.admit(&a, &gate, soon()).await.expect("free");
        let Err(error) = host.admit(&a, &gate, soon()).await else {
            panic!("full")
        };
        assert_eq!(error.code, "RATE_LIMITED");
        assert!(error.message.contains("limits.concurrent_calls") && error.retryable);
        drop(first);
        assert!(host.admit(&a, &gate, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn a_known_caller_has_a_share_and_everybody_has_none() {
        let (host, gate) = (Admission::new(10, 1, FAST), Gate::new(10, FAST));
        let (ada, bob) = (Principal::named("key", "a"), Principal::named("key", "b"));
        let first = host.admit(&ada, &gate, soon()).await.expect("free");
        let Err(error) = host.admit(&ada, &gate, soon()).await else {
            panic!("her share is taken")
        };
        assert!(error.message.contains("server.limits.calls_per_caller"));
        assert!(host.admit(&bob, &gate, soon()).await.is_ok());
        let everybody = [Principal::stdio(), Principal::anonymous()];
        for anybody in everybody {
            let _one = host.admit(&anybody, &gate, soon()).await.expect("free");
            assert!(host.admit(&anybody, &gate, soon()).await.is_ok());
        }
        drop(first);
        assert!(host.admit(&ada, &gate, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn a_key_may_have_a_rate_of_its_own() {
        let (host, gate) = (Admission::new(10, 10, FAST), Gate::new(10, FAST));
        let key = |name: &str, rate| {
            let mandate = Mandate {
                calls_per_minute: Some(rate),
                ..Mandate::everything(Bearer::Key)
            };
            Principal::named("key", name).within(Arc::new(mandate))
        };
        let (slow, same, other) = (key("a", 2), key("b", 2), key("c", 100));
        for _ in 0..2 {
            host.admit(&slow, &gate, soon()).await.expect("within it");
        }
        let Err(error) = host.admit(&slow, &gate, soon()).await else {
            panic!("over the rate")
        };
        assert!(error.message.contains("the rate of this caller's key"));
        let wait = error.retry_after_ms.expect("it says when");
        assert!((1..=30_000).contains(&wait), "{wait}");
        assert!(host.admit(&same, &gate, soon()).await.is_ok());
        for _ in 0..50 {
            host.admit(&other, &gate, soon()).await.expect("within it");
        }
    }

    #[tokio::test]
    async fn one_principal_does_not_slow_another() {
        let (a, b) = (Principal::named("key", "a"), Principal::named("key", "b"));
        let host = Admission::new(
            10,
            10,
            Rate {
                per_second: 1,
                burst: 2,
            },
        );
        let gate = Gate::new(10, FAST);
        for _ in 0..2 {
            host.admit(&a, &gate, soon())
                .await
                .expect("within the burst");
        }
        let Err(error) = host.admit(&a, &gate, soon()).await else {
            panic!("over the rate")
        };
        assert!(error.message.contains("server.limits.rate_per_second"));
        assert!(error.retry_after_ms.is_some_and(|ms| ms > 0 && ms <= 1000));
        assert!(host.admit(&b, &gate, soon()).await.is_ok());
    }
}
