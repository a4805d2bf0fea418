//! What `/proc` says of a process: processor time and resident memory.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Length of a tick of `/proc/<pid>/stat`; the kernel shows 100 a second to programs on every
/// architecture that the host runs on.
const TICK: Duration = Duration::from_millis(10);

/// Processor time that all threads of a process have had, in user and kernel mode.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let ticks = ticks(&text).with_context(|| format!("{path} has an unknown form"))?;
    Ok(TICK * ticks)
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(pid: u32) -> Result<Resident> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let field = |name| bytes(&text, name).with_context(|| format!("{path} has no {name}"));
    Ok(Resident {
        total: field("VmRSS")?,
        anonymous: field("RssAnon")?,
    })
}

/// Resident memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resident {
    /// All of it.
    pub(crate) total: u64,
    /// Without mapped files, of which the program itself is most.
    pub(crate) anonymous: u64,
}

/// `utime` and `stime`, the 14th and 15th field; the second is a name that may hold anything.
fn ticks(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let kernel: u32 = fields.next()?.parse().ok()?;
    Some(user + kernel)
}

fn bytes(status: &str, name: &str) -> Option<u64> {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?.strip_prefix(':')?;
        rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    status.lines().find_map(value).map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_found_behind_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 900 0 0 0 250 75 1 2 20 0 9 0 1000 5 6";
        assert_eq!(ticks(stat), Some(325));
        assert_eq!(ticks("42 (a) S 1"), None);
    }

    #[test]
    fn memory_is_in_bytes() {
        let status = "Name:\tx\nVmRSSx:\t1 kB\nVmRSS:\t   2048 kB\nRssAnon:\t 1000 kB\n";
        assert_eq!(bytes(status, "VmRSS"), Some(2 << 20));
        assert_eq!(bytes(status, "RssAnon"), Some(1_024_000));
        assert_eq!(bytes(status, "RssFile"), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let pid = std::process::id();
        assert!(cpu(pid).is_ok());
        assert!(resident(pid).is_ok_and(|memory| memory.total >= memory.anonymous));
    }
}
