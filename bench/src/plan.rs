//! How long and how often things are measured.

use std::time::Duration;

/// The most clients at a time over HTTP.
pub(crate) const MOST_CLIENTS: usize = 32;

/// Calls after which memory is read.
pub(crate) const CALLS_FOR_MEMORY: usize = 10_000;

/// Large lists after which memory is read.
pub(crate) const LISTS_FOR_MEMORY: usize = 2_000;

/// Durations and repetitions of one run.
pub(crate) struct Plan {
    /// Starts with a warm cache, and of the baseline.
    pub(crate) warm_starts: usize,
    /// Starts with an empty cache, which compile the plugins.
    pub(crate) cold_starts: usize,
    /// Rounds over all cases; their median counts.
    pub(crate) rounds: usize,
    /// One case within one round.
    pub(crate) case: Duration,
    /// Load before a case that is not counted.
    pub(crate) warm_up: Duration,
    /// Times that memory is read again after as many calls.
    pub(crate) memory_repeats: usize,
}

impl Plan {
    /// The whole run, or a quick one.
    pub(crate) fn new(quick: bool) -> Self {
        if quick {
            Self {
                warm_starts: 5,
                cold_starts: 1,
                rounds: 1,
                case: Duration::from_millis(220),
                warm_up: Duration::from_millis(60),
                memory_repeats: 1,
            }
        } else {
            Self {
                warm_starts: 11,
                cold_starts: 3,
                rounds: 3,
                case: Duration::from_millis(1500),
                warm_up: Duration::from_millis(200),
                memory_repeats: 4,
            }
        }
    }
}
