//! The operator's SQL file against a real PostgreSQL behind a real PostgREST.

mod attacks;
mod callers;
mod installation;
mod mutations;
mod queries;
mod suite;
mod support;
mod sweep;
