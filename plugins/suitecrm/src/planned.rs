//! What a dry run shows of the requests that it does not send.
//!
//! Built from the same arguments, paths and bodies as the requests themselves. The session, which the
//! host puts before the arguments of v4_1, is not shown.

use serde_json::{Value, json};

/// A v4_1 call: its method, and its arguments in their order.
pub(crate) fn v4(method: &str, arguments: &[Value]) -> Value {
    json!({"method": method, "arguments": arguments})
}

/// A V8 request; a body stands under `data`, as it is sent.
pub(crate) fn v8(method: &str, path: &[String], data: Option<&Value>) -> Value {
    let mut request = json!({"request": format!("{method} {}", path.join("/"))});
    if let Some(data) = data {
        request["body"] = json!({"data": data});
    }
    request
}
