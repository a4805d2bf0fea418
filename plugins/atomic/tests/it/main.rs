//! Every tool on the SDK's stand-in for the host, against answers in PostgREST's shapes.

mod bounds;
mod completing;
mod deals;
mod destructive;
mod fixtures;
mod lists;
mod live;
mod manifest;
mod page;
mod refusals;
mod statements;
mod summaries;
mod writing;
