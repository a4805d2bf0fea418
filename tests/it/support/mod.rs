//! What the tests stand on: a host in this process or the built binary, a CRM in memory behind it,
//! and raw clients that see every byte of the protocol.
//!
//! Nothing here asserts anything about the product; a helper that cannot do its part panics with
//! the reason.

pub mod approval;
pub mod atomic;
pub mod binary;
pub mod bottle;
pub mod crm;
pub mod guests;
pub mod host;
pub mod http;
pub mod issuer;
pub mod mcp;
pub mod neighbour;
pub mod person;
pub mod sockets;
pub mod stdio;
pub mod stub;
pub mod suite;
pub mod wait;

pub use approval::{approve, with_section};
pub use atomic::Atomic;
pub use binary::{Portcullis, Ran};
pub use bottle::Bottle;
pub use crm::Crm;
pub use host::TestHost;
pub use mcp::{Era, HttpMcp};
pub use neighbour::Street;
pub use person::Person;
pub use stdio::Stdio;
pub use stub::Stub;
pub use suite::Suite;
pub use wait::in_time;

use serde_json::{Map, Value};

/// The members of an object literal.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("not an object: {other}"),
    }
}

/// The members of an array; empty when it is none.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text member; empty when there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The answer of a call that has to work.
pub async fn done(host: &TestHost, tool: &str, arguments: Value) -> Value {
    host.call(tool, arguments.clone())
        .await
        .unwrap_or_else(|error| panic!("{tool} {arguments}: {error}"))
}

/// The error of a call that has to fail, with what stands beside it.
pub async fn refused(host: &TestHost, tool: &str, arguments: Value) -> Value {
    match host.call(tool, arguments.clone()).await {
        Ok(answer) => panic!("{tool} {arguments}: {answer}"),
        Err(error) => error,
    }
}
