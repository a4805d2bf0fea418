//! What a guest prints: lines for the log, capped; what is over the cap is discarded, and a full
//! pipe never traps an innocent `println!`.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::names::CallId;

/// Bytes of one write that are looked at; the rest is discarded.
const LONGEST_WRITE: usize = 64 << 10;

/// How much of a guest's output goes to the log.
#[derive(Debug)]
pub struct Cap {
    lines: u32,
    dropped: u32,
}

/// One instance's standard output and error.
#[derive(Debug, Clone)]
pub struct Printed {
    call: CallId,
    cap: Arc<Mutex<Cap>>,
}

impl Printed {
    /// At most `lines` lines of a call go to the log.
    #[must_use]
    pub fn new(call: CallId, lines: u32) -> Self {
        Self {
            call,
            cap: Arc::new(Mutex::new(Cap { lines, dropped: 0 })),
        }
    }

    /// Takes one line off the cap; false when it is used up.
    pub fn take_line(&self) -> bool {
        let mut cap = self.cap.lock().unwrap_or_else(PoisonError::into_inner);
        if cap.lines == 0 {
            cap.dropped = cap.dropped.saturating_add(1);
            return false;
        }
        cap.lines -= 1;
        true
    }

    /// Counts a line that is not written.
    pub fn drop_line(&self) {
        let mut cap = self.cap.lock().unwrap_or_else(PoisonError::into_inner);
        cap.dropped = cap.dropped.saturating_add(1);
    }

    /// Lines that were not written.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.cap
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .dropped
    }
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}

impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST_WRITE)]);
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            if self.take_line() {
                tracing::debug!(call = %self.call, line = %clean(line), "plugin printed");
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST_WRITE)
    }
}

/// A line without control characters, at most 1,000 characters.
#[must_use]
pub fn clean(line: &str) -> String {
    line.chars()
        .filter(|c| !c.is_control())
        .take(1000)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_cap_is_counted_and_never_an_error() {
        let mut printed = Printed::new(CallId::random(), 2);
        for _ in 0..5 {
            printed
                .write(Bytes::from_static(b"one\ntwo\n"))
                .expect("never fails");
        }
        assert_eq!(printed.dropped(), 8);
        assert!(printed.check_write().expect("never fails") > 0);
    }

    #[test]
    fn lines_are_cleaned() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}"), "a[31mb");
        assert_eq!(clean(&"x".repeat(5000)).len(), 1000);
    }
}
