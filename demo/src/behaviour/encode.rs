//! Queries and forms as they go over the wire.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// Pairs of a query; nested values are written in brackets, `where[0][type]=…`.
pub(crate) fn query(values: &Map<String, Value>) -> String {
    let mut pairs = Vec::new();
    for (name, value) in values {
        brackets(name, value, &mut pairs);
    }
    pairs.join("&")
}

/// Pairs of a form; nested values are written as JSON, a null field is left out.
pub(crate) fn form(fields: &Map<String, Value>) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{}={}", encode(name), encode(&text))
        })
        .collect();
    pairs.join("&")
}

fn brackets(name: &str, value: &Value, pairs: &mut Vec<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, item)| brackets(&format!("{name}[{n}]"), item, pairs)),
        Value::Object(map) => map
            .iter()
            .for_each(|(key, item)| brackets(&format!("{name}[{key}]"), item, pairs)),
        Value::String(text) => pairs.push(format!("{}={}", encode(name), encode(text))),
        Value::Null => pairs.push(format!("{}=", encode(name))),
        other => pairs.push(format!("{}={other}", encode(name))),
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_query_is_nested_in_brackets() {
        let value = json!({"where": [{"value": "a b"}], "n": 3});
        assert_eq!(
            query(&map(&value)),
            "where%5B0%5D%5Bvalue%5D=a%20b&n=3".to_owned()
        );
    }

    #[test]
    fn a_form_carries_json_and_leaves_nulls_out() {
        let value = json!({"method": "login", "rest_data": {"a": [1]}, "gone": null});
        assert_eq!(
            form(&map(&value)),
            "method=login&rest%5Fdata=%7B%22a%22%3A%5B1%5D%7D"
        );
    }
}
