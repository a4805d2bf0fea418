//! The plugin against a native stand-in for the host: every trap of the API by number, bad inputs,
//! and what each tool promises. All data is made up.

mod bounds;
mod completing;
mod fixtures;
mod inputs;
mod live;
mod manifest;
mod pipelines;
mod promises;
mod traps_lists;
mod traps_refusals;
mod traps_writes;
