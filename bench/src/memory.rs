//! Resident memory of a host of its own: idle, after many calls at 32 clients, and later.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::load;
use crate::mcp::Ask;
use crate::plan::{CALLS_FOR_MEMORY, LISTS_FOR_MEMORY, MOST_CLIENTS, Plan};
use crate::process::resident;
use crate::program::Served;
use crate::report::progress;
use crate::setup::Setup;
use crate::subject;

/// Until a host that has started, or has answered its last call, rests.
const REST: Duration = Duration::from_millis(500);

/// Two hosts: one that answers small calls, one that reads large lists.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) calls: Course,
    pub(crate) lists: Course,
}

/// Megabytes (of 1,000,000 bytes).
#[derive(Debug, Serialize)]
pub(crate) struct Course {
    pub(crate) idle: Megabytes,
    /// After the first calls.
    pub(crate) loaded: Megabytes,
    /// After as many that followed, each time.
    pub(crate) later: Vec<Megabytes>,
}

/// Megabytes of one reading.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Megabytes {
    pub(crate) resident: f64,
    /// Without mapped files.
    pub(crate) anonymous: f64,
}

impl Course {
    /// How much the last reading is above the first one under load.
    pub(crate) fn growth(&self) -> f64 {
        let last = self.later.last().unwrap_or(&self.loaded);
        last.resident - self.loaded.resident
    }
}

/// Loads new hosts and reads their memory.
pub(crate) async fn measure(setup: &Setup, plan: &Plan) -> Result<Memory> {
    progress("memory");
    Ok(Memory {
        calls: course(setup, plan, subject::GET, CALLS_FOR_MEMORY).await?,
        lists: course(setup, plan, subject::LEADS, LISTS_FOR_MEMORY).await?,
    })
}

async fn course(setup: &Setup, plan: &Plan, key: &str, calls: usize) -> Result<Course> {
    let ask = &setup.known(key)?.subject.ask;
    let host = setup.host.serve().await?;
    let idle = rest(&host).await?;
    let loaded = after_calls(&host, ask, calls).await?;
    let mut later = Vec::new();
    for _ in 0..plan.memory_repeats {
        later.push(after_calls(&host, ask, calls).await?);
    }
    Ok(Course {
        idle,
        loaded,
        later,
    })
}

/// Clients stay connected while memory is read.
async fn after_calls(host: &Served, ask: &Ask, calls: usize) -> Result<Megabytes> {
    let clients = host.clients(ask, MOST_CLIENTS).await?;
    let clients = load::calls(clients, calls).await?;
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
