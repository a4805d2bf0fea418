//! The SuiteCRM plugin through the whole host against the CRM in memory.

mod attachments;
mod circuit;
pub mod forms;
mod sessions;
mod standalone;
mod tools;
mod transports;

use serde_json::{Value, json};

use crate::support::{Suite, TestHost, text};

/// The answer of a call that has to work.
async fn done(host: &TestHost, tool: &str, arguments: Value) -> Value {
    host.call(tool, arguments.clone())
        .await
        .unwrap_or_else(|error| panic!("{tool} {arguments}: {error}"))
}

/// The error of a call that has to fail.
async fn refused(host: &TestHost, tool: &str, arguments: Value) -> Value {
    match host.call(tool, arguments.clone()).await {
        Ok(answer) => panic!("{tool} {arguments}: {answer}"),
        Err(error) => error["error"].clone(),
    }
}

/// The arguments for one record.
fn of(module: &str, id: &str) -> Value {
    json!({"module": module, "id": id})
}

/// The id of a new account.
async fn new_account(host: &TestHost, name: &str) -> String {
    let arguments = json!({"module": "Accounts", "fields": {"name": name}});
    let made = done(host, "suite_create", arguments).await;
    text(&made, "/id").to_owned()
}

/// How often anything but a read of v4_1 or V8 arrived.
fn writes(suite: &Suite) -> usize {
    let called = suite.memory.calls();
    let v4 = called
        .iter()
        .filter(|call| call.method.starts_with("set_"))
        .count();
    let requests = suite.memory.requests();
    let v8 = requests
        .iter()
        .filter(|seen| seen.path.contains("/Api/V8/") && seen.method != "GET")
        .count();
    v4 + v8
}
