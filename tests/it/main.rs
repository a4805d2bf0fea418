//! The host from outside: through its library, its binary, and both transports.
//!
//! One file per subject; `support` is what they stand on. `cargo xtask test` builds the test guests
//! and names their folder in `PORTCULLIS_GUESTS`. Nothing sleeps, listens on a fixed port, needs
//! the network, or depends on the order of the tests.

mod approval;
mod approval_commands;
mod approval_signatures;
mod arguments;
mod atomic;
mod atomic_variables;
mod blocks;
mod bottlecrm;
mod bound;
mod call_path;
mod cli;
mod compact;
mod confirmation;
mod confirmation_attacks;
mod conformance;
mod costs;
mod crm_tools;
mod documents;
mod edge;
mod effects;
mod egress;
mod elicitation;
mod embedded;
mod forward;
mod http;
mod kept;
mod keys;
mod old_sse;
mod pages;
mod plugin_files;
mod policy;
mod prompts;
mod published;
mod readings;
mod records;
mod reload;
mod resource;
mod sandbox;
mod secrets;
mod security;
mod start_log;
mod state;
mod stdio;
mod stdio_eras;
mod suitecrm;
mod support;
mod tables;
mod tidy;
mod upstream_faults;
