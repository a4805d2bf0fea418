//! A tool's arguments against its schema; both are strangers', the one a client's, the other a plugin's.
//!
//! An input is the schema on the first line, then the arguments.

use portcullis::schema::{Schema, depth};
use serde_json::Value;

use super::{first_line, kind};
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "arguments",
    about: "arguments and schemas: a verdict for every pair, told without the values",
    run,
    words: &[
        "{\"type\":\"object\",",
        "\"properties\":{",
        "\"additionalProperties\":false",
        "\"required\":[\"id\"]",
        "\"pattern\":\"^(a+)+$\"",
        "\"enum\":[1,\"a\",null]",
        "\"$ref\":\"#/$defs/a\"",
        "\"$defs\":{\"a\":{}}",
        "\"anyOf\":[{},{\"not\":{}}]",
        "\"minLength\":3",
        "\"multipleOf\":0.1",
        "1e308",
        "\"format\":\"date\"",
        "\"unevaluatedProperties\":false",
        "\"contains\":{}",
        "\"propertyNames\":{\"maxLength\":2}",
    ],
};

fn run(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (schema, arguments) = first_line(&text);
    let Ok(declared) = serde_json::from_str::<Value>(schema) else {
        return "no schema".to_owned();
    };
    let schema_text = schema;
    let schema = match Schema::new(&declared) {
        Ok(schema) => schema,
        Err(problem) => return kind(&problem),
    };
    assert!(depth(&declared) < 200);
    let Ok(arguments) = serde_json::from_str::<Value>(arguments) else {
        return "no arguments".to_owned();
    };
    let flaws = schema.flaws(&arguments);
    assert_eq!(flaws, schema.flaws(&arguments), "one pair, two verdicts");
    let lazy = Schema::known(&declared).expect("it is an object's schema");
    assert_eq!(
        flaws,
        lazy.flaws(&arguments),
        "another verdict at first use"
    );
    let mut values = Vec::new();
    texts(&arguments, &mut values);
    for flaw in &flaws {
        for value in values
            .iter()
            .filter(|value| !schema_text.contains(value.as_str()))
        {
            assert!(
                !flaw.what.contains(value.as_str()),
                "a value is told: {}",
                flaw.what
            );
        }
        // A pointer can only lead to what the arguments hold.
        assert!(
            arguments.pointer(&flaw.at).is_some(),
            "no place: {}",
            flaw.at
        );
    }
    match flaws.first() {
        None => "valid".to_owned(),
        Some(flaw) => kind(&flaw.what),
    }
}

/// Texts that are long enough to be recognised and stand as values, not as keys.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= 6 => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(members) => {
            members.values().for_each(|member| texts(member, into));
            into.retain(|text| {
                !members
                    .keys()
                    .any(|key| key.contains(text.as_str()) || text.contains(key.as_str()))
            });
        }
        _ => {}
    }
}
