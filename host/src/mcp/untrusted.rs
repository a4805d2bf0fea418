//! What marks text that others wrote: somebody who may fill in a field of the CRM must not be able to
//! speak to the model as its user does.
//!
//! The server's instructions say it in words, `openWorldHint` of a tool says it of all its answers, and
//! every result says under `_meta` where such text stands, for clients that can keep it apart.

use rmcp::model::MetaObject;
use serde_json::Value;

/// The member of a result's `_meta`: JSON pointers into its structured content, below which the text is
/// the CRM's; of a resource's contents, `true`.
pub const KEY: &str = "portcullis/untrusted";

/// Where the text of others stands in a result: below each of its members that holds values, such as a
/// record or a list of them.
pub fn mark(value: &Value) -> Option<MetaObject> {
    let members = value.as_object()?.iter();
    let holders = members.filter(|(_, value)| value.is_object() || value.is_array());
    let pointers: Vec<Value> = holders.map(|(name, _)| pointer(name).into()).collect();
    (!pointers.is_empty()).then(|| {
        let mut meta = MetaObject::new();
        meta.insert(KEY.to_owned(), pointers.into());
        meta
    })
}

fn pointer(name: &str) -> String {
    let mut pointer = String::with_capacity(name.len() + 1);
    pointer.push('/');
    for c in name.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_holds_values_is_marked() {
        for (value, expected) in [
            (
                json!({"records": [], "total": 2, "a/b": {}, "note": "x"}),
                Some(json!(["/records", "/a~1b"])),
            ),
            (json!({"deleted": "1"}), None),
            (json!([]), None),
        ] {
            let found = mark(&value).and_then(|meta| meta.get(KEY).cloned());
            assert_eq!(found, expected, "{value}");
        }
    }
}
