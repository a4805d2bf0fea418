//! The components of the OpenAPI document: one per choice, and a handful per entity.

use serde_json::{Map, Value, json};

use super::route::CLASSIC;
use super::schema::{self, Entity, Field, Kind, choices};

/// A reference to a component.
pub(crate) fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A request body in the three media types that are read.
pub(crate) fn body(name: &str) -> Value {
    let schema = json!({"schema": refer(name)});
    json!({"content": {
        "application/json": schema, "application/x-www-form-urlencoded": schema, "multipart/form-data": schema,
    }})
}

/// All components, by name.
pub(crate) fn components() -> Value {
    let mut all = Map::new();
    for name in schema::enumerations() {
        all.insert(name.clone(), enumeration(name));
    }
    all.insert("BlankEnum".into(), json!({"enum": [""]}));
    all.insert("NullEnum".into(), json!({"enum": [null]}));
    for entity in schema::entities() {
        let label = &entity.words.label;
        all.insert(label.clone(), record(entity));
        if CLASSIC.contains(&entity.name.as_str()) {
            all.insert(
                format!("{label}CreateSwaggerRequest"),
                request(entity, true),
            );
            all.insert(
                format!("Patched{label}CreateSwaggerRequest"),
                request(entity, false),
            );
            all.insert(format!("{label}DetailEditSwaggerRequest"), comment(entity));
            all.insert(format!("{label}ListResponse"), list(entity));
            all.insert(format!("{label}DetailResponse"), detail(entity));
            all.insert(format!("{label}WriteResponse"), written());
        }
    }
    all.sort_keys();
    Value::Object(all)
}

fn enumeration(name: &str) -> Value {
    let values: Vec<&Value> = choices(name).iter().map(|pair| &pair[0]).collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines: Vec<String> = choices(name)
        .iter()
        .map(|pair| format!("* `{}` - {}", text(&pair[0]), text(&pair[1])))
        .collect();
    json!({"enum": values, "type": "string", "description": lines.join("\n")})
}

/// A field's schema; choices that may be empty hide behind `oneOf`.
fn property(entity: &Entity, field: &Field, writing: bool) -> Value {
    let sized = |kind: Value, most: usize| {
        let mut kind = kind;
        if most > 0 {
            kind["maxLength"] = json!(most);
        }
        kind
    };
    let or_empty =
        |own: Value| json!({"nullable": true, "oneOf": [own, {"type": "string", "maxLength": 0}]});
    match &field.kind {
        Kind::Text(most) => sized(json!({"type": "string", "nullable": true}), *most),
        Kind::Plain(most) => sized(json!({"type": "string"}), *most),
        Kind::Email => or_empty(json!({"type": "string", "format": "email", "maxLength": 254})),
        Kind::Phone => or_empty(json!({
            "type": "string", "pattern": "^[\\d\\s\\-\\(\\)\\+\\.]{7,25}$", "maxLength": 25,
        })),
        Kind::Url => or_empty(json!({"type": "string", "format": "uri", "maxLength": 500})),
        Kind::Choice(name) if entity.requires(&field.name) => refer(name),
        Kind::Choice(name) => {
            json!({"nullable": true, "oneOf": [refer(name), refer("BlankEnum"), refer("NullEnum")]})
        }
        Kind::Decimal | Kind::Positive => json!({
            "type": "string", "format": "decimal", "pattern": "^-?\\d{0,10}(?:\\.\\d{0,2})?$", "nullable": true,
        }),
        Kind::Count | Kind::Percent => json!({
            "type": "integer", "maximum": 2_147_483_647, "minimum": -2_147_483_648_i64, "nullable": true,
        }),
        Kind::Date => json!({"type": "string", "format": "date", "nullable": true}),
        Kind::Bool(_) => json!({"type": "boolean"}),
        Kind::Ref(_) | Kind::Own(_) => {
            json!({"type": "string", "format": "uuid", "nullable": true})
        }
        Kind::List(_) if writing => {
            json!({"type": "array", "items": {"type": "string", "format": "uuid"}})
        }
        Kind::List(of) => json!({"type": "array", "items": nested(of), "readOnly": true}),
    }
}

/// What a list holds when it is read.
fn nested(of: &str) -> Value {
    match schema::find(of) {
        Some(entity) => refer(&entity.words.label),
        None => json!({"type": "object", "additionalProperties": {}}),
    }
}

fn properties(entity: &Entity, writing: bool) -> Map<String, Value> {
    let fields = entity.fields.iter();
    let mut all: Map<String, Value> = fields
        .map(|field| (field.name.clone(), property(entity, field, writing)))
        .collect();
    all.insert(
        "custom_fields".into(),
        json!({"type": "object", "additionalProperties": {}}),
    );
    all
}

/// The record as it is read; every read-only field counts as required.
fn record(entity: &Entity) -> Value {
    let mut all = Map::new();
    all.insert(
        "id".into(),
        json!({"type": "string", "format": "uuid", "readOnly": true}),
    );
    all.extend(properties(entity, false));
    for name in ["created_at", "updated_at"] {
        all.insert(
            name.into(),
            json!({"type": "string", "format": "date-time", "readOnly": true}),
        );
    }
    all.insert(
        "created_by".into(),
        json!({"type": "object", "readOnly": true}),
    );
    if entity.words.label == "Invoice" {
        // The record is read with other names than it is written with.
        for name in ["account", "contact"] {
            all.insert(name.into(), json!({"type": "object", "readOnly": true}));
            all.shift_remove(&format!("{name}_id"));
        }
    }
    let mut required: Vec<&String> = all
        .iter()
        .filter(|(name, property)| property["readOnly"] == true || entity.requires(name))
        .map(|(name, _)| name)
        .collect();
    required.sort();
    json!({"type": "object", "required": required, "properties": all})
}

fn request(entity: &Entity, whole: bool) -> Value {
    let mut request = json!({"type": "object", "properties": properties(entity, true)});
    if whole && !entity.words.required.is_empty() {
        request["required"] = json!(entity.words.required);
    }
    request
}

fn comment(entity: &Entity) -> Value {
    let file = format!("{}_attachment", entity.words.label.to_lowercase());
    let mut request = json!({
        "type": "object",
        "properties": {"comment": {"type": "string", "minLength": 1}},
        "required": ["comment", file],
    });
    request["properties"][&file] = json!({"type": "string", "format": "binary"});
    request
}

fn list(entity: &Entity) -> Value {
    let rows = json!({"type": "array", "items": refer(&entity.words.label)});
    let mut properties =
        json!({"per_page": {"type": "integer"}, "page_number": {"type": "integer"}});
    properties[&entity.words.rows] = rows;
    json!({"type": "object", "properties": properties})
}

fn detail(entity: &Entity) -> Value {
    let mut properties = json!({
        "comments": {"type": "array", "items": {"type": "object"}},
        "attachments": {"type": "array", "items": {"type": "object"}},
    });
    properties[&entity.words.object] = refer(&entity.words.label);
    json!({"type": "object", "properties": properties})
}

fn written() -> Value {
    json!({
        "type": "object",
        "properties": {"error": {"type": "boolean"}, "message": {"type": "string"}},
        "required": ["error", "message"],
    })
}
