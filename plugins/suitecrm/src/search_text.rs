//! The tool `search_text`: words in several modules.

use portcullis_sdk::{Call, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::{
    amounts::{self, Amount},
    get, modules, names,
    rows::{self, Record},
    rpc, search,
    settings::Settings,
    via::Via,
};

/// Modules without text search; the CRM breaks off without a word for them.
const WITHOUT: &[&str] = &["Users", "Employees"];
const DEFAULT: &[&str] = &["Accounts", "Contacts", "Leads"];

/// Searches modules for a text, by the beginning of words, as the CRM's own search box does.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchTextArgs {
    /// What to look for.
    #[schemars(length(min = 1, max = 2000))]
    search_string: String,
    /// Modules to look in; default Accounts, Contacts and Leads.
    #[serde(default)]
    #[schemars(
        length(min = 1, max = 20),
        inner(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))
    )]
    modules: Option<Vec<String>>,
    /// How many records per module, at most 100; default 10.
    #[serde(default, deserialize_with = "amounts::rows")]
    #[schemars(with = "Amount")]
    max_results: Option<u32>,
}

/// Records by module.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FoundText {
    /// Module → records.
    results: Map<String, serde_json::Value>,
    /// How many records there are in `results`.
    count: usize,
    /// Modules in which more was found than is shown; narrow the text or raise max_results.
    more_in: Vec<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn search_text(call: &Call<'_>, args: &SearchTextArgs) -> Result<FoundText, Failure> {
    let text = args.search_string.trim();
    if text.is_empty() {
        return Err(
            Failure::bad_input(code::INVALID_ARGUMENT, "there is nothing to look for")
                .at("/search_string"),
        );
    }
    let wanted = wanted(call, args)?;
    let most = search::page_size(&Settings::of(call)?, args.max_results.or(Some(10)));
    let arguments = vec![
        json!(text),
        json!(wanted),
        json!(0),
        json!(most),
        json!(""),
        json!([]),
        json!(false),
        json!(false),
    ];
    let answer = rpc::read(call, "search_by_module", "", arguments)?;
    let lists = answer["entry_list"]
        .as_array()
        .ok_or_else(|| rpc::unexpected("search_by_module"))?;
    let mut found = FoundText {
        results: Map::new(),
        count: 0,
        more_in: Vec::new(),
        via: Via::v4_1(),
    };
    for list in lists {
        let name = list["name"].as_str().unwrap_or_default();
        let mut records: Vec<Record> = list["records"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|raw| Some(rows::record(raw.as_object()?, None)))
            .collect();
        // The CRM answers with one more than it was asked for.
        if records.len() > most as usize {
            records.truncate(most as usize);
            found.more_in.push(name.to_owned());
        }
        get::with_urls(call, name, &mut records);
        found.count += records.len();
        found.results.insert(name.to_owned(), json!(records));
    }
    Ok(found)
}

/// The modules, each of which this user may list: the CRM does not look at the role here.
fn wanted(call: &Call<'_>, args: &SearchTextArgs) -> Result<Vec<String>, Failure> {
    let visible = modules::list(call)?;
    let Some(asked) = &args.modules else {
        let settings = Settings::of(call)?;
        let defaults: Vec<String> = DEFAULT
            .iter()
            .filter(|name| settings.allows(name) && visible.allow(name, "list"))
            .map(|&name| name.to_owned())
            .collect();
        return if defaults.is_empty() {
            Err(Failure::forbidden(
                code::PERMISSION_DENIED,
                "this user may list none of Accounts, Contacts and Leads",
            )
            .suggest("name modules from list_modules"))
        } else {
            Ok(defaults)
        };
    };
    for (index, name) in asked.iter().enumerate() {
        let pointer = format!("/modules/{index}");
        names::check(call, name, &pointer)?;
        if WITHOUT.contains(&name.as_str()) {
            return Err(Failure::bad_input(
                code::INVALID_ENTITY_TYPE,
                format!("the CRM has no text search over {name}"),
            )
            .at(pointer)
            .suggest("search finds them by `user_name` or `last_name`"));
        }
        visible.require_list(name, &pointer)?;
    }
    Ok(asked.clone())
}
