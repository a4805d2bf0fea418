//! The tool `count`: how many records fit.
//!
//! The CRM's own count ignores that a role may show only a user's own records, and answers null for
//! what it cannot count; a list's total does neither, so it is asked first.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    columns,
    fetch::{self, Query},
    filters::{Filter, Match},
    metadata::{self, Module},
    names, rpc,
    search::clause,
    via::Via,
};

/// Counts a module's records that fit `filters` and `query`, which are those of search.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountArgs {
    /// Module, e.g. `Leads`; see list_modules.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// Conditions.
    #[serde(default)]
    #[schemars(length(max = 20))]
    filters: Vec<Filter>,
    /// Whether all `filters` have to hold or any; default all.
    #[serde(default, rename = "match")]
    how: Match,
    /// SQL condition, as in search.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    query: Option<String>,
}

/// A number of records.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Counted {
    module: String,
    count: u64,
    /// What the number leaves open.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn count(call: &Call<'_>, args: &CountArgs) -> Result<Counted, Failure> {
    names::check(call, &args.module, "/module")?;
    let module = metadata::module(call, &args.module)?;
    let query = Query {
        clause: clause(&module, args.query.as_deref(), &args.filters, args.how)?,
        fields: vec!["id".to_owned()],
        max_results: 1,
        ..Query::default()
    };
    let (count, note) = match fetch::list(call, &module, &query)?.total {
        Some(total) => (total, None),
        None => (
            plain_count(call, &module, &query)?,
            Some("this CRM does not count its lists, so the number includes records that the role may hide from this user".to_owned()),
        ),
    };
    Ok(Counted {
        module: args.module.clone(),
        count,
        note,
        via: Via::v4_1(),
    })
}

fn plain_count(call: &Call<'_>, module: &Module, query: &Query) -> Result<u64, Failure> {
    let clause = if query.clause.is_empty() {
        String::new()
    } else {
        columns::parenthesised(&query.clause)
    };
    let arguments = vec![json!(module.name), json!(clause), json!(0)];
    let answer = rpc::read(call, "get_entries_count", &module.name, arguments)
        .map_err(|failure| fetch::of_clause(failure, query))?;
    match &answer["result_count"] {
        Value::Null => Err(Failure::upstream(
            "the CRM could not count: its database refused the condition",
        )
        .suggest(
            "a field may not be stored in the module's own table, or a value has the wrong type",
        )),
        raw => fetch::total(raw).ok_or_else(|| rpc::unexpected("get_entries_count")),
    }
}
