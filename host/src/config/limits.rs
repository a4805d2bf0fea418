//! Limits: value, unit, default, permitted range and reason, each declared once.
//!
//! Reading, range checks, error texts and the check of the example file all come from the two tables
//! below. It owns numbers; it must not know who enforces them.

use super::section::Section;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a second.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Calls.
    Calls,
    /// Calls in each second.
    CallsPerSecond,
    /// Lines of a log.
    Lines,
    /// Sessions of clients.
    Sessions,
    /// Answers that stay open.
    Streams,
    /// Requests in a row that met a fault.
    Faults,
    /// Requests that were not let in.
    Refusals,
}

impl Unit {
    /// The unit in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Milliseconds => "milliseconds",
            Self::Bytes => "bytes",
            Self::Calls => "calls",
            Self::CallsPerSecond => "calls per second",
            Self::Lines => "lines",
            Self::Sessions => "sessions",
            Self::Streams => "streams",
            Self::Faults => "faults",
            Self::Refusals => "refusals",
        }
    }
}

/// The declaration of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Its key in the table `limits`.
    pub key: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What holds when the key is absent.
    pub default: u64,
    /// The smallest permitted value.
    pub least: u64,
    /// The greatest permitted value.
    pub most: u64,
    /// What it bounds, and why there is such a bound.
    pub reason: &'static str,
}

impl Limit {
    /// The range in words, e.g. `a whole number of bytes from 1024 (1 KiB) to 1048576 (1 MiB)`.
    #[must_use]
    pub fn range(&self) -> String {
        let Self {
            unit, least, most, ..
        } = *self;
        format!(
            "a whole number of {} from {} to {}",
            unit.as_str(),
            self.amount(least),
            self.amount(most)
        )
    }

    /// The value, if it is in range.
    pub(super) fn check(&self, value: i128) -> Result<u64, String> {
        u64::try_from(value)
            .ok()
            .filter(|value| (self.least..=self.most).contains(value))
            .ok_or_else(|| format!("must be {}, not {value}", self.range()))
    }

