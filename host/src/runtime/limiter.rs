//! The memory and table limits of one instance.
//!
//! Sums all linear memories of the store, and remembers what it refused, so that the trap which
//! follows can be named by its cause.

use wasmtime::ResourceLimiter;

use super::engine::TABLE_ELEMENTS;

/// Counts what an instance takes.
#[derive(Debug)]
pub struct Limiter {
    most: usize,
    taken: usize,
    refused: Option<&'static str>,
}

impl Limiter {
    /// A limiter for at most `most` bytes over all memories.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self {
            most,
            taken: 0,
            refused: None,
        }
    }

    /// What was refused, in words, if anything was.
    #[must_use]
    pub const fn refused(&self) -> Option<&'static str> {
        self.refused
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let after = self.taken.saturating_add(desired.saturating_sub(current));
        if after > self.most {
            self.refused = Some("limits.memory_bytes");
            return Ok(false);
        }
        self.taken = after;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS {
            self.refused = Some("the host's limit of tables");
            return Ok(false);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed_and_the_refusal_is_remembered() {
        let mut limiter = Limiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).expect("no error"));
        assert!(
            !limiter.memory_growing(0, 60, None).expect("no error"),
            "a second memory counts too"
        );
        assert_eq!(limiter.refused(), Some("limits.memory_bytes"));
        assert!(
            limiter.memory_growing(60, 100, None).expect("no error"),
            "what was refused is not charged"
        );
    }

    #[test]
    fn tables_have_a_limit() {
        let mut limiter = Limiter::new(1);
        assert!(
            !limiter
                .table_growing(0, TABLE_ELEMENTS + 1, None)
                .expect("no error")
        );
        assert!(limiter.refused().is_some());
    }
}
