//! The eight shapes in which the CRM words an error, read into one. A page is never passed on.

use portcullis_sdk::{Response, text};
use serde_json::{Map, Value, json};

/// The longest text of the CRM that a message repeats, in characters.
const LONGEST: usize = 400;

/// What a body says, whatever its shape.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// One sentence.
    pub(crate) text: String,
    /// Field → messages.
    pub(crate) fields: Vec<(String, String)>,
    /// What stands beside, such as a running timer.
    pub(crate) beside: Map<String, Value>,
}

/// What an answer says; nothing of a page.
pub(crate) fn said(response: &Response) -> Said {
    let body = if response.is_page() {
        Value::Null
    } else {
        response.value().unwrap_or_default()
    };
    let mut said = read(&body);
    text::cut(&mut said.text, LONGEST);
    said
}

/// The shapes: `{error, errors: {…}|text}`, `{error, message}`, `{error: text}`, `{detail, …}`,
/// `{field: […]}`, and the import's `{error, message, errors: [{row, field, message}]}`.
fn read(body: &Value) -> Said {
    let Some(map) = body.as_object() else {
        return Said {
            text: "it gives no reason".to_owned(),
            ..Said::default()
        };
    };
    match (map.get("errors"), map.get("error"), map.get("detail")) {
        (Some(Value::Object(fields)), ..) => of_fields(fields),
        (Some(Value::String(text)), ..) => text_only(text),
        (Some(Value::Array(rows)), ..) => Said {
            beside: [("rows".to_owned(), json!(rows))].into_iter().collect(),
            ..text_only(
                map.get("message")
                    .and_then(Value::as_str)
                    .unwrap_or("some rows are wrong"),
            )
        },
        (None, Some(Value::String(text)), _) => text_only(text),
        (None, Some(Value::Bool(_)), _) => text_only(
            map.get("message")
                .and_then(Value::as_str)
                .unwrap_or("it gives no reason"),
        ),
        (None, None, Some(detail)) => Said {
            beside: map
                .iter()
                .filter(|(key, _)| *key != "detail")
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            ..text_only(detail.as_str().unwrap_or("it gives no reason"))
        },
        _ => of_fields(map),
    }
}

fn text_only(text: &str) -> Said {
    Said {
        text: text.to_owned(),
        ..Said::default()
    }
}

fn of_fields(map: &Map<String, Value>) -> Said {
    let fields: Vec<(String, String)> = map
        .iter()
        .map(|(field, value)| (field.clone(), sentence(value)))
        .collect();
    let text = fields
        .iter()
        .map(|(field, text)| match field.as_str() {
            "non_field_errors" => text.clone(),
            _ => format!("{field}: {text}"),
        })
        .collect::<Vec<_>>()
        .join("; ");
    Said {
        text,
        fields,
        beside: Map::new(),
    }
}

fn sentence(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(sentence).collect::<Vec<_>>().join(" "),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{key} {}", sentence(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_read() {
        for (body, text, fields) in [
            (
                json!({"error": true, "errors": {"name": ["This field is required."]}}),
                "name: This field is required.",
                1,
            ),
            (
                json!({"error": true, "errors": {"custom_fields": {"tier": "must be one of ['a']"}}}),
                "custom_fields: tier must be one of ['a']",
                1,
            ),
            (
                json!({"error": true, "errors": "Permission Denied"}),
                "Permission Denied",
                0,
            ),
            (
                json!({"error": true, "message": "Permission denied"}),
                "Permission denied",
                0,
            ),
            (json!({"error": "Only admins"}), "Only admins", 0),
            (json!({"detail": "No such case."}), "No such case.", 0),
            (
                json!({"assigned_to": ["'x' is not a valid id."]}),
                "assigned_to: 'x' is not a valid id.",
                1,
            ),
            (
                json!({"parent_id": "A case cannot be its own parent."}),
                "parent_id: A case cannot be its own parent.",
                1,
            ),
            (
                json!({"error": true, "errors": {"non_field_errors": ["Either of them"]}}),
                "Either of them",
                1,
            ),
            (
                json!({"error": true, "message": "bad rows", "errors": [{"row": 2, "field": "email", "message": "bad"}], "created": 0}),
                "bad rows",
                0,
            ),
            (json!([1]), "it gives no reason", 0),
        ] {
            let said = read(&body);
            assert_eq!(
                (said.text.as_str(), said.fields.len()),
                (text, fields),
                "{body}"
            );
        }
        let timer =
            read(&json!({"detail": "running", "running_entry_id": "e", "running_case_id": "c"}));
        assert_eq!(timer.beside["running_entry_id"], "e");
    }
}
