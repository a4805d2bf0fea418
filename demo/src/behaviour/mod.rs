//! What EspoCRM does, as a table: requests and the answers they get.
//!
//! The table is data (`espocrm/*.json`); this module reads it and runs it against anything that
//! answers HTTP. The project's tests run it against the stand-in, `cargo xtask live espocrm` against
//! a real installation, so that neither can drift from the other unnoticed.
//!
//! Cases make what they need, find it again by a word of their own run, and everything made is
//! deleted at the end, also after a failure.

mod check;
mod demo;
mod run;
mod table;
mod target;

pub use demo::InProcess;
pub use run::run;
pub use table::{Case, Group, Step, espocrm};
pub use target::{Answer, Ask, Outcome, Target, Verdict};
