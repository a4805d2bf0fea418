//! What the CRM says of its entity types, fields and links, kept for the time that settings name.
//!
//! Kept values are dropped when `X-App-Timestamp` moves. The CRM filters its metadata by role, so
//! the cache, which the host keeps per connection and identity, never mixes two users.

use std::time::Duration;

use portcullis_sdk::{Call, Failure, path, text};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    crm, entity,
    errors::About,
    settings::Settings,
    table::{Table, flag, is_default, string, strings},
};

/// How long an unknown entity type stays unknown.
const NEGATIVE_TTL: Duration = Duration::from_secs(30);

pub(crate) type Scopes = Table<Scope>;

/// What is needed of an entity type.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Scope {
    /// Whether it is an entity type at all.
    #[serde(skip)]
    entity: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) object: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) module: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) custom: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) stream: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) status_field: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) pipelines: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) hidden_columns: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) duplicate_fields: Vec<String>,
}

/// Fields and links of an entity type.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Defs {
    pub(crate) fields: Table<Field>,
    pub(crate) links: Table<Link>,
    pub(crate) order_by: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) text_filter_fields: Vec<String>,
}

/// A field.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Field {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) required: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) read_only: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) hidden: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) options: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) options_reference: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) max_length: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) min: Option<Value>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) max: Option<Value>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) default: Option<Value>,
}

/// A link.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Link {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) entity: Option<String>,
}

impl Link {
    /// Whether it holds several records, so that link and unlink work on it.
    pub(crate) fn is_many(&self) -> bool {
        matches!(self.kind.as_str(), "hasMany" | "manyMany" | "hasChildren")
    }
}

/// A value with the stamp that the CRM's metadata had.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    stamp: Option<String>,
    value: T,
}

/// A kept value, unless the CRM's metadata may have moved since.
pub(crate) fn recall<T: DeserializeOwned>(call: &Call<'_>, key: &str) -> Option<T> {
    let kept: Kept<T> = call.cache().get(key)?;
    let current = match (&kept.stamp, crm::stamp(call)) {
        (Some(then), Some(last)) => *then == last,
        _ => true,
    };
    current.then_some(kept.value)
}

/// Keeps a value that was just read.
pub(crate) fn keep<T: Serialize>(call: &Call<'_>, key: &str, value: &T, ttl: Duration) {
    let stamp = crm::stamp(call);
    call.cache().put(key, &Kept { stamp, value }, ttl);
}

pub(crate) fn ttl(call: &Call<'_>) -> Result<Duration, Failure> {
    Ok(Duration::from_secs(
        Settings::of(call)?.metadata_ttl_s.into(),
    ))
}

/// The entity types, if they are at hand.
pub(crate) fn cached_scopes(call: &Call<'_>) -> Option<Scopes> {
    recall(call, "scopes")
}

/// The entity types that the role sees.
pub(crate) fn scopes(call: &Call<'_>) -> Result<Scopes, Failure> {
    match cached_scopes(call) {
        Some(scopes) => Ok(scopes),
        None => keep_scopes(call, &fetch(call, "scopes")?.unwrap_or_default()),
    }
}

/// Keeps entity types that were read as one of several requests.
pub(crate) fn keep_scopes(call: &Call<'_>, raw: &Value) -> Result<Scopes, Failure> {
    if !raw.is_object() {
        return Err(Failure::upstream(
            "the CRM's list of scopes has an unexpected shape",
        ));
    }
    let mut scopes = Table::of(raw, scope);
    scopes.retain(|scope| scope.entity);
    keep(call, "scopes", &scopes, ttl(call)?);
    Ok(scopes)
}

/// One entity type; an unknown one is a failure with near names.
pub(crate) fn scope_of(call: &Call<'_>, name: &str) -> Result<Scope, Failure> {
    let mut scopes = scopes(call)?;
    scopes.take(name).ok_or_else(|| unknown(name, &scopes))
}

