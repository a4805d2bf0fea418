//! Atomic CRM's database for tests: a throw-away PostgreSQL behind a real PostgREST.
//!
//! Owns finding or fetching both programs ([`programs`]), their lives ([`leash`], [`cluster`],
//! [`rest`]), the schema in `sql/`, and two signed-in users ([`token`]). A test asks for a
//! [`Project`] and has a database of its own, so order and company do not matter. Nothing of it
//! outlives the test process, however that ends. Knows neither the host nor a plugin; the operator's
//! SQL file is the only thing of the plugin that the library reads. The tests run the plugin itself.

#![cfg(unix)]

pub mod client;
pub mod cluster;
pub mod http;
pub mod leash;
pub mod programs;
pub mod project;
pub mod rest;
pub mod token;

pub use client::{Client, Failure};
pub use cluster::Cluster;
pub use project::Project;
pub use rest::{Answer, Rest};
pub use token::Caller;
