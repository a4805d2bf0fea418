//! The plugin against a native stand-in for the host: each finding about the API by number, bad
//! inputs, the two transports, and what each tool promises. All data is made up.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as the tests do")]
#![expect(
    clippy::needless_pass_by_value,
    reason = "a value reads better at the call site"
)]

mod activities;
mod bulk;
mod clauses;
mod completing;
mod findings;
mod fixtures;
mod links;
mod live_check;
mod manifest;
mod reading;
mod transports;
mod writing;
