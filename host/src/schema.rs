//! JSON Schema (2020-12): compiled once, checked per call, problems told by their JSON pointer.
//!
//! Remote references are never fetched. Messages name the place and the rule, never the value.

use jsonschema::{Draft, PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value};

/// Problems of one value that are told; a model mends a few at a time.
const MOST_PROBLEMS: usize = 8;

/// A compiled regular expression of a schema, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// How deep a schema or a value may nest.
pub const DEEPEST: usize = 64;

/// A schema of an object.
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
    properties: Vec<String>,
    /// The schema as its author wrote it.
    pub text: Map<String, Value>,
}

/// One thing that is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// JSON pointer to it.
    pub at: String,
    /// What is wrong and what is allowed.
    pub what: String,
}

impl Schema {
    /// Compiles a schema whose root is an object schema.
    ///
    /// # Errors
    /// Why it is none.
    pub fn new(schema: &Value) -> Result<Self, String> {
        let Value::Object(text) = schema else {
            return Err("is not a JSON object".into());
        };
        if text.get("type") != Some(&Value::String("object".into())) {
            return Err("does not say `\"type\": \"object\"`".into());
        }
        if depth(schema) > DEEPEST {
            return Err(format!("nests deeper than {DEEPEST} levels"));
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_SIZE))
            .offline()
            .build(schema)
            .map_err(|error| format!("at {}: {}", error.instance_path(), error.masked()))?;
        let properties = text
            .get("properties")
            .and_then(Value::as_object)
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default();
        Ok(Self {
            validator,
            properties,
            text: text.clone(),
        })
    }

    /// What is wrong with a value; empty if nothing is.
    #[must_use]
    pub fn flaws(&self, value: &Value) -> Vec<Flaw> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        self.validator
            .iter_errors(value)
            .take(MOST_PROBLEMS)
            .map(|error| self.flaw(&error))
            .collect()
    }

    fn flaw(&self, error: &ValidationError<'_>) -> Flaw {
        let at = error.instance_path().as_str().to_owned();
        let what = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                self.unexpected(unexpected, at.is_empty())
            }
            _ => error.masked().to_string(),
        };
        Flaw { at, what }
    }

    fn unexpected(&self, names: &[String], at_root: bool) -> String {
        let names: Vec<String> = names.iter().take(5).map(|name| short(name)).collect();
        let list = names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
        if !at_root {
            return format!("unknown {list}");
        }
        match names
            .first()
            .and_then(|name| nearest(name, &self.properties))
        {
            Some(near) => format!("unknown {list}; did you mean `{near}`?"),
            None if self.properties.is_empty() => format!("unknown {list}; there are no arguments"),
            None => format!("unknown {list}; known are {}", self.properties.join(", ")),
        }
    }
}

/// The nearest of some names, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a String> {
    known
        .iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(score, _)| *score > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// How many levels of arrays and objects a value nests.
#[must_use]
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Schema {
        Schema::new(&json!({
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": {
                "id": {"type": "string", "pattern": "^[a-z]+$"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 200},
                "entityType": {"type": "string"}
            }
        }))
        .expect("a schema")
    }

    #[test]
    fn flaws_name_the_place_and_the_rule_but_not_the_value() {
        for (value, at, says) in [
            (json!({}), "", "\"id\" is a required property"),
            (
                json!({"id": "a", "limit": 0}),
                "/limit",
                "less than the minimum of 1",
            ),
            (
                json!({"id": "a", "limit": 201}),
                "/limit",
                "greater than the maximum of 200",
            ),
            (
                json!({"id": "a", "limit": "5"}),
                "/limit",
                "not of type \"integer\"",
            ),
            (json!({"id": "SECRET"}), "/id", "^[a-z]+$"),
            (
                json!({"id": "a", "entitytype": "x"}),
                "",
                "did you mean `entityType`?",
            ),
            (
                json!({"id": "a", "zzz": 1}),
                "",
                "known are id, limit, entityType",
            ),
        ] {
            let flaws = schema().flaws(&value);
            assert_eq!(flaws[0].at, at, "{value}");
            assert!(flaws[0].what.contains(says), "{}", flaws[0].what);
            assert!(!flaws[0].what.contains("SECRET"));
        }
        assert!(schema().flaws(&json!({"id": "a", "limit": 200})).is_empty());
    }

    #[test]
    fn what_is_no_object_schema_is_refused() {
        for (bad, says) in [
            (json!(true), "not a JSON object"),
            (json!({}), "type"),
            (json!({"type": "array"}), "type"),
            (
                json!({"type": "object", "properties": {"a": {"type": "strong"}}}),
                "/properties/a/type",
            ),
            (
                json!({"type": "object", "properties": {"a": {"pattern": "("}}}),
                "pattern",
            ),
            (
                json!({"type": "object", "$ref": "https://example.com/schema.json"}),
                "example.com",
            ),
        ] {
            let error = Schema::new(&bad).expect_err("refused");
            assert!(error.contains(says), "{bad}: {error}");
        }
    }

    #[test]
    fn deep_schemas_are_refused() {
        let mut deep = json!({"type": "object"});
        for _ in 0..70 {
            deep = json!({"type": "object", "properties": {"a": deep}});
        }
        assert!(Schema::new(&deep).expect_err("refused").contains("deeper"));
    }
}
