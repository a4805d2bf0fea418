//! Start: from the start of the process to an answered `tools/list`, over stdio.
//!
//! Cold means that the folder of compiled plugins is missing; warm, that an earlier start filled
//! it. The files themselves are in the page cache in both cases.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use crate::mcp;
use crate::plan::Plan;
use crate::program::Program;
use crate::report::progress;
use crate::setup::Setup;
use crate::stats::median;

/// Medians, in milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Startup {
    pub(crate) warm_ms: f64,
    pub(crate) cold_ms: f64,
    pub(crate) baseline_ms: f64,
}

/// Starts host and baseline as often as planned; leaves the cache warm.
pub(crate) async fn measure(setup: &Setup, plan: &Plan) -> Result<Startup> {
    progress("start with an empty cache");
    let mut cold = Vec::new();
    for _ in 0..plan.cold_starts {
        fs::remove_dir_all(setup.cache()).context("the host made no cache")?;
        cold.push(start(&setup.host).await?);
    }
    progress("start with a warm cache");
    let (mut warm, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..plan.warm_starts {
        warm.push(start(&setup.host).await?);
        bare.push(start(&setup.baseline).await?);
    }
    Ok(Startup {
        warm_ms: median(warm),
        cold_ms: median(cold),
        baseline_ms: median(bare),
    })
}

async fn start(program: &Program) -> Result<f64> {
    let list = mcp::list();
    let began = Instant::now();
    let mut session = program.session()?;
    let answer = session.ask(&list).await?;
    let took = began.elapsed();
    let answer: Value = serde_json::from_slice(answer)?;
    let tools = answer["result"]["tools"].as_array().map_or(0, Vec::len);
    anyhow::ensure!(tools > 0, "a list without tools: {answer}");
    session.close().await?;
    Ok(took.as_secs_f64() * 1e3)
}
