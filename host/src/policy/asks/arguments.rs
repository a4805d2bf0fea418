//! Which arguments a plugin's routes look at, and what those may be.
//!
//! A route may compare a request with an argument of the call. What that argument may be then limits
//! what can be sent, and so it is part of what the plugin asks for; other arguments are not. It must not
//! know what a schema allows: one that differs is another.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_manifest::Route;
use serde_json::{Map, Value};

use super::super::known::{self, tokens};
use super::super::route::sources;

/// Keywords that allow or refuse nothing.
const NOTES: [&str; 8] = [
    "$comment",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "x-mcp-header",
];

/// What stands for the rest of a schema, beside the arguments that are named.
const REST: &str = "*";

/// What the arguments that routes compare with may be: the schema of each as JSON, with `optional`
/// before it where it can be absent, and under `*` what else the whole schema asks for.
pub(super) fn looked_at<'a>(
    schema: &Value,
    routes: &[&'a Route],
    pointers: impl Iterator<Item = &'a String>,
) -> BTreeMap<String, String> {
    let named: BTreeSet<String> = routes
        .iter()
        .flat_map(|route| named(route))
        .chain(pointers.map(String::as_str))
        .map(|pointer| tokens(pointer).next().unwrap_or_default())
        .collect();
    let Value::Object(mut schema) = without_notes(schema) else {
        return BTreeMap::new();
    };
    if named.is_empty() {
        return BTreeMap::new();
    }
    if named.iter().any(|name| name.is_empty() || name == "*") {
        return BTreeMap::from([(REST.to_owned(), super::text(Value::Object(schema)))]);
    }
    let properties = schema.remove("properties").unwrap_or_default();
    let required = schema.remove("required").unwrap_or_default();
    let one = |name: &String| {
        let own = properties.get(name).cloned().unwrap_or(Value::Bool(true));
        let required = required.as_array().into_iter().flatten();
        let is_required = required
            .into_iter()
            .any(|required| required == name.as_str());
        let optional = if is_required { "" } else { "optional " };
        (name.clone(), format!("{optional}{}", super::text(own)))
    };
    let mut arguments: BTreeMap<String, String> = named.iter().map(one).collect();
    schema.remove("type");
    if named.iter().all(|name| properties.get(name).is_some()) {
        schema.remove("additionalProperties");
    }
    if !schema.is_empty() {
        arguments.insert(REST.to_owned(), super::text(Value::Object(schema)));
    }
    arguments
}

/// Whether arguments may be more than before: one that was looked at already may be something else, or
/// what the whole schema asked for is another.
pub fn differs(
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Option<String> {
    let is_other = |(name, schema): &(&String, &String)| {
        let before = before.get(*name);
        before.is_some_and(|before| before != *schema)
    };
    let other = now.iter().find(is_other).map(|(name, _)| name.clone());
    let lost_rest = !now.is_empty() && before.contains_key(REST) && !now.contains_key(REST);
    other.or_else(|| lost_rest.then(|| REST.to_owned()))
}

/// Each property of an object's schema, with its own schema as JSON.
pub(super) fn each(schema: &Value) -> Vec<(String, String)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let one =
        |(name, schema): (&String, &Value)| (name.clone(), super::text(without_notes(schema)));
    properties.into_iter().flatten().map(one).collect()
}

/// Pointers into the arguments that a route names.
fn named(route: &Route) -> Vec<&str> {
    let lists = route
        .only
        .values()
        .chain(route.form_only.values().flat_map(|only| only.values()))
        .chain(
            route
                .form_pairs
                .values()
                .flat_map(|pairs| pairs.values().map(|pairs| &pairs.only)),
        );
    let members = lists.flatten().filter(|entry| entry.starts_with('/'));
    let values = sources(route).map(|(_, source)| source);
    values
        .filter(|source| known::made(source).is_none())
        .chain(members.map(String::as_str))
        .chain(route.when.keys().map(String::as_str))
        .collect()
}

/// A schema without what is said to people. Below `properties` a name is a name, whatever it is.
fn without_notes(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut kept = Map::new();
    for (key, value) in members {
        let value = match (key.as_str(), value) {
            (key, _) if NOTES.contains(&key) => continue,
            (
                "properties" | "patternProperties" | "$defs" | "definitions",
                Value::Object(inner),
            ) => {
                let inner = inner.iter();
                Value::Object(
                    inner
                        .map(|(name, s)| (name.clone(), without_notes(s)))
                        .collect(),
                )
            }
            ("enum" | "const", value) => value.clone(),
            (_, Value::Array(items)) => Value::Array(items.iter().map(without_notes).collect()),
            (_, value) => without_notes(value),
        };
        kept.insert(key.clone(), value);
    }
    Value::Object(kept)
}
