//! `call.remaining-ms`.

use std::time::Instant;

use crate::runtime::Guest;
use crate::runtime::bindings::portcullis::plugin::call::Host;

impl Host for Guest {
    fn remaining_ms(&mut self) -> u32 {
        let left = self
            .reach
            .deadline
            .saturating_duration_since(Instant::now());
        u32::try_from(left.as_millis()).unwrap_or(u32::MAX)
    }
}
