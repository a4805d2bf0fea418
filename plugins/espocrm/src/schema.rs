//! The tool `get_schema`: the fields and links of an entity type, as they are sent.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    entity, entity_types,
    fields::{Part, parts},
    identity,
    metadata::{self, Defs, Field},
};

/// Describes an entity type: its fields with type, options and limits, the attributes under which
/// each is sent (`account` is sent as `accountId`), its links, status field and pipelines, and the
/// fields that the role hides or locks. Call it before the first write to an entity type.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SchemaArgs {
    /// Entity type, e.g. `Account`; exact spelling, see list_entity_types.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
}

/// An entity type.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Schema {
    entity_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Name, type, attributes to send, options, limits.
    fields: Vec<Map<String, Value>>,
    /// Name, type, target.
    links: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_field: Option<String>,
    /// Pipelines with their stages; records move by stage, not by the status field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pipelines: Vec<Map<String, Value>>,
    /// A new record that equals an existing one in these is reported as a duplicate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duplicate_check_fields: Vec<String>,
    /// Fields that `textFilter` looks into.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    text_filter_fields: Vec<String>,
    /// The order of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_order: Option<String>,
    /// Fields that the role hides from this user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden_fields: Vec<String>,
    /// Fields that the role does not let this user change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locked_fields: Vec<String>,
}

pub(crate) fn get(call: &Call<'_>, args: &SchemaArgs) -> Result<Schema, Failure> {
    entity::check(call, &args.entity_type)?;
    of(call, &args.entity_type)
}

/// Describes an entity type that was checked.
pub(crate) fn of(call: &Call<'_>, name: &str) -> Result<Schema, Failure> {
    let defs = metadata::defs(call, name)?;
    let scope = metadata::scope_of(call, name)?;
    let user = identity::identity(call)?;
    let hidden = user.hidden.get(name).cloned().unwrap_or_default();
    Ok(Schema {
        entity_type: name.to_owned(),
        label: entity_types::label(call, name),
        fields: fields(call, &defs, &hidden)?,
        links: defs
            .links
            .iter()
            .map(|(name, link)| {
                object(json!({"name": name, "type": link.kind, "entity": link.entity}))
            })
            .collect(),
        status_field: scope.status_field,
        pipelines: if scope.pipelines {
            user.pipelines
                .get(name)
                .map(|list| pipelines(list))
                .unwrap_or_default()
        } else {
            Vec::new()
        },
        duplicate_check_fields: scope.duplicate_fields,
        default_order: defs
            .order_by
            .as_ref()
            .map(|field| format!("{field} {}", defs.order.as_deref().unwrap_or("asc"))),
        text_filter_fields: defs.text_filter_fields,
        hidden_fields: hidden,
        locked_fields: user.locked.get(name).cloned().unwrap_or_default(),
    })
}

fn fields(
    call: &Call<'_>,
    defs: &Defs,
    hidden: &[String],
) -> Result<Vec<Map<String, Value>>, Failure> {
    let visible = defs
        .fields
        .iter()
        .filter(|(name, field)| !field.hidden && !hidden.iter().any(|other| other == name));
    visible
        .map(|(name, field)| describe(call, name, field))
        .collect()
}

fn describe(call: &Call<'_>, name: &str, field: &Field) -> Result<Map<String, Value>, Failure> {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        drop(value.map(|value| entry.insert(key.to_owned(), value)));
    };
    put("name", Some(name.into()));
    put("type", Some(field.kind.as_str().into()));
    let sent: Vec<String> = parts(&field.kind)
        .iter()
        .filter(|(_, part)| *part != Part::Shown)
        .map(|(suffix, _)| format!("{name}{suffix}"))
        .collect();
    put("attributes", (sent != [name]).then(|| sent.into()));
    put("required", field.required.then(|| true.into()));
    put("read_only", field.read_only.then(|| true.into()));
    put(
        "options",
        metadata::options(call, field)?
            .filter(|options| !options.is_empty())
            .map(Value::from),
    );
    put("max_length", field.max_length.map(Value::from));
    put("min", field.min.clone());
    put("max", field.max.clone());
    put(
        "default",
        field.default.clone().filter(|value| !is_script(value)),
    );
    Ok(entry)
}

/// A default that only the CRM's pages compute.
pub(crate) fn is_script(default: &Value) -> bool {
    default
        .as_str()
        .is_some_and(|text| text.starts_with("javascript:"))
}

fn pipelines(list: &[identity::Pipeline]) -> Vec<Map<String, Value>> {
    let stage = |stage: &identity::Stage| json!({"id": stage.id, "name": stage.name, "status": stage.mapped_status});
    let pipeline = |pipeline: &identity::Pipeline| json!({"id": pipeline.id, "name": pipeline.name, "stages": pipeline.stages.iter().map(stage).collect::<Vec<_>>()});
    list.iter().map(pipeline).map(object).collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
