//! The tool `get_dropdown_values`: the CRM's lists of options, with their labels.
//!
//! The whole language table is hundreds of kilobytes, so it is kept for a day, and its checksum is
//! asked for when it was not looked at for a while.

use std::time::Duration;

use portcullis_sdk::{Call, Failure, code, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{metadata, rpc, via::Via};

const KEY: &str = "dropdowns";
const FRESH: &str = "dropdowns.fresh";
const TTL: Duration = Duration::from_secs(24 * 3600);

/// Shows the options of a dropdown list: key and label. Without a name it lists the names of all
/// lists. The options of a field are in get_module_fields too.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DropdownArgs {
    /// Name of the list, e.g. `sales_stage_dom`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    dropdown_name: Option<String>,
}

/// A list, or the names of all.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Dropdown {
    #[serde(skip_serializing_if = "Option::is_none")]
    dropdown_name: Option<String>,
    /// Key → label.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Map<String, Value>>,
    /// Names of the lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    available_dropdowns: Option<Vec<String>>,
    count: usize,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn get_dropdown_values(
    call: &Call<'_>,
    args: &DropdownArgs,
) -> Result<Dropdown, Failure> {
    let mut lists = lists(call)?;
    let Some(name) = &args.dropdown_name else {
        let names: Vec<String> = lists.keys().cloned().collect();
        return Ok(Dropdown {
            dropdown_name: None,
            values: None,
            count: names.len(),
            available_dropdowns: Some(names),
            via: Via::v4_1(),
        });
    };
    let Some(values) = lists.remove(name).and_then(as_map) else {
        return Err(Failure::not_found(
            code::INVALID_ARGUMENT,
            format!("there is no dropdown list `{name}`"),
        )
        .at("/dropdown_name")
        .suggest("without dropdown_name the tool lists all names")
        .suggest_some(text::did_you_mean(name, lists.keys().map(String::as_str))));
    };
    Ok(Dropdown {
        dropdown_name: Some(name.clone()),
        count: values.len(),
        values: Some(values),
        available_dropdowns: None,
        via: Via::v4_1(),
    })
}

fn lists(call: &Call<'_>) -> Result<Map<String, Value>, Failure> {
    if let Some(mut kept) = call.cache().value(KEY) {
        let fresh = call.cache().value(FRESH).is_some();
        if fresh || checksum(call)? == kept["md5"] {
            call.cache().put(FRESH, &true, metadata::ttl(call)?);
            if let Some(lists) = as_map(kept["lists"].take()) {
                return Ok(lists);
            }
        }
    }
    let mut answer = ask(call, false)?;
    let lists = as_map(answer["app_list_strings"].take())
        .ok_or_else(|| rpc::unexpected("get_language_definition"))?;
    let md5 = checksum(call)?;
    call.cache()
        .put(KEY, &json!({"md5": md5, "lists": lists}), TTL);
    call.cache().put(FRESH, &true, metadata::ttl(call)?);
    Ok(lists)
}

fn checksum(call: &Call<'_>) -> Result<Value, Failure> {
    Ok(ask(call, true)?["app_list_strings"].take())
}

fn ask(call: &Call<'_>, md5: bool) -> Result<Value, Failure> {
    let arguments = vec![json!(["app_list_strings"]), json!(md5)];
    rpc::read(call, "get_language_definition", "", arguments)
}

/// PHP writes an empty list as a list, not as a map.
fn as_map(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map),
        Value::Array(items) => Some(
            items
                .into_iter()
                .enumerate()
                .map(|(index, label)| (index.to_string(), label))
                .collect(),
        ),
        _ => None,
    }
}
