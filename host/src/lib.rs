//! Portcullis: one MCP server for every CRM a company runs, each connector in its own WASM sandbox.
//!
//! The modules stand in the order in which one tool call passes them:
//!
//! ```text
//! client ─► transport ─► mcp ─► call ─► registry ─► policy ─► runtime ─► guest
//!                                │                                         │ http.send
//!           answer ◄─────────────┴──────────────────────── upstream ◄── capability
//! ```
//!
//! `call::run` is the path of one call as one short function. `ARCHITECTURE.md` holds the map.

pub mod transport;

pub mod mcp;

pub mod admission;
pub mod audit;
pub mod call;
pub mod caller;
pub mod confirm;
pub mod identity;
pub mod input;
pub mod keys;
pub mod reading;

pub mod registry;

pub mod policy;

pub mod capability;
pub mod runtime;

pub mod upstream;

pub mod cli;
pub mod config;
pub mod error;
pub mod live;
pub mod names;
pub mod prompts;
pub mod run;
pub mod schema;
pub mod shutdown;
pub mod state;
pub mod telemetry;
