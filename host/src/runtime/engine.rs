//! The engine: how components are compiled and where their instances live.
//!
//! Owns the settings that decide what a compiled artefact fits; one memory setting serves the
//! pooling allocator and the on-demand one, so an artefact made under either runs under both. It
//! must not know what a plugin is.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

/// The most linear memory that any connection may grant an instance, in bytes; the address space
/// of every slot is reserved at this size, the operator's limit is kept by the limiter.
pub const LARGEST_MEMORY: usize = 256 << 20;

/// Stack of a guest in bytes; half of the fiber's, so that host calls always have room.
const GUEST_STACK: usize = 1 << 20;

/// Linear memories of one component. Rust components have one; languages that bring an
/// interpreter have two.
const MEMORIES_PER_COMPONENT: u32 = 4;

/// Core instances of one component: the module, its adapters and their glue.
const CORE_INSTANCES_PER_COMPONENT: u32 = 24;

/// Tables of one component.
const TABLES_PER_COMPONENT: u32 = 8;

/// Elements of one table.
pub(super) const TABLE_ELEMENTS: usize = 100_000;

/// How much of a memory stays resident between two calls, in bytes, where the system tells which
/// pages a call wrote (Linux 6.7). Those are cleared by writing; the others cost nothing. A call of a
/// Rust plugin writes 30 kB for one record and 60 to 160 kB for a page of 20; what a large list writes
/// beyond this is given back, or every slot that ever served one would hold 330 kB.
const KEEP_WRITTEN: usize = 128 << 10;

/// The same where the system does not tell: all of it is cleared, written or not, and it lies at the
/// memory's beginning, where a Rust plugin has the unused part of its stack.
const KEEP_LOWEST: usize = 64 << 10;

/// Slots that are given back to the system together: each giving back interrupts every thread.
const DECOMMIT_BATCH: usize = 16;

/// Where instances live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// Slots reserved at the start.
    Pooling,
    /// Memory mapped for each instance; about 20 % slower, and needs no reservation.
    OnDemand,
}

/// Builds the engine with pooling, and without it where the address space cannot be reserved.
///
/// `calls` is how many instances may live at a time.
///
/// # Errors
/// The engine cannot be built at all, for instance on a processor that Cranelift does not know.
pub fn build(calls: u32) -> wasmtime::Result<(Engine, Allocation)> {
    match Engine::new(settings().allocation_strategy(pool(calls))) {
        Ok(engine) => Ok((engine, Allocation::Pooling)),
        Err(error) => {
            tracing::warn!(%error, "the pooling allocator is not available; instances are allocated on demand");
            let engine =
                Engine::new(settings().allocation_strategy(InstanceAllocationStrategy::OnDemand))?;
            Ok((engine, Allocation::OnDemand))
        }
    }
}

fn settings() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .memory_reservation(LARGEST_MEMORY as u64)
        .memory_may_move(false)
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(2 * GUEST_STACK)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

fn pool(calls: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    let tells_written = PoolingAllocationConfig::is_pagemap_scan_available();
    pool.total_component_instances(calls)
        .total_stacks(calls)
        .total_memories(calls * MEMORIES_PER_COMPONENT)
        .total_tables(calls * TABLES_PER_COMPONENT)
        .total_core_instances(calls * CORE_INSTANCES_PER_COMPONENT)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .max_memory_size(LARGEST_MEMORY)
        .table_elements(TABLE_ELEMENTS)
        .max_unused_warm_slots(calls)
        .decommit_batch_size(DECOMMIT_BATCH)
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(if tells_written {
            KEEP_WRITTEN
        } else {
            KEEP_LOWEST
        })
        .table_keep_resident(64 << 10);
    pool
}
