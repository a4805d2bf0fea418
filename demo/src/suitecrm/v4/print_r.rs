//! What is answered to a client that does not ask for JSON: PHP's print-out of a value.

use serde_json::Value;

/// The print-out.
pub(crate) fn print_r(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let pairs: Vec<(String, &Value)> = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(n, item)| (n.to_string(), item))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, item)| (name.clone(), item))
            .collect(),
        Value::Null | Value::Bool(false) => return,
        Value::Bool(true) => return out.push('1'),
        Value::Number(number) => return out.push_str(&number.to_string()),
        Value::String(text) => return out.push_str(text),
    };
    let indent = " ".repeat(depth * 8);
    out.push_str(&format!("Array\n{indent}(\n"));
    for (name, item) in pairs {
        out.push_str(&format!("{indent}    [{name}] => "));
        write(item, depth + 1, out);
        out.push('\n');
    }
    out.push_str(&format!("{indent})\n"));
}
