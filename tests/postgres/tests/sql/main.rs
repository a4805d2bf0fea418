//! The operator's SQL file against a real PostgreSQL behind a real PostgREST.
//!
//! Every test has a database and a PostgREST of its own. What is needed for it is found on the
//! machine or fetched through npm; nothing has to be installed or started by hand.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as the tests do")]

mod attacks;
mod callers;
mod installation;
mod mutations;
mod queries;
mod suite;
mod support;
mod sweep;
