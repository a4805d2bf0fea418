//! The table of behaviour, run against a real CRM.
fn main() {}
