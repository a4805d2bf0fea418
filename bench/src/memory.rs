//! Resident memory of a host of its own: idle, after 10,000 calls at 32 clients, and later.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::load;
use crate::plan::{CALLS_FOR_MEMORY, MOST_CLIENTS, Plan};
use crate::process::resident;
use crate::program::Served;
use crate::report::progress;
use crate::setup::Setup;

/// Until a host that has started, or has answered its last call, rests.
const REST: Duration = Duration::from_millis(500);

/// Megabytes (of 1,000,000 bytes).
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) idle: Megabytes,
    /// After the first 10,000 calls.
    pub(crate) loaded: Megabytes,
    /// After each 10,000 that followed.
    pub(crate) later: Vec<Megabytes>,
}

/// Megabytes of one reading.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Megabytes {
    pub(crate) resident: f64,
    /// Without mapped files.
    pub(crate) anonymous: f64,
}

impl Memory {
    /// How much the last reading is above the first one under load.
    pub(crate) fn growth(&self) -> f64 {
        let last = self.later.last().unwrap_or(&self.loaded);
        last.resident - self.loaded.resident
    }
}

/// Loads a new host and reads its memory.
pub(crate) async fn measure(setup: &Setup, plan: &Plan) -> Result<Memory> {
    progress("memory");
    let host = setup.host.serve().await?;
    let idle = rest(&host).await?;
    let loaded = after_calls(setup, &host).await?;
    let mut later = Vec::new();
    for _ in 0..plan.memory_repeats {
        later.push(after_calls(setup, &host).await?);
    }
    Ok(Memory {
        idle,
        loaded,
        later,
    })
}

/// Clients stay connected while memory is read.
async fn after_calls(setup: &Setup, host: &Served) -> Result<Megabytes> {
    let clients = host.clients(&setup.get, MOST_CLIENTS).await?;
    let clients = load::calls(clients, CALLS_FOR_MEMORY).await?;
    let memory = rest(host).await?;
    drop(clients);
    Ok(memory)
}

async fn rest(host: &Served) -> Result<Megabytes> {
    tokio::time::sleep(REST).await;
    let memory = resident(host.pid()?)?;
    Ok(Megabytes {
        resident: memory.total as f64 / 1e6,
        anonymous: memory.anonymous as f64 / 1e6,
    })
}
