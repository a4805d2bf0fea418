//! JSON Schema (2020-12) of a Rust type, as MCP clients like it: inline, without titles, without
//! formats that only Rust knows.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// How a type builds its schema: `T::json_schema`. A pointer, so that what follows is compiled once
/// and not once per type.
pub(crate) type Builder = fn(&mut SchemaGenerator) -> Schema;

/// The schema of a type.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Value {
    generate(T::json_schema, SchemaSettings::draft2020_12())
}

/// The schema of a tool's arguments, or of settings: optional properties lose the `null` that serde
/// would take, because a client leaves them out instead, and unknown ones are refused unless the type
/// takes them.
pub(crate) fn input_schema(builder: Builder) -> Value {
    let mut schema = generate(builder, SchemaSettings::draft2020_12());
    drop_null(&mut schema);
    ensure_object(&mut schema);
    close(&mut schema);
    schema
}

/// The doc comment of the type, which is taken off its schema.
pub(crate) fn take_doc(schema: &mut Value) -> Option<String> {
    let doc = schema.as_object_mut()?.remove("description")?;
    doc.as_str().map(str::to_owned)
}

/// The schema of a tool's result: what serde writes, so a field that it may skip is optional.
pub(crate) fn output_schema(builder: Builder) -> Value {
    let mut schema = generate(builder, SchemaSettings::draft2020_12().for_serialize());
    if let Value::Object(object) = &mut schema {
        object.remove("description");
    }
    ensure_object(&mut schema);
    schema
}

fn generate(builder: Builder, mut settings: SchemaSettings) -> Value {
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = builder(&mut settings.into_generator()).to_value();
    clean(&mut schema);
    schema
}

fn ensure_object(schema: &mut Value) {
    if let Value::Object(object) = schema {
        object.entry("type").or_insert_with(|| json!("object"));
        object.entry("properties").or_insert_with(|| json!({}));
    }
}

/// A misspelt argument would otherwise be dropped without a word. Where properties come from several
/// subschemas, only the type itself can say what is unknown.
fn close(schema: &mut Value) {
    const OPEN: [&str; 4] = ["allOf", "anyOf", "oneOf", "unevaluatedProperties"];
    if let Value::Object(object) = schema
        && !OPEN.iter().any(|keyword| object.contains_key(*keyword))
    {
        object
            .entry("additionalProperties")
            .or_insert(Value::Bool(false));
    }
}

fn clean(schema: &mut Value) {
    if *schema == Value::Bool(true) {
        *schema = json!({});
    }
    let Value::Object(object) = schema else {
        return;
    };
    object.remove("title");
    if object
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(is_rust_format)
    {
        object.remove("format");
    }
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    each_child(object, &mut clean);
}

fn is_rust_format(format: &str) -> bool {
    format.starts_with("uint") || format.starts_with("int") || matches!(format, "float" | "double")
}

fn drop_null(schema: &mut Value) {
    let Value::Object(object) = schema else {
        return;
    };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    unwrap_nullable(object);
    each_child(object, &mut drop_null);
}

/// `{"anyOf":[X,{"type":"null"}]}` becomes X.
fn unwrap_nullable(object: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = object.get_mut("anyOf") else {
        return;
    };
    options.retain(|option| option.get("type").and_then(Value::as_str) != Some("null"));
    if let [Value::Object(_)] = options.as_slice()
        && let Some(Value::Array(mut options)) = object.remove("anyOf")
        && let Some(Value::Object(inner)) = options.pop()
    {
        for (key, value) in inner {
            object.entry(key).or_insert(value);
        }
    }
}

/// Visits the subschemas of a schema; `properties` is a map of them, not one itself.
fn each_child(object: &mut Map<String, Value>, visit: &mut dyn FnMut(&mut Value)) {
    for (key, value) in object.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "$defs" | "patternProperties", Value::Object(map)) => {
                map.values_mut().for_each(&mut *visit);
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(list)) => {
                list.iter_mut().for_each(&mut *visit);
            }
            ("items", value) => visit(value),
            ("additionalProperties", value @ Value::Object(_)) => visit(value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Plain {
        limit: u8,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Open {
        limit: u8,
        #[schemars(flatten)]
        rest: Map<String, Value>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    #[schemars(untagged)]
    enum Either {
        Plain(Plain),
        Open(Open),
    }

    #[test]
    fn arguments_are_closed_unless_their_type_is_open() {
        for (schema, additional) in [
            (input_schema(Plain::json_schema), Some(json!(false))),
            (input_schema(Open::json_schema), Some(json!(true))),
            (input_schema(Either::json_schema), None),
            (output_schema(Plain::json_schema), None),
        ] {
            let found = schema.get("additionalProperties").cloned();
            assert_eq!(found, additional, "{schema}");
        }
    }
}
