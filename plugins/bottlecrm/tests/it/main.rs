//! The plugin against a native stand-in for the host: small answers, checked writes, truth about
//! half-failed ones, every action, every shape of error. All data is made up, in the CRM's shapes
//! and sizes.

mod actions;
mod billing;
mod bounds;
mod completing;
mod creates;
mod describe;
mod fixtures;
mod live;
mod manifest;
mod names;
mod refusals;
mod searches;
mod sizes;
mod support;
mod updates;
