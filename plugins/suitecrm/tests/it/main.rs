//! The plugin against a native stand-in for the host: each finding about the API by number, bad
//! inputs, the two transports, and what each tool promises. All data is made up.

mod clauses;
mod findings;
mod fixtures;
mod reading;
