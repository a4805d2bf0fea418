//! Arguments that a tool's input schema accepts, in the plainest way: what is required and nothing more.

use portcullis_manifest::Tool;
use serde_json::{Map, Value, json};

/// Texts of the kinds that the patterns and formats of the four plugins ask for.
const TEXTS: [&str; 14] = [
    "1",
    "Account",
    "accounts",
    "name",
    "2026-01-15",
    "2026-01-15T10:00:00Z",
    "2026-01-15 10:00:00",
    "10:00",
    "somebody@example.com",
    "https://example.com",
    "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
    "a longer text of several words",
    "USD",
    "SELECT 1",
];

/// Arguments for a call of a tool in which these pointers hold these values.
pub fn arguments(tool: &Tool, when: &[(String, Value)]) -> Value {
    let root = &tool.input_schema;
    let mut sample = value(root, root);
    if !sample.is_object() {
        sample = json!({});
    }
    for (pointer, wanted) in when {
        let name = pointer.trim_start_matches('/');
        match wanted.is_null() {
            true => drop(
                sample
                    .as_object_mut()
                    .and_then(|all| all.shift_remove(name)),
            ),
            false => sample[name] = wanted.clone(),
        }
    }
    assert!(
        accepts(root, root, &sample),
        "no arguments for `{}`: {sample} {root}",
        tool.name
    );
    sample
}

/// Whether a part of a schema accepts a value, seen with the definitions of the whole.
fn accepts(part: &Value, root: &Value, value: &Value) -> bool {
    if !part.is_object() {
        return true;
    }
    let mut whole = part.clone();
    for definitions in ["$defs", "definitions"] {
        if let (Some(all), Some(whole)) = (root.get(definitions), whole.as_object_mut()) {
            whole.insert(definitions.to_owned(), all.clone());
        }
    }
    jsonschema::is_valid(&whole, value)
}

fn value(part: &Value, root: &Value) -> Value {
    if !part.is_object() {
        return json!("1");
    }
    if let Some(pointer) = part["$ref"].as_str() {
        let target = root.pointer(pointer.trim_start_matches('#'));
        return value(target.unwrap_or(&Value::Null), root);
    }
    let given = ["const", "default"].iter().filter_map(|key| part.get(key));
    let listed = ["enum", "examples"]
        .iter()
        .flat_map(|key| part[key].as_array());
    let given = given
        .chain(listed.flatten())
        .find(|v| accepts(part, root, v));
    if let Some(given) = given.filter(|v| !v.is_null()) {
        return given.clone();
    }
    let among = ["anyOf", "oneOf", "allOf"]
        .iter()
        .flat_map(|key| part[key].as_array());
    let mut made: Vec<Value> = among.flatten().map(|part| value(part, root)).collect();
    made.push(object(part, root));
    made.push(json!([]));
    made.push(json!([value(&part["items"], root)]));
    made.extend(TEXTS.iter().map(|text| json!(text)));
    made.extend([json!(1), json!(10), json!(false), Value::Null]);
    let fits = made.into_iter().find(|made| accepts(part, root, made));
    fits.unwrap_or_else(|| json!("nothing fits"))
}

/// An object of the members that have to be there, or else of one that may be.
fn object(part: &Value, root: &Value) -> Value {
    let required = part["required"].as_array().into_iter().flatten();
    let member = |name: &str| (name.to_owned(), value(&part["properties"][name], root));
    let members: Map<String, Value> = required.filter_map(Value::as_str).map(member).collect();
    let object = Value::Object(members);
    if accepts(part, root, &object) {
        return object;
    }
    let optional = part["properties"].as_object().into_iter().flatten();
    let with = |(name, _): (&String, &Value)| {
        let mut more = object.clone();
        more[name] = value(&part["properties"][name], root);
        more
    };
    let mut larger = optional.map(with);
    let fits = larger.find(|more| accepts(part, root, more));
    fits.unwrap_or(object)
}