    /// An amount, with a rounder spelling where bytes have one.
    fn amount(&self, value: u64) -> String {
        let rounder = [(GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")];
        match rounder
            .iter()
            .find(|(size, _)| self.unit == Unit::Bytes && value.is_multiple_of(*size))
        {
            Some((size, name)) => format!("{value} ({} {name})", value / size),
            None => value.to_string(),
        }
    }
}

macro_rules! limits {
    ($(#[$doc:meta])* $type:ident { $($key:ident: $unit:ident, $default:expr, $least:expr => $most:expr, $reason:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $type {
            $(#[doc = $reason] pub $key: u64,)*
        }

        impl $type {
            /// The declarations, in the order of the example file.
            pub const TABLE: [Limit; [$(stringify!($key)),*].len()] = [$(Limit {
                key: stringify!($key),
                unit: Unit::$unit,
                default: $default,
                least: $least,
                most: $most,
                reason: $reason,
            }),*];

            /// The keys of the table.
            pub const KEYS: [&str; Self::TABLE.len()] = [$(stringify!($key)),*];

            fn each(value: impl Fn(&Limit) -> u64) -> Self {
                let [$($key),*] = &Self::TABLE;
                Self { $($key: value($key)),* }
            }

            /// Reads the table `limits` of a section; what is absent or wrong has its default.
            pub(super) fn read(owner: &Section<'_>) -> Self {
                let Some(field) = owner.table("limits") else { return Self::default() };
                let section = Section::open(&field.key, field.value, field.report, &Self::KEYS);
                Self::each(|limit| section.limit(limit))
            }
        }

        impl Default for $type {
            fn default() -> Self {
                Self::each(|limit| limit.default)
            }
        }
    };
}

limits! {
    /// What the whole host gives; each value in the unit of [`ServerLimits::TABLE`].
    ServerLimits {
        concurrent_calls: Calls, 64, 1 => 1000, "Calls that run at once on all connections; each has a sandbox of its own, and its memory.";
        rate_per_second: CallsPerSecond, 50, 1 => 100_000, "Steady rate of one caller over all connections; one client in a loop must not starve the others.";
        rate_burst: Calls, 100, 1 => 1_000_000, "Calls of one caller that may come at once before the rate holds; agents call in bursts.";
        calls_per_caller: Calls, 16, 1 => 1000, "Calls that run at once for one key or token; whoever asks for more waits, and others have room.";
        sessions: Sessions, 1000, 1 => 100_000, "Open sessions of HTTP clients of the older protocol revisions; each keeps some memory until it ends.";
        sessions_per_caller: Sessions, 100, 1 => 100_000, "Open sessions of one key or token; a client that opens a new one for each question runs into this first.";
        streams: Streams, 1000, 1 => 100_000, "Clients that wait to be told of changes (subscriptions/listen); each keeps a connection and some memory.";
        streams_per_caller: Streams, 50, 1 => 100_000, "Streams that one key or token keeps open, of sessions and of subscriptions together.";
        refusals_per_minute: Refusals, 60, 1 => 100_000, "Requests of one address with a wrong key or token before it is told to wait; behind a proxy all callers have one address, and right keys always come in.";
        request_bytes: Bytes, 4 * MIB, KIB => 64 * MIB, "Body of one MCP request; it is read into memory before anything else is known of it.";
        human_ms: Milliseconds, 300_000, 1000 => 600_000, "Time that a person has to answer a question that is put to them through their client; the call holds no place meanwhile.";
        drain_ms: Milliseconds, 10_000, 100 => 300_000, "Time that running calls have to finish when the host stops; supervisors kill after 10 to 90 seconds.";
    }
}

limits! {
    /// What one connection and each of its calls get; each value in the unit of [`Limits::TABLE`].
    Limits {
        timeout_ms: Milliseconds, 30_000, 100 => 600_000, "The whole call, waiting for the CRM included; many MCP clients give up after a minute.";
        memory_bytes: Bytes, 64 * MIB, MIB => 256 * MIB, "Memory of one call's sandbox, all its memories together; it holds the CRM's answer a few times over.";
        cpu_ms: Milliseconds, 2_000, 10 => 60_000, "Computing time of one call's plugin, waiting not counted; an endless loop ends here.";
        host_bytes: Bytes, 16 * MIB, 64 * KIB => 256 * MIB, "Bytes that one call's plugin may hand to the host in requests, cache and log, all together.";
        upstream_calls: Calls, 64, 1 => 10_000, "Requests to the CRM within one call; a plugin that pages without end stops here.";
        request_bytes: Bytes, 4 * MIB, KIB => 64 * MIB, "Body of one request to the CRM.";
        response_bytes: Bytes, 8 * MIB, KIB => 256 * MIB, "Body of one answer of the CRM after decompression; a few bytes can decompress into gigabytes.";
        output_bytes: Bytes, 4 * MIB, KIB => 64 * MIB, "Result of one call; more than this fits no model's context window.";
        log_lines: Lines, 100, 1 => 10_000, "Lines that one call's plugin may log; what is over is counted and dropped.";
        concurrent_calls: Calls, 8, 1 => 1000, "Calls that run at once on this connection; protects the CRM.";
        rate_per_second: CallsPerSecond, 20, 1 => 10_000, "Steady rate of calls on this connection, all callers together; protects the CRM.";
        rate_burst: Calls, 40, 1 => 100_000, "Calls that may come at once on this connection before the rate holds.";
        breaker_threshold: Faults, 5, 1 => 1000, "Requests in a row that met a timeout, a broken connection or an unexplained 5xx before the CRM is left alone.";
        breaker_reset_ms: Milliseconds, 60_000, 1000 => 3_600_000, "How long the CRM is left alone before one request finds out whether it works again.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_in_its_range_and_every_limit_has_a_reason() {
        for limit in Limits::TABLE.iter().chain(&ServerLimits::TABLE) {
            assert_eq!(
                limit.check(i128::from(limit.default)),
                Ok(limit.default),
                "{}",
                limit.key
            );
            assert!(
                limit.reason.ends_with('.') && limit.reason.len() > 20,
                "{}",
                limit.key
            );
        }
    }

    #[test]
    fn out_of_range_names_the_range() {
        let [timeout, memory, ..] = &Limits::TABLE;
        for value in [0, -1, 99, 600_001, i128::MAX] {
            assert_eq!(
                timeout.check(value),
                Err(format!(
                    "must be a whole number of milliseconds from 100 to 600000, not {value}"
                ))
            );
        }
        assert_eq!(
            memory.range(),
            "a whole number of bytes from 1048576 (1 MiB) to 268435456 (256 MiB)"
        );
    }

    #[test]
    fn defaults() {
        let Limits {
            timeout_ms,
            memory_bytes,
            concurrent_calls,
            ..
        } = Limits::default();
        assert_eq!(
            (timeout_ms, memory_bytes, concurrent_calls),
            (30_000, 67_108_864, 8)
        );
        assert_eq!(ServerLimits::default().rate_burst, 100);
    }
}
