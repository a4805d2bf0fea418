//! The plugin's tools against a real PostgREST before a real PostgreSQL, as two users.
//!
//! Each test has a project of its own. The plugin runs natively on the SDK's stand-in for the host,
//! which refuses what no route of the tool allows; `crm` sends what it lets through over HTTP, with the
//! signed token of the user who calls.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as the tests do")]

mod absent;
mod creating;
mod crm;
mod deals;
mod destructive;
mod lists;
mod live;
mod privacy;
mod refusals;
mod statements;
mod summaries;
mod updating;
