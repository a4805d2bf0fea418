//! CRMs that live in memory and speak the APIs of the real ones.
//!
//! `portcullis demo` serves them so that the product can be tried without an account, and the
//! host's integration tests use them as the other side of a connection, well or [broken](fault).
//! The table in [`behaviour`] holds them, and on demand a real installation, to the same observed
//! behaviour. They answer what the connectors use and refuse everything else as the real one does.

pub mod atomic;
pub mod behaviour;
pub mod bottlecrm;
mod clock;
pub mod espocrm;
pub mod fault;
mod invented;
mod pairs;
mod seen;
mod serve;
pub mod suitecrm;

pub use serve::{Running, serve};
