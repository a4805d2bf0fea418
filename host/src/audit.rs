//! One log line per call, written when the call ends, however it ends.
//!
//! Names and numbers only: never the value of an argument, of a record or of an answer.

use std::sync::Arc;
use std::time::Instant;

use crate::capability::Record;
use crate::error::{Outcome, ToolError};
use crate::names::CallId;

/// A call that is running. Dropped without an end, it was cancelled by its caller.
pub struct Line {
    call: CallId,
    connection: String,
    tool: String,
    began: Instant,
    record: Arc<Record>,
    done: bool,
}

impl Line {
    /// Begins.
    #[must_use]
    pub fn begin(call: CallId, connection: &str, tool: &str, record: Arc<Record>) -> Self {
        Self {
            call,
            connection: connection.to_owned(),
            tool: tool.to_owned(),
            began: Instant::now(),
            record,
            done: false,
        }
    }

    /// Ends.
    pub fn end<T>(mut self, result: Result<&T, &ToolError>) {
        self.done = true;
        match result {
            Ok(_) => self.write("ok", ""),
            Err(error) if error.outcome == Outcome::NotDone => {
                self.write(error.kind.as_str(), &error.code);
            }
            Err(error) => {
                self.write(
                    if error.outcome == Outcome::PartlyDone {
                        "partly_done"
                    } else {
                        "may_have_happened"
                    },
                    &error.code,
                );
            }
        }
    }

    /// Ends a round that has to know more from the client's side.
    pub fn asks(mut self) {
        self.done = true;
        self.write("asks", "");
    }

    fn write(&self, outcome: &str, code: &str) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(call = %self.call, connection = %self.connection, tool = %self.tool, outcome, code, ms,
            upstream = self.record.requests(), bytes = self.record.bytes(), "call");
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.done {
            let changed = self.record.forwarded().len();
            self.write("cancelled", "");
            if changed > 0 {
                tracing::warn!(call = %self.call, changed, "the caller went away after a change was sent; it may have happened");
            }
        }
    }
}
