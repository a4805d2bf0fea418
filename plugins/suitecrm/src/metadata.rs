//! What the CRM says of a module: its table, fields and links, kept in a compact form.
//!
//! `get_module_fields` answers with 20 to 60 KB; what is kept is a quarter of that. The cache is per
//! connection and identity, because the CRM filters by role.

use std::time::Duration;

use portcullis_sdk::{Call, Failure, code, text};
use serde_json::{Map, Value, json};

use crate::{modules, rpc, settings::Settings};

/// A module.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) table: String,
    fields: Map<String, Value>,
    links: Map<String, Value>,
}

/// A field of a module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'m> {
    pub(crate) name: &'m str,
    raw: &'m Value,
}

/// A link of a module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'m> {
    pub(crate) name: &'m str,
    raw: &'m Value,
}

pub(crate) fn ttl(call: &Call<'_>) -> Result<Duration, Failure> {
    Ok(Duration::from_secs(
        Settings::of(call)?.metadata_ttl_s.into(),
    ))
}

/// A module, from the cache or from the CRM.
pub(crate) fn module(call: &Call<'_>, name: &str) -> Result<Module, Failure> {
    match cached(call, name) {
        Some(module) => Ok(module),
        None => fetch(call, name),
    }
}

/// A module, if it is at hand.
pub(crate) fn cached(call: &Call<'_>, name: &str) -> Option<Module> {
    parse(name, call.cache().value(&key(name))?)
}

fn fetch(call: &Call<'_>, name: &str) -> Result<Module, Failure> {
    let answer = rpc::read(
        call,
        "get_module_fields",
        name,
        vec![json!(name), json!([])],
    )
    .map_err(|failure| with_names(call, failure, name))?;
    let compact = compact(&answer).ok_or_else(|| rpc::unexpected("get_module_fields"))?;
    call.cache().put(&key(name), &compact, ttl(call)?);
    parse(name, compact).ok_or_else(|| rpc::unexpected("get_module_fields"))
}

/// Adds near names to the refusal of an unknown module.
pub(crate) fn with_names(call: &Call<'_>, failure: Failure, name: &str) -> Failure {
    if failure.code != code::INVALID_ENTITY_TYPE {
        return failure;
    }
    match modules::list(call) {
        Ok(modules) => failure.suggest_some(text::did_you_mean(name, modules.names())),
        Err(_) => failure,
    }
}

fn key(name: &str) -> String {
    format!("fields.{name}")
}

fn compact(answer: &Value) -> Option<Value> {
    let fields: Map<String, Value> = answer["module_fields"]
        .as_object()?
        .iter()
        .map(|(name, raw)| (name.clone(), compact_field(raw)))
        .collect();
    // PHP writes an empty map as a list.
    let links: Map<String, Value> = answer["link_fields"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, raw)| {
            (
                name.clone(),
                json!({"m": raw["module"], "r": raw["relationship"]}),
            )
        })
        .collect();
    Some(json!({"t": answer["table_name"].as_str()?, "f": fields, "l": links}))
}

/// Type, and of the rest what is not empty. A date's options are those of its search form.
fn compact_field(raw: &Value) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: &Value| {
        let empty = match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Bool(flag) => !flag,
            Value::Number(number) => number.as_i64() == Some(0),
            _ => false,
        };
        if !empty {
            out.insert(key.to_owned(), value.clone());
        }
    };
    put("k", &raw["type"]);
    put("l", &raw["label"]);
    put("r", &raw["required"]);
    put("n", &raw["len"]);
    put("m", &raw["related_module"]);
    put("i", &raw["id_name"]);
    put("d", &raw["default_value"]);
    let kind = raw["type"].as_str().unwrap_or_default();
    if matches!(
        kind,
        "enum" | "multienum" | "radioenum" | "dynamicenum" | "parent_type"
    ) && let Some(options) = raw["options"].as_object()
    {
        let labels = options
            .iter()
            .map(|(key, option)| (key.clone(), option["value"].clone()))
            .collect::<Map<_, _>>();
        out.insert("o".to_owned(), labels.into());
    }
    out.into()
}

