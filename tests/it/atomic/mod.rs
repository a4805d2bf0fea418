//! The Atomic CRM plugin through the whole host against the project in memory.

mod callers;
mod reading;
mod standalone;
mod writing;

use serde_json::Value;

use crate::support::TestHost;

/// The answer of a call that has to work.
async fn done(host: &TestHost, tool: &str, arguments: Value) -> Value {
    host.call(tool, arguments.clone())
        .await
        .unwrap_or_else(|error| panic!("{tool} {arguments}: {error}"))
}

/// The error of a call that has to fail, with what stands beside it.
async fn refused(host: &TestHost, tool: &str, arguments: Value) -> Value {
    match host.call(tool, arguments.clone()).await {
        Ok(answer) => panic!("{tool} {arguments}: {answer}"),
        Err(error) => error,
    }
}

/// The number of a record.
fn number(value: &Value) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}
