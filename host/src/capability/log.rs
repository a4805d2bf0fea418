//! `log.write`: a plugin's lines in the operator's log, capped in number and length.

use crate::runtime::bindings::portcullis::plugin::log::{Host, Level};
use crate::runtime::{Guest, clean};

impl Host for Guest {
    fn write(&mut self, level: Level, message: String) {
        // A line whose bytes are over counts as dropped, like one that is over in number.
        if !self.allowance.take(message.len()) {
            self.printed.drop_line();
            return;
        }
        if !self.printed.take_line() {
            return;
        }
        let (call, line) = (self.reach.call, clean(&message));
        match level {
            Level::Trace => tracing::trace!(%call, plugin = %line),
            Level::Debug => tracing::debug!(%call, plugin = %line),
            Level::Info => tracing::info!(%call, plugin = %line),
            Level::Warn => tracing::warn!(%call, plugin = %line),
            Level::Error => tracing::error!(%call, plugin = %line),
        }
    }
}
