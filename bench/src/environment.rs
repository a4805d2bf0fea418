//! Where and when it was measured: numbers of two machines, or of a busy one, do not compare.

use std::fs;
use std::thread;

use anyhow::{Context, Result};
use serde::Serialize;

/// The machine at the beginning of the run.
#[derive(Debug, Serialize)]
pub(crate) struct Environment {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    /// Mean number of running tasks in the minute before.
    pub(crate) load: f64,
    pub(crate) date: String,
}

/// Reads it.
pub(crate) fn read() -> Result<Environment> {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")
        .context("the bench reads /proc and runs on Linux alone")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(Environment {
        processor: model(&processors).unwrap_or("unknown").to_owned(),
        cores: thread::available_parallelism()?.get(),
        kernel: kernel.trim().to_owned(),
        load: first(&load).unwrap_or(0.0),
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
    })
}

impl Environment {
    /// One line for people.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} cores ({}), Linux {}, load {:.1} at the beginning, {}",
            self.cores, self.processor, self.kernel, self.load, self.date
        )
    }
}

fn model(processors: &str) -> Option<&str> {
    let mut lines = processors.lines();
    let line = lines.find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

fn first(load: &str) -> Option<f64> {
    load.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel_are_read() {
        let processors = "processor\t: 0\nmodel name\t: Fast One\nmodel\t: 6\n";
        assert_eq!(model(processors), Some("Fast One"));
        assert_eq!(first("0.25 0.10 0.05 1/99 4242"), Some(0.25));
        assert!(read().is_ok_and(|environment| environment.cores > 0));
    }
}
