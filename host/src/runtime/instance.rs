//! The store of one call: WASI over an empty context, the limiter, and what the call may reach.

use wasmtime::component::{HasData, ResourceTable};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::limiter::Limiter;
use super::output::Printed;
use super::ticker::TICK;
use crate::capability::Reach;
use crate::config::Limits;

/// Handles (streams, pollables) that a guest may hold at a time.
const MOST_HANDLES: usize = 1000;

/// What belongs to one instance and goes with it.
pub struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    limiter: Limiter,
    cpu: Cpu,
    /// Lines that it may still print or log.
    pub(crate) printed: Printed,
    /// What it may reach.
    pub(crate) reach: Reach,
}

/// Ticks of guest CPU time.
#[derive(Debug)]
struct Cpu {
    left: u64,
    spent: bool,
}

impl Cpu {
    fn charge(&mut self) -> UpdateDeadline {
        if self.left == 0 {
            self.spent = true;
            return UpdateDeadline::Interrupt;
        }
        self.left -= 1;
        UpdateDeadline::Yield(1)
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
                left: ticks(limits.cpu_ms),
                spent: false,
            },
            printed,
            reach,
        };
        let mut store = Store::new(engine, guest);
        store.limiter(|guest| &mut guest.limiter);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().cpu.charge()));
        store.set_hostcall_fuel(usize::try_from(limits.host_bytes).unwrap_or(usize::MAX));
        store
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

fn ticks(cpu_ms: u64) -> u64 {
    cpu_ms.div_ceil(u64::try_from(TICK.as_millis()).unwrap_or(1))
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
    fn cpu_is_charged_by_the_tick_and_then_interrupted() {
        let mut cpu = Cpu {
            left: ticks(11),
            spent: false,
        };
        for _ in 0..3 {
            assert!(matches!(cpu.charge(), UpdateDeadline::Yield(1)));
        }
        assert!(matches!(cpu.charge(), UpdateDeadline::Interrupt));
        assert!(cpu.spent);
    }
}