/// Fields and links of an entity type.
pub(crate) fn defs(call: &Call<'_>, name: &str) -> Result<Defs, Failure> {
    let key = format!("defs.{name}");
    let defs = match recall(call, &key) {
        Some(kept) => kept,
        None => fetch_defs(call, name, &key)?,
    };
    defs.ok_or_else(|| unknown(name, &scopes(call).unwrap_or_default()))
}

/// Reads and keeps the definitions; none for an unknown entity type.
fn fetch_defs(call: &Call<'_>, name: &str, key: &str) -> Result<Option<Defs>, Failure> {
    let Some(raw) = fetch(call, &format!("entityDefs.{name}"))? else {
        keep(call, key, &None::<Defs>, NEGATIVE_TTL);
        return Ok(None);
    };
    let collection = &raw["collection"];
    let defs = Some(Defs {
        fields: Table::of(&raw["fields"], field),
        links: Table::of(&raw["links"], link),
        order_by: string(collection, "orderBy"),
        order: string(collection, "order"),
        text_filter_fields: strings(&collection["textFilterFields"]),
    });
    keep(call, key, &defs, ttl(call)?);
    Ok(defs)
}

/// The options of a field; of one that borrows them, those of the other.
pub(crate) fn options(call: &Call<'_>, field: &Field) -> Result<Option<Vec<String>>, Failure> {
    let Some(reference) = &field.options_reference else {
        return Ok(field.options.clone());
    };
    let key = format!("options.{reference}");
    if let Some(kept) = recall(call, &key) {
        return Ok(kept);
    }
    let reference = reference.replace(".fields.", ".");
    let Some((entity, name)) = reference.split_once('.') else {
        return Ok(None);
    };
    let options = fetch(call, &format!("entityDefs.{entity}.fields.{name}.options"))?
        .filter(Value::is_array)
        .map(|options| strings(&options));
    keep(call, &key, &options, ttl(call)?);
    Ok(options)
}

/// One key of the metadata; none for an unknown or forbidden one, which the CRM answers with an
/// empty body.
fn fetch(call: &Call<'_>, key: &str) -> Result<Option<Value>, Failure> {
    let response = crm::send(
        call,
        call.http().get(path!["Metadata"]).query("key", key),
        &About::reading("Metadata"),
    )?;
    if response.body.is_empty() {
        return Ok(None);
    }
    response
        .decode()
        .map(|value| (!value.is_null()).then_some(value))
}

fn unknown(name: &str, scopes: &Scopes) -> Failure {
    entity::unknown(name)
        .at("/entityType")
        .suggest("list_entity_types shows the entity types that this user sees")
        .suggest_some(text::did_you_mean(name, scopes.keys()))
}

fn scope(raw: &Value) -> Scope {
    let module = string(raw, "module");
    Scope {
        entity: flag(raw, "entity"),
        object: flag(raw, "object"),
        custom: flag(raw, "isCustom") || module.as_deref() == Some("Custom"),
        module,
        stream: flag(raw, "stream"),
        status_field: string(raw, "statusField"),
        pipelines: flag(raw, "pipelines"),
        hidden_columns: strings(&raw["kanbanStatusIgnoreList"]),
        duplicate_fields: strings(&raw["duplicateCheckFieldList"]),
    }
}

fn link(raw: &Value) -> Link {
    Link {
        kind: string(raw, "type").unwrap_or_default(),
        entity: string(raw, "entity"),
    }
}

fn field(raw: &Value) -> Field {
    let some = |key: &str| raw.get(key).filter(|value| !value.is_null()).cloned();
    Field {
        kind: string(raw, "type").unwrap_or_default(),
        required: flag(raw, "required"),
        read_only: flag(raw, "readOnly"),
        hidden: flag(raw, "utility") || flag(raw, "disabled") || flag(raw, "directAccessDisabled"),
        options: raw["options"].as_array().map(|_| strings(&raw["options"])),
        options_reference: string(raw, "optionsReference"),
        max_length: raw["maxLength"].as_u64(),
        min: some("min"),
        max: some("max"),
        default: some("default"),
    }
}
