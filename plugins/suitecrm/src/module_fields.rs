//! The tool `get_module_fields`: the fields and links of a module.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    metadata::{self, Field},
    names,
    via::Via,
};

/// Describes a module: its fields with type, label, options and limits, and its links. Call it
/// before the first write to a module; `fields` narrows the answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldsArgs {
    /// Module, e.g. `Accounts`; see list_modules.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// Only these fields, and no links.
    #[serde(default)]
    #[schemars(length(min = 1, max = 50))]
    fields: Option<Vec<String>>,
}

/// A module.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Described {
    module: String,
    table: String,
    /// Name, type, label; required, options (key → label), max_length, related_module, default
    /// where they apply; `stored: false` for what cannot be searched or written.
    fields: Vec<Map<String, Value>>,
    /// Links: name, and the module behind it where the CRM tells.
    relationships: Vec<Map<String, Value>>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn get_module_fields(call: &Call<'_>, args: &FieldsArgs) -> Result<Described, Failure> {
    names::check(call, &args.module, "/module")?;
    of(call, &args.module, args.fields.as_deref())
}

/// Describes a module that was checked: these fields, or all with its links.
pub(crate) fn of(
    call: &Call<'_>,
    name: &str,
    only: Option<&[String]>,
) -> Result<Described, Failure> {
    let module = metadata::module(call, name)?;
    let fields = match only {
        None => module.fields().map(|field| describe(&field)).collect(),
        Some(wanted) => wanted
            .iter()
            .enumerate()
            .map(|(index, name)| {
                module
                    .require_field(name, &format!("/fields/{index}"))
                    .map(|field| describe(&field))
            })
            .collect::<Result<_, _>>()?,
    };
    let link = |link: metadata::Link<'_>| {
        let mut entry = Map::new();
        entry.insert("name".to_owned(), link.name.into());
        if let Some(module) = link.module() {
            entry.insert("related_module".to_owned(), module.into());
        }
        entry.insert("relationship".to_owned(), link.relationship().into());
        entry
    };
    Ok(Described {
        relationships: if only.is_none() {
            module.links().map(link).collect()
        } else {
            Vec::new()
        },
        module: name.to_owned(),
        fields,
        table: module.table,
        via: Via::v4_1(),
    })
}

fn describe(field: &Field<'_>) -> Map<String, Value> {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            entry.insert(key.to_owned(), value);
        }
    };
    put("name", Some(field.name.into()));
    put("type", Some(field.kind().into()));
    put("label", Some(field.label().trim_end_matches(':').into()));
    put("required", field.is_required().then(|| true.into()));
    put("options", field.options().cloned().map(Value::from));
    put("max_length", field.max_length().map(Value::from));
    put("related_module", field.related_module().map(Value::from));
    put("default", field.default().cloned());
    let stored = field.is_column() || field.is_email();
    put("stored", (!stored).then(|| false.into()));
    let id = field.id_name().filter(|id| !stored && *id != field.name);
    put("id_field", id.map(Value::from));
    entry
}
