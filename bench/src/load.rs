//! Load: so many clients calling as fast as they are answered, for a time or a number of calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::plan::Plan;
use crate::process;
use crate::stats::percentile;

/// One case, measured once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Milliseconds, as the client sees them.
    pub(crate) p50_ms: f64,
    /// Milliseconds, as the client sees them.
    pub(crate) p99_ms: f64,
    pub(crate) calls_per_second: f64,
    /// Microseconds of the server's processor time for each call.
    pub(crate) cpu_us: f64,
}

/// When to stop.
#[derive(Clone)]
enum Until {
    Time(Instant),
    /// Calls that are left, of all clients together.
    Calls(Arc<AtomicUsize>),
}

impl Until {
    fn is_over(&self) -> bool {
        match self {
            Self::Time(end) => Instant::now() >= *end,
            Self::Calls(left) => left
                .try_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                .is_err(),
        }
    }
}

/// Warms up, then measures the server with this process id.
pub(crate) async fn measure(clients: Vec<Client>, pid: u32, plan: &Plan) -> Result<Measured> {
    let warm = Until::Time(Instant::now() + plan.warm_up);
    let (clients, _) = press(clients, &warm).await?;
    let (cpu, began) = (process::cpu(pid)?, Instant::now());
    let (clients, times) = press(clients, &Until::Time(began + plan.case)).await?;
    let (took, cpu) = (began.elapsed(), process::cpu(pid)?.saturating_sub(cpu));
    drop(clients);
    Ok(summary(times, took, cpu))
}

/// Makes so many calls and gives the clients back.
pub(crate) async fn calls(clients: Vec<Client>, count: usize) -> Result<Vec<Client>> {
    let until = Until::Calls(Arc::new(AtomicUsize::new(count)));
    let (clients, _) = press(clients, &until).await?;
    Ok(clients)
}

/// All clients at once, and how long each of their calls took, in seconds.
async fn press(clients: Vec<Client>, until: &Until) -> Result<(Vec<Client>, Vec<f64>)> {
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(repeat(client, until.clone()));
    }
    let (mut back, mut all) = (Vec::new(), Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (client, times) = done??;
        back.push(client);
        all.extend(times);
    }
    Ok((back, all))
}

async fn repeat(mut client: Client, until: Until) -> Result<(Client, Vec<f64>)> {
    let mut times = Vec::new();
    while !until.is_over() {
        let began = Instant::now();
        client.call().await?;
        times.push(began.elapsed().as_secs_f64());
    }
    Ok((client, times))
}

fn summary(mut times: Vec<f64>, took: Duration, cpu: Duration) -> Measured {
    times.sort_by(f64::total_cmp);
    let calls = times.len().max(1) as f64;
    Measured {
        p50_ms: percentile(&times, 50.0) * 1e3,
        p99_ms: percentile(&times, 99.0) * 1e3,
        calls_per_second: calls / took.as_secs_f64(),
        cpu_us: cpu.as_secs_f64() * 1e6 / calls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_in_the_units_it_says() {
        let second = Duration::from_secs(1);
        let measured = summary(vec![0.002, 0.001, 0.003, 0.004], second * 2, second);
        assert_eq!((measured.p50_ms, measured.p99_ms), (2.0, 4.0));
        assert_eq!(
            (measured.calls_per_second, measured.cpu_us),
            (2.0, 250_000.0)
        );
    }

    #[test]
    fn calls_run_out() {
        let until = Until::Calls(Arc::new(AtomicUsize::new(2)));
        assert_eq!([(); 3].map(|()| until.is_over()), [false, false, true]);
    }
}
