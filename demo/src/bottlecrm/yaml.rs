//! A JSON value as YAML, which is what the schema comes in unless JSON is asked for.

use std::fmt::Write;

use serde_json::Value;

/// Block style, with texts quoted as JSON quotes them, which YAML reads as well.
pub(crate) fn print(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, 0);
    text
}

fn write_value(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let _ = write!(text, "{}{}:", "  ".repeat(depth), key_text(key));
                write_after(text, value, depth + 1);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(text, "{}-", "  ".repeat(depth));
                write_after(text, item, depth + 1);
            }
        }
        other => {
            let _ = writeln!(text, "{other}");
        }
    }
}

fn write_after(text: &mut String, value: &Value, depth: usize) {
    let nested = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    text.push(if nested { '\n' } else { ' ' });
    write_value(text, value, depth);
}

fn key_text(key: &str) -> String {
    let plain = key
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "_/".contains(letter));
    if plain && !key.starts_with(|letter: char| letter.is_ascii_digit()) {
        key.to_owned()
    } else {
        Value::from(key).to_string()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nests_by_indentation() {
        let value = serde_json::json!({"a": [{"b": 1}, []], "200": {"c": "x: y"}});
        let text = super::print(&value);
        assert_eq!(text, "a:\n  -\n    b: 1\n  - []\n\"200\":\n  c: \"x: y\"\n");
    }
}
