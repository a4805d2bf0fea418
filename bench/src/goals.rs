//! The goals, and whether they are met.

use serde::Serialize;

use crate::calls::{self, Case, Server};
use crate::memory::Memory;
use crate::plan::MOST_CLIENTS;
use crate::startup::Startup;
use crate::subject::{self, Over};

/// How much memory may move between readings and still be flat, in megabytes.
const FLAT: f64 = 3.0;

/// One goal.
#[derive(Debug, Serialize)]
pub(crate) struct Goal {
    pub(crate) what: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) limit: f64,
    /// Whether more is better.
    pub(crate) at_least: bool,
    pub(crate) value: f64,
    pub(crate) met: bool,
}

impl Goal {
    fn at_most(what: &'static str, value: f64, limit: f64, unit: &'static str) -> Self {
        Self {
            what,
            unit,
            limit,
            at_least: false,
            value,
            met: value <= limit,
        }
    }

    fn at_least(what: &'static str, value: f64, limit: f64, unit: &'static str) -> Self {
        Self {
            at_least: true,
            met: value >= limit,
            ..Self::at_most(what, value, limit, unit)
        }
    }
}

/// All of them, in the order of the report.
pub(crate) fn judge(startup: &Startup, calls: &[Case], memory: &Memory) -> Vec<Goal> {
    let value = |call, clients, of: fn(&Case) -> f64| {
        calls::find(calls, call, Server::Host, Over::Http(clients)).map_or(f64::NAN, of)
    };
    let rate = |call| value(call, MOST_CLIENTS, |case| case.calls_per_second);
    let get = subject::GET;
    let p99 = value(get, 1, |case| case.p99_ms);
    let cpu = value(get, MOST_CLIENTS, |case| case.cpu_us);
    let small = calls::added(calls, subject::SMALL);
    let largest = calls::added(calls, subject::OPPORTUNITIES);
    let (few, lists) = (&memory.calls, &memory.lists);
    vec![
        Goal::at_most("start, warm cache", startup.warm_ms, 25.0, "ms"),
        Goal::at_most(
            "EspoCRM get: added to the stub's p50",
            calls::added(calls, get),
            0.35,
            "ms",
        ),
        Goal::at_most("EspoCRM get: p99, 1 client", p99, 2.0, "ms"),
        Goal::at_most("EspoCRM get: CPU per call, 32 clients", cpu, 250.0, "µs"),
        Goal::at_least(
            "EspoCRM get: calls a second, 32 clients",
            rate(get),
            5000.0,
            "/s",
        ),
        Goal::at_most(
            "BottleCRM search, small body: added to the stub's p50",
            small,
            1.0,
            "ms",
        ),
        Goal::at_most(
            "BottleCRM search, 533 kB list: added to the stub's p50",
            largest,
            6.0,
            "ms",
        ),
        Goal::at_least(
            "BottleCRM search, small body: calls a second, 32 clients",
            rate(subject::SMALL),
            3000.0,
            "/s",
        ),
        Goal::at_most("memory idle", few.idle.resident, 40.0, "MB"),
        Goal::at_most("memory after 10,000 calls", few.loaded.resident, 90.0, "MB"),
        Goal::at_most("memory growth from then on", few.growth(), FLAT, "MB"),
        Goal::at_most(
            "memory after 2,000 lists of 105 kB",
            lists.loaded.resident,
            100.0,
            "MB",
        ),
        Goal::at_most(
            "memory growth from then on, lists",
            lists.growth(),
            FLAT,
            "MB",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_missed() {
        assert!(Goal::at_most("a", 25.0, 25.0, "ms").met);
        assert!(!Goal::at_most("a", 25.1, 25.0, "ms").met);
        assert!(Goal::at_least("a", 5000.0, 5000.0, "/s").met);
        assert!(!Goal::at_least("a", f64::NAN, 5000.0, "/s").met);
        assert!(!Goal::at_most("a", f64::NAN, 1.0, "ms").met);
    }
}
