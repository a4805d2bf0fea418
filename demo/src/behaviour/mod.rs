//! What CRMs do, as tables: requests and the answers they get.
//!
//! A table is data (`espocrm/*.json` and so on); this module reads it and runs it against anything
//! that answers HTTP. The project's tests run it against the stand-ins, `cargo xtask live <crm>`
//! against a real installation, so that neither can drift from the other unnoticed. What tables of
//! one CRM have in common beyond their form is its [`Dialect`].
//!
//! Cases make what they need, find it again by a word of their own run, and everything made is
//! deleted at the end, also after a failure.

mod atomic;
mod bottlecrm;
mod check;
mod dialect;
mod encode;
mod espocrm;
mod in_process;
mod run;
mod saved;
mod suitecrm;
mod table;
mod target;

pub use atomic::AtomicTable;
pub use bottlecrm::BottleTable;
pub use dialect::Dialect;
pub use espocrm::EspoTable;
pub use in_process::InProcess;
pub use run::run;
pub use saved::Saved;
pub use suitecrm::SuiteTable;
pub use table::{Case, Common, Group, Step};
pub use target::{Answer, Ask, Headers, Outcome, Target, Verdict};
