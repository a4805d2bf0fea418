//! What the CRM says of its entity types, fields and links, kept for the time that settings name.
//!
//! Kept values are dropped when `X-App-Timestamp` moves. The CRM filters its metadata by role, so
//! the cache, which the host keeps per connection and identity, never mixes two users.

use std::time::Duration;

use portcullis_sdk::{Call, Failure, path, text};
use serde_json::{Map, Value, json};

use crate::{
    crm, entity,
    errors::About,
    settings::Settings,
    table::{Table, flag, string, strings},
};

/// How long an unknown entity type stays unknown.
const NEGATIVE_TTL: Duration = Duration::from_secs(30);
/// What is kept of a scope, a field and a link; the rest of the metadata is for the CRM's pages.
const SCOPE_KEYS: &[&str] = &[
    "entity",
    "object",
    "module",
    "isCustom",
    "stream",
    "statusField",
    "pipelines",
    "kanbanStatusIgnoreList",
    "duplicateCheckFieldList",
];
const FIELD_KEYS: &[&str] = &[
    "type",
    "required",
    "readOnly",
    "utility",
    "disabled",
    "directAccessDisabled",
    "options",
    "optionsReference",
    "maxLength",
    "min",
    "max",
    "default",
    "suppressValidationList",
];
const LINK_KEYS: &[&str] = &["type", "entity"];

pub(crate) type Scopes = Table<Scope>;

/// What is needed of an entity type.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) object: bool,
    pub(crate) module: Option<String>,
    pub(crate) custom: bool,
    pub(crate) stream: bool,
    pub(crate) status_field: Option<String>,
    pub(crate) pipelines: bool,
    pub(crate) hidden_columns: Vec<String>,
    pub(crate) duplicate_fields: Vec<String>,
}

/// Fields and links of an entity type.
#[derive(Debug, Default)]
pub(crate) struct Defs {
    pub(crate) fields: Table<Field>,
    pub(crate) links: Table<Link>,
    pub(crate) order_by: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) text_filter_fields: Vec<String>,
}

/// A field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Field {
    pub(crate) kind: String,
    pub(crate) required: bool,
    pub(crate) read_only: bool,
    pub(crate) hidden: bool,
    pub(crate) options: Option<Vec<String>>,
    pub(crate) options_reference: Option<String>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min: Option<Value>,
    pub(crate) max: Option<Value>,
    pub(crate) default: Option<Value>,
}

/// A link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    pub(crate) kind: String,
    pub(crate) entity: Option<String>,
}

impl Link {
    /// Whether it holds several records, so that link and unlink work on it.
    pub(crate) fn is_many(&self) -> bool {
        matches!(self.kind.as_str(), "hasMany" | "manyMany" | "hasChildren")
    }
}

/// A kept value, unless the CRM's metadata may have moved since.
pub(crate) fn recall(call: &Call<'_>, key: &str) -> Option<Value> {
    let mut kept = call.cache().value(key)?;
    let last = call.cache().value(crm::STAMP);
    let current =
        last.is_none() || kept["stamp"].is_null() || Some(&kept["stamp"]) == last.as_ref();
    current.then(|| kept["value"].take())
}

/// Keeps a value that was just read.
pub(crate) fn keep(call: &Call<'_>, key: &str, value: &Value, ttl: Duration) {
    let stamp = call.cache().value(crm::STAMP);
    call.cache()
        .put(key, &json!({"stamp": stamp, "value": value}), ttl);
}

pub(crate) fn ttl(call: &Call<'_>) -> Result<Duration, Failure> {
    Ok(Duration::from_secs(
        Settings::of(call)?.metadata_ttl_s.into(),
    ))
}

/// The entity types, if they are at hand.
pub(crate) fn cached_scopes(call: &Call<'_>) -> Option<Scopes> {
    recall(call, "scopes").map(|raw| Table::of(&raw, scope))
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
    let mut scopes = reduce_each(raw, SCOPE_KEYS)
        .ok_or_else(|| Failure::upstream("the CRM's list of scopes has an unexpected shape"))?;
    scopes.retain(|_, scope| flag(scope, "entity"));
    let scopes = Value::Object(scopes);
    keep(call, "scopes", &scopes, ttl(call)?);
    Ok(Table::of(&scopes, scope))
}

/// One entity type; an unknown one is a failure with near names.
pub(crate) fn scope_of(call: &Call<'_>, name: &str) -> Result<Scope, Failure> {
    let mut scopes = scopes(call)?;
    scopes.take(name).ok_or_else(|| unknown(name, &scopes))
}

/// Fields and links of an entity type.
pub(crate) fn defs(call: &Call<'_>, name: &str) -> Result<Defs, Failure> {
    let key = format!("defs.{name}");
    let raw = match recall(call, &key) {
        Some(kept) => kept,
        None => fetch_defs(call, name, &key)?,
    };
    if raw.is_null() {
        return Err(unknown(name, &scopes(call).unwrap_or_default()));
    }
    let collection = &raw["collection"];
    Ok(Defs {
        fields: Table::of(&raw["fields"], field),
        links: Table::of(&raw["links"], link),
        order_by: string(collection, "orderBy"),
        order: string(collection, "order"),
        text_filter_fields: strings(&collection["textFilterFields"]),
    })
}

/// Reads and keeps the definitions, reduced; null for an unknown entity type.
fn fetch_defs(call: &Call<'_>, name: &str, key: &str) -> Result<Value, Failure> {
    let Some(raw) = fetch(call, &format!("entityDefs.{name}"))? else {
        keep(call, key, &Value::Null, NEGATIVE_TTL);
        return Ok(Value::Null);
    };
    let defs = json!({
        "fields": reduce_each(&raw["fields"], FIELD_KEYS),
        "links": reduce_each(&raw["links"], LINK_KEYS),
        "collection": raw["collection"],
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
        return Ok(kept.as_array().map(|_| strings(&kept)));
    }
    let reference = reference.replace(".fields.", ".");
    let Some((entity, name)) = reference.split_once('.') else {
        return Ok(None);
    };
    let options =
        fetch(call, &format!("entityDefs.{entity}.fields.{name}.options"))?.unwrap_or_default();
    keep(call, &key, &options, ttl(call)?);
    Ok(options.as_array().map(|_| strings(&options)))
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

fn reduce_each(raw: &Value, keys: &[&str]) -> Option<Map<String, Value>> {
    let reduce = |value: &Value| {
        keys.iter()
            .filter_map(|key| Some(((*key).to_owned(), value.get(key)?.clone())))
            .collect::<Map<_, _>>()
    };
    Some(
        raw.as_object()?
            .iter()
            .map(|(name, value)| (name.clone(), reduce(value).into()))
            .collect(),
    )
}

fn scope(raw: &Value) -> Scope {
    let module = string(raw, "module");
    Scope {
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
