//! The store of one call: WASI over an empty context, the limiter, and what the call may reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::component::{HasData, ResourceTable};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::limiter::Limiter;
use super::meter::Meter;
use super::output::Printed;
use crate::capability::Reach;
use crate::config::Limits;

/// Handles that a guest may hold at a time: streams, pollables, and those of kinds of its own.
const MOST_HANDLES: usize = 1000;

/// What belongs to one instance and goes with it.
pub struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    limiter: Limiter,
    cpu: Cpu,
    /// Lines that it may still print or log.
    pub(crate) printed: Printed,
    /// Bytes that it may still hand to the host.
    pub(crate) allowance: Allowance,
    /// What it may reach.
    pub(crate) reach: Reach,
}

/// What is left of a call's `limits.host_bytes`.
#[derive(Debug)]
pub struct Allowance(AtomicU64);

impl Allowance {
    /// Takes bytes off it; false where it does not hold as many, and then it holds none.
    pub fn take(&self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        let left = |left: u64| Some(left.saturating_sub(bytes));
        let before = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        before.is_ok_and(|before| before >= bytes)
    }
}

/// The computing time of a guest, looked at with every tick of the epoch.
#[derive(Debug)]
struct Cpu {
    most: Duration,
    meter: Arc<Meter>,
    spent: bool,
}

impl Cpu {
    fn look(&mut self) -> UpdateDeadline {
        self.spent = self.meter.computed() > self.most;
        if self.spent {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Yield(1)
        }
    }
}

impl Guest {
    /// A store with nothing in it but what `reach` allows.
    pub fn store(engine: &Engine, reach: Reach, limits: &Limits) -> Store<Self> {
        let printed = Printed::new(
            reach.call,
            u32::try_from(limits.log_lines).unwrap_or(u32::MAX),
        );
        let wasi = WasiCtxBuilder::new()
            .stdout(printed.clone())
            .stderr(printed.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_HANDLES);
        let guest = Self {
            wasi,
            table,
            limiter: Limiter::new(usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX)),
            cpu: Cpu {
                most: Duration::from_millis(limits.cpu_ms),
                meter: Meter::new(),
                spent: false,
            },
            printed,
            allowance: Allowance(AtomicU64::new(limits.host_bytes)),
            reach,
        };
        let mut store = Store::new(engine, guest);
        store.limiter(|guest| &mut guest.limiter);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().cpu.look()));
        store.set_max_component_handles(MOST_HANDLES);
        store.set_hostcall_fuel(usize::try_from(limits.host_bytes).unwrap_or(usize::MAX));
        store
    }

    /// What measures its computing time.
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.cpu.meter)
    }

    /// The limit that this instance ran into, by its key in the operator's file.
    #[must_use]
    pub fn exceeded(&self) -> Option<&'static str> {
        if self.cpu.spent {
            Some("limits.cpu_ms")
        } else {
            self.limiter.refused()
        }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Names the store's data to generated code.
pub struct InGuest;

impl HasData for InGuest {
    type Data<'a> = &'a mut Guest;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_yields_while_it_has_time_and_is_interrupted_then() {
        let mut cpu = Cpu {
            most: Duration::from_hours(1),
            meter: Meter::new(),
            spent: false,
        };
        assert!(matches!(cpu.look(), UpdateDeadline::Yield(1)));
        assert!(!cpu.spent);
        cpu.most = Duration::ZERO;
        assert!(matches!(cpu.look(), UpdateDeadline::Interrupt));
        assert!(cpu.spent);
    }

    #[test]
    fn an_allowance_is_spent_by_what_does_not_fit() {
        let allowance = Allowance(AtomicU64::new(10));
        assert!(allowance.take(4) && allowance.take(6) && allowance.take(0));
        assert!(!allowance.take(1));
        let allowance = Allowance(AtomicU64::new(10));
        assert!(!allowance.take(11) && !allowance.take(1));
    }
}
