//! The goals, and whether they are met.

use serde::Serialize;

use crate::calls::{Case, Over, Server};
use crate::memory::Memory;
use crate::startup::Startup;

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
    let case = |server, over| {
        let same = |case: &&Case| case.tool == "get" && case.server == server && case.over == over;
        calls.iter().find(same)
    };
    let value = |server, clients, of: fn(&Case) -> f64| {
        case(server, Over::Http(clients)).map_or(f64::NAN, of)
    };
    let added = value(Server::Host, 1, |c| c.p50_ms) - value(Server::Stub, 1, |c| c.p50_ms);
    let p99 = value(Server::Host, 1, |c| c.p99_ms);
    let cpu = value(Server::Host, 32, |c| c.cpu_us);
    let rate = value(Server::Host, 32, |c| c.calls_per_second);
    vec![
        Goal::at_most("start, warm cache", startup.warm_ms, 25.0, "ms"),
        Goal::at_most("get: added to the stub's p50", added, 0.35, "ms"),
        Goal::at_most("get: p99, 1 client", p99, 2.0, "ms"),
        Goal::at_most("get: CPU per call, 32 clients", cpu, 250.0, "µs"),
        Goal::at_least("get: calls a second, 32 clients", rate, 5000.0, "/s"),
        Goal::at_most("memory idle", memory.idle.resident, 40.0, "MB"),
        Goal::at_most(
            "memory after 10,000 calls",
            memory.loaded.resident,
            90.0,
            "MB",
        ),
        Goal::at_most("memory growth from then on", memory.growth(), FLAT, "MB"),
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
