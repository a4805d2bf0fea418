//! The tool `get_relationships`: the records behind a link.

use portcullis_sdk::{Call, Failure, Page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    amounts::{self, Amount},
    fetch::{self, Linked},
    get, metadata, modules, names, projection,
    rows::Record,
    rpc, search,
    settings::Settings,
    via::Via,
};

/// Lists the records behind a link of a record, e.g. the contacts of an account. The links of a
/// module are in get_module_fields under `relationships`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelatedArgs {
    /// Module of the record, e.g. `Accounts`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// Link, e.g. `contacts`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    link_field: String,
    /// Fields of the linked records; without it a telling few.
    #[serde(default)]
    #[schemars(
        length(max = 50),
        inner(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))
    )]
    related_fields: Option<Vec<String>>,
    /// How many records, at most 100; default 20.
    #[serde(default, deserialize_with = "amounts::rows")]
    #[schemars(with = "Amount")]
    max_results: Option<u32>,
    /// How many records to skip.
    #[serde(default, deserialize_with = "amounts::offset")]
    #[schemars(with = "Amount")]
    offset: u32,
}

/// A page of linked records.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Related {
    /// The module of the linked records, where the CRM tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    related_module: Option<String>,
    records: Vec<Record>,
    /// How many records this page has; the CRM does not count the rest.
    count: usize,
    has_more: bool,
    /// The offset of the next page; null when none follows.
    next_offset: Option<u64>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
    #[serde(flatten)]
    via: Via,
}

/// What to ask for when the module behind a link is not known; without any field the CRM answers
/// with rows that have neither id nor name.
pub(crate) const LEAST: &[&str] = &[
    "id",
    "name",
    "first_name",
    "last_name",
    "status",
    "assigned_user_name",
    "date_modified",
];

pub(crate) fn get_relationships(call: &Call<'_>, args: &RelatedArgs) -> Result<Related, Failure> {
    names::check(call, &args.module, "/module")?;
    names::check_id(&args.id, "/id")?;
    let settings = Settings::of(call)?;
    let size = search::page_size(&settings, args.max_results);
    let module = metadata::module(call, &args.module)?;
    let link = module.require_link(&args.link_field)?;
    let other = match link.module() {
        Some(name) => Some(open_module(call, name)?),
        None => None,
    };
    let fields = match (&other, &args.related_fields) {
        (Some(other), wanted) => projection::of_list(other, wanted.as_deref())
            .map_err(|failure| rename(failure, "/fields", "/related_fields"))?,
        (None, Some(names)) if !names.is_empty() => with_id(names),
        _ => LEAST.iter().map(|&name| name.to_owned()).collect(),
    };
    let linked = Linked {
        id: &args.id,
        link: &args.link_field,
        clause: String::new(),
        fields,
        offset: args.offset,
        limit: size + 1,
    };
    let answer = rpc::read(
        call,
        "get_relationships",
        &args.module,
        fetch::linked_args(&args.module, &linked),
    )
    .map_err(|failure| fetch::explain_parent(call, &module, &args.id, failure))?;
    let rows = fetch::linked_rows(&answer, other.as_ref())?;
    page(call, args, &settings, size as usize, rows)
}

fn page(
    call: &Call<'_>,
    args: &RelatedArgs,
    settings: &Settings,
    size: usize,
    mut rows: Vec<(Record, String)>,
) -> Result<Related, Failure> {
    let has_more = rows.len() > size;
    rows.truncate(size);
    let related_module = rows.first().map(|(_, module)| module.clone());
    if let Some(name) = &related_module {
        check_open(call, name)?;
    }
    let records = rows.into_iter().map(|(record, _)| record).collect();
    let mut page = Page::uncounted(records, args.offset.into(), has_more);
    if let Some(name) = &related_module {
        get::with_urls(call, name, &mut page.records);
    }
    if args.related_fields.is_none() {
        search::shorten(
            &mut page,
            settings,
            "name them in `related_fields` to get them whole",
        );
    }
    page.fit(settings.answer_bytes as usize);
    Ok(Related {
        related_module,
        count: page.records.len(),
        records: page.records,
        has_more: page.has_more,
        next_offset: page.next_offset,
        truncated: page.truncated,
        via: Via::v4_1(),
    })
}

/// The module behind a link, unless the role hides it: the CRM would show its rows all the same.
pub(crate) fn open_module(call: &Call<'_>, name: &str) -> Result<metadata::Module, Failure> {
    check_open(call, name)?;
    metadata::module(call, name)
}

/// Addresses are no module of the list; they belong to the record that they are read from.
fn check_open(call: &Call<'_>, name: &str) -> Result<(), Failure> {
    names::check(call, name, "/link_field")?;
    if name == "EmailAddresses" {
        return Ok(());
    }
    modules::list(call)?.require_list(name, "/link_field")
}

fn with_id(names: &[String]) -> Vec<String> {
    let mut fields = vec!["id".to_owned()];
    fields.extend(names.iter().filter(|name| *name != "id").cloned());
    fields
}

/// The same failure about an argument of another name.
pub(crate) fn rename(failure: Failure, from: &str, to: &str) -> Failure {
    let mut record = failure.into_record();
    for field in &mut record.fields {
        if let Some(rest) = field.strip_prefix(from) {
            *field = format!("{to}{rest}");
        }
    }
    let Some(first) = record.fields.first().cloned() else {
        return Failure::new(record.kind, record.code, record.message);
    };
    Failure::new(record.kind, record.code, record.message)
        .at(first)
        .suggest_some(record.suggestion)
}