fn parse(name: &str, mut kept: Value) -> Option<Module> {
    let map = |value: Value| match value {
        Value::Object(map) => Some(map),
        _ => None,
    };
    Some(Module {
        name: name.to_owned(),
        table: kept["t"].as_str()?.to_owned(),
        fields: map(kept["f"].take())?,
        links: map(kept["l"].take())?,
    })
}

impl Module {
    pub(crate) fn field(&self, name: &str) -> Option<Field<'_>> {
        let (name, raw) = self.fields.get_key_value(name)?;
        Some(Field { name, raw })
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.fields.iter().map(|(name, raw)| Field { name, raw })
    }

    pub(crate) fn link(&self, name: &str) -> Option<Link<'_>> {
        let (name, raw) = self.links.get_key_value(name)?;
        Some(Link { name, raw })
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = Link<'_>> {
        self.links.iter().map(|(name, raw)| Link { name, raw })
    }

    /// Whether it is about people, whose `name` is put together from two columns.
    pub(crate) fn is_person(&self) -> bool {
        self.fields.contains_key("first_name") && self.fields.contains_key("last_name")
    }

    /// A field, or a failure with near names.
    pub(crate) fn require_field(&self, name: &str, pointer: &str) -> Result<Field<'_>, Failure> {
        self.field(name).ok_or_else(|| {
            let names = self.fields.keys().map(String::as_str);
            Failure::bad_input(
                code::INVALID_FIELD,
                format!("{} has no field `{name}`", self.name),
            )
            .at(pointer)
            .suggest("get_module_fields lists the fields")
            .suggest_some(text::did_you_mean(name, names))
        })
    }

    /// A link, or a failure with near names. The CRM answers an unknown one with an empty list.
    pub(crate) fn require_link(&self, name: &str) -> Result<Link<'_>, Failure> {
        self.link(name).ok_or_else(|| {
            let names = self.links.keys().map(String::as_str);
            Failure::bad_input(
                code::INVALID_LINK,
                format!("{} has no link `{name}`", self.name),
            )
            .at("/link_field")
            .suggest("get_module_fields lists the links under `relationships`")
            .suggest_some(text::did_you_mean(name, names))
        })
    }
}

impl<'m> Field<'m> {
    pub(crate) fn kind(&self) -> &'m str {
        self.raw["k"].as_str().unwrap_or_default()
    }

    pub(crate) fn label(&self) -> &'m str {
        self.raw["l"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_required(&self) -> bool {
        self.raw.get("r").is_some()
    }

    pub(crate) fn options(&self) -> Option<&'m Map<String, Value>> {
        self.raw.get("o")?.as_object()
    }

    pub(crate) fn max_length(&self) -> Option<usize> {
        let len = self.raw.get("n")?;
        let number = len.as_u64().or_else(|| len.as_str()?.trim().parse().ok())?;
        usize::try_from(number).ok()
    }

    pub(crate) fn related_module(&self) -> Option<&'m str> {
        self.raw.get("m")?.as_str()
    }

    pub(crate) fn id_name(&self) -> Option<&'m str> {
        self.raw.get("i")?.as_str()
    }

    pub(crate) fn default(&self) -> Option<&'m Value> {
        self.raw.get("d")
    }

    pub(crate) fn is_datetime(&self) -> bool {
        matches!(self.kind(), "datetime" | "datetimecombo")
    }

    /// An e-mail address, which is kept in a table of its own.
    pub(crate) fn is_email(&self) -> bool {
        matches!(self.name, "email1" | "email")
    }

    /// Whether it is a column of the module's table. The API does not say, so this goes by type:
    /// names of related records, links and computed fields are none.
    pub(crate) fn is_column(&self) -> bool {
        match self.kind() {
            "link" | "parent" | "function" | "fullname" | "image" | "emailbody" => false,
            "relate" => self.id_name().is_none_or(|id| id == self.name),
            "assigned_user_name" => !self.name.ends_with("_name"),
            _ => !self.is_email() && self.name != "email2" && self.name != "user_hash",
        }
    }
}

impl<'m> Link<'m> {
    /// The module behind it; many links do not say.
    pub(crate) fn module(&self) -> Option<&'m str> {
        self.raw["m"].as_str().filter(|name| !name.is_empty())
    }

    pub(crate) fn relationship(&self) -> &'m str {
        self.raw["r"].as_str().unwrap_or_default()
    }
}
