//! What the CRM publishes of itself: its OpenAPI document, fetched once per connection, and kept as
//! the few fields that matter, each entity's by themselves: a call reads those of its own entity.
//! The document is nearly a megabyte, so all else is passed over.
//!
//! It is asked for by crm_describe, and before a field or a value is refused that the tables do not
//! know; a token that may not read it leaves the tables alone.

use std::{collections::BTreeMap, time::Duration};

use portcullis_sdk::{Call, Failure, Kind, path};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    crm,
    entity::{self, Entity},
    errors::About,
    payload::Mode,
    settings::Settings,
};

/// Under which key it is kept that this token may not read the schema.
const CLOSED: &str = "schema.closed";
/// How long it is remembered that the schema cannot be read.
const CLOSED_TTL: Duration = Duration::from_secs(300);

/// Field → what the CRM says of it.
pub(crate) type Fields = BTreeMap<String, Published>;

/// What the CRM says of a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Published {
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    pub(crate) kind: String,
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
    #[serde(rename = "c", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) create: bool,
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) update: bool,
}

/// What the CRM publishes of an entity; none when this token may not read the schema, or when nothing
/// of the entity is written here.
///
/// # Errors
/// The CRM could not be reached, or its answer is no schema.
pub(crate) fn of(call: &Call<'_>, entity: &Entity) -> Result<Option<Fields>, Failure> {
    if entity.fields.is_empty() {
        return Ok(None);
    }
    if let Some(kept) = call.cache().get(&key(entity)) {
        return Ok(Some(kept));
    }
    if call.cache().value(CLOSED).is_some() {
        return Ok(None);
    }
    let ask = call.http().get(path!["schema"]).query("format", "json");
    let document: Document = match crm::send(ask, &About::reading("schema")) {
        Ok(response) => response.json()?,
        Err(failure) if matches!(failure.kind, Kind::Forbidden | Kind::Unsupported) => {
            call.cache().put(CLOSED, &true, CLOSED_TTL);
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    let ttl = Duration::from_secs(Settings::of(call)?.schema_ttl_s.into());
    for other in entity::all().filter(|other| !other.fields.is_empty()) {
        call.cache()
            .put(&key(other), &fields(&document, other), ttl);
    }
    Ok(Some(fields(&document, entity)))
}

fn key(entity: &Entity) -> String {
    format!("schema.{}", entity.name)
}

/// The values of a field that the CRM publishes; empty when it publishes none.
pub(crate) fn choices(
    call: &Call<'_>,
    entity: &Entity,
    field: &str,
) -> Result<Vec<String>, Failure> {
    Ok(field_of(call, entity, field)?
        .map(|published| published.values)
        .unwrap_or_default())
}

/// Whether the CRM's schema knows a field that the tables do not.
pub(crate) fn takes(
    call: &Call<'_>,
    entity: &Entity,
    field: &str,
    mode: Mode,
) -> Result<bool, Failure> {
    Ok(
        field_of(call, entity, field)?.is_some_and(|published| match mode {
            Mode::Create => published.create,
            Mode::Update => published.update,
        }),
    )
}

/// Whether the CRM publishes a field.
pub(crate) fn knows(call: &Call<'_>, entity: &Entity, field: &str) -> Result<bool, Failure> {
    Ok(field_of(call, entity, field)?.is_some())
}

fn field_of(call: &Call<'_>, entity: &Entity, field: &str) -> Result<Option<Published>, Failure> {
    Ok(of(call, entity)?.and_then(|mut fields| fields.remove(field)))
}

/// The parts of the document that are read.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    paths: BTreeMap<String, Operations>,
    #[serde(default)]
    components: Components,
}

#[derive(Default, Deserialize)]
struct Components {
    #[serde(default)]
    schemas: BTreeMap<String, Shape>,
}

#[derive(Default, Deserialize)]
struct Operations {
    #[serde(default)]
    post: Option<Operation>,
    #[serde(default)]
    put: Option<Operation>,
    #[serde(default)]
    patch: Option<Operation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    #[serde(default)]
    request_body: Option<Body>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
struct Media {
    #[serde(default)]
    schema: Shape,
}

/// A schema object, as far as it is of use.
#[derive(Default, Deserialize)]
struct Shape {
    #[serde(rename = "$ref", default)]
    reference: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    format: Option<String>,
    #[serde(rename = "enum", default)]
    values: Option<Vec<Value>>,
    #[serde(rename = "allOf", default)]
    all_of: Vec<Shape>,
    #[serde(rename = "oneOf", default)]
    one_of: Vec<Shape>,
    #[serde(default)]
    properties: BTreeMap<String, Shape>,
}

fn fields(document: &Document, entity: &Entity) -> Fields {
    let list = format!("/{}/", entity.path.join("/"));
    let one = format!("{list}{{id}}/");
    let paths = &document.paths;
    let create = paths.get(&list).and_then(|found| body(found.post.as_ref()));
    let update = paths
        .get(&one)
        .and_then(|found| body(found.patch.as_ref()).or_else(|| body(found.put.as_ref())));
    let read = entity
        .component
        .and_then(|name| document.components.schemas.get(name));
    let mut fields = Fields::new();
    for (shape, mode) in [
        (read, None),
        (create, Some(Mode::Create)),
        (update, Some(Mode::Update)),
    ] {
        let Some(shape) = shape.and_then(|shape| followed(document, shape)) else {
            continue;
        };
        for (name, property) in shape.properties.iter().filter(|(name, _)| !is_upload(name)) {
            let field = fields.entry(name.clone()).or_default();
            field.create |= mode == Some(Mode::Create);
            field.update |= mode == Some(Mode::Update);
            describe(document, property, field);
        }
    }
    fields
}

/// Comments and files, which the document lists among the fields of a record.
fn is_upload(name: &str) -> bool {
    name == "comment" || name.ends_with("_attachment") || name.ends_with("_comments")
}

fn body(operation: Option<&Operation>) -> Option<&Shape> {
    let content = &operation?.request_body.as_ref()?.content;
    content.get("application/json").map(|media| &media.schema)
}

fn followed<'d>(document: &'d Document, shape: &'d Shape) -> Option<&'d Shape> {
    match &shape.reference {
        Some(reference) => document
            .components
            .schemas
            .get(reference.rsplit('/').next()?),
        None => Some(shape),
    }
}

/// Type and values of a property: its own, or those of what it refers to, all members of a `oneOf`
/// together; that is how the CRM publishes a choice that may be empty.
fn describe(document: &Document, property: &Shape, field: &mut Published) {
    let Some(shape) = followed(document, property) else {
        return;
    };
    let values = shape.values.iter().flatten().filter_map(Value::as_str);
    for value in values.filter(|value| !value.is_empty()) {
        if !field.values.iter().any(|known| known == value) {
            field.values.push(value.to_owned());
        }
    }
    if field.kind.is_empty()
        && let Some(kind) = shape.format.as_ref().or(shape.kind.as_ref())
    {
        field.kind.clone_from(kind);
    }
    for inner in shape.all_of.iter().chain(&shape.one_of) {
        describe(document, inner, field);
    }
}
