//! The where clauses and orders that v4_1 passes on to its database.
//!
//! ```text
//! text → guard (what SuiteCRM itself refuses) → tokens → parse → Expression → evaluate per row
//! ```
//!
//! It knows the part of MariaDB's language that a connector may send. Anything else fails like a
//! mistake does on the real one, whose database would answer some of it.

mod addresses;
mod evaluate;
mod expression;
mod guard;
mod order;
mod parse;
mod token;

pub(crate) use evaluate::{Columns, holds, like, seconds_of_sleep};
pub(crate) use expression::Expression;
pub(crate) use guard::refused;
pub(crate) use order::{Order, order};
pub(crate) use parse::parse;

/// The database did not take it: unknown column, wrong syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong;
