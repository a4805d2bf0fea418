//! The tool `get_recent`: what the API's user looked at last.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::amounts::{self, Amount};
use crate::{entities, modules, names, rows, rpc, search, settings::Settings, via::Via};

const RECENT: &[&str] = &["Accounts", "Contacts", "Leads"];

/// Lists the records that the API's user looked at last.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecentArgs {
    /// Modules; default Accounts, Contacts and Leads.
    #[serde(default)]
    #[schemars(
        length(min = 1, max = 20),
        inner(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))
    )]
    modules: Option<Vec<String>>,
    /// How many, at most 100; default 10.
    #[serde(default, deserialize_with = "amounts::rows")]
    #[schemars(with = "Amount")]
    max_results: Option<u32>,
}

/// Records that were looked at.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Recent {
    items: Vec<RecentItem>,
    count: usize,
    #[serde(flatten)]
    via: Via,
}

#[derive(Serialize, JsonSchema)]
struct RecentItem {
    id: String,
    module: String,
    name: String,
    /// When; null where the CRM does not tell.
    viewed_at: Option<String>,
    url: String,
}

/// The record's id is `item_id`; `id` is the number of a line in the CRM's log of views.
pub(crate) fn get_recent(call: &Call<'_>, args: &RecentArgs) -> Result<Recent, Failure> {
    let wanted: Vec<String> = match &args.modules {
        Some(names) => names.clone(),
        None => RECENT.iter().map(|&name| name.to_owned()).collect(),
    };
    for (index, name) in wanted.iter().enumerate() {
        names::check(call, name, &format!("/modules/{index}"))?;
    }
    let visible = modules::list(call)?;
    if args.modules.is_some() {
        for (index, name) in wanted.iter().enumerate() {
            visible.require_list(name, &format!("/modules/{index}"))?;
        }
    }
    let most = search::page_size(&Settings::of(call)?, args.max_results.or(Some(10)));
    let answer = rpc::read(call, "get_last_viewed", "", vec![json!(wanted)])?;
    let list = answer
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_last_viewed"))?;
    let items: Vec<_> = list
        .iter()
        .filter_map(|raw| recent_item(call, raw))
        .filter(|item| visible.allow(&item.module, "list"))
        .take(most as usize)
        .collect();
    Ok(Recent {
        count: items.len(),
        items,
        via: Via::v4_1(),
    })
}

fn recent_item(call: &Call<'_>, raw: &Value) -> Option<RecentItem> {
    let (id, module) = (raw["item_id"].as_str()?, raw["module_name"].as_str()?);
    Some(RecentItem {
        id: id.to_owned(),
        module: module.to_owned(),
        name: entities::decode(raw["item_summary"].as_str().unwrap_or_default()),
        viewed_at: raw["date_modified"].as_str().and_then(rows::iso),
        url: rows::url(call, module, id),
    })
}
