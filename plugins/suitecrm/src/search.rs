//! The tool `search`: a module's records by conditions.

use portcullis_sdk::{Call, Cut, Failure, Page, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    amounts::{self, Amount},
    fetch::{self, Listed, Query},
    filters::{self, Filter, Match},
    get,
    metadata::{self, Field, Module},
    names, projection,
    rows::{self, Record},
    settings::Settings,
    v8,
    via::{self, Via},
    where_clause,
};

/// How a text is had whole.
pub(crate) const WHOLE: &str = "name them in `fields` to get them whole";

/// Searches a module's records. Prefer `filters`, which needs no SQL; `query` takes an SQL condition
/// over the module's fields, e.g. `industry = 'Banking' AND date_modified > '2026-01-01'`. Without
/// `fields` each record has a telling few. Page with `offset`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchArgs {
    /// Module, e.g. `Accounts`; see list_modules.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// Conditions.
    #[serde(default)]
    #[schemars(length(max = 20))]
    filters: Vec<Filter>,
    /// Whether all `filters` have to hold or any; default all.
    #[serde(default, rename = "match")]
    how: Match,
    /// SQL condition: comparisons with =, <>, <, >, LIKE, IN, BETWEEN, IS NULL, joined by AND, OR,
    /// NOT. No sub-selects, no comments. `email1` searches all addresses.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    query: Option<String>,
    /// Fields to answer with; `["*"]` for all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    fields: Option<Vec<String>>,
    /// How many records, at most 100; default 20.
    #[serde(default, deserialize_with = "amounts::rows")]
    #[schemars(with = "Amount")]
    max_results: Option<u32>,
    /// How many records to skip.
    #[serde(default, deserialize_with = "amounts::offset")]
    #[schemars(with = "Amount")]
    offset: u32,
    /// Fields to sort by, e.g. `date_modified DESC, name`.
    #[serde(default)]
    #[schemars(length(max = 200))]
    order_by: Option<String>,
}

/// A page of records.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Searched {
    module: String,
    records: Vec<Record>,
    result_count: usize,
    /// How many match in all; null when the CRM did not count.
    total_count: Option<u64>,
    has_more: bool,
    /// The offset of the next page; null when none follows.
    next_offset: Option<u64>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn search(call: &Call<'_>, args: &SearchArgs) -> Result<Searched, Failure> {
    names::check(call, &args.module, "/module")?;
    let settings = Settings::of(call)?;
    let module = metadata::module(call, &args.module)?;
    let size = page_size(&settings, args.max_results);
    let order = order(&module, args.order_by.as_deref())?;
    let query = Query {
        clause: clause(&module, args.query.as_deref(), &args.filters, args.how)?,
        order_by: order_clause(&module, &order),
        offset: args.offset,
        fields: projection::of_list(&module, args.fields.as_deref())?,
        max_results: size,
    };
    let (listed, via) = match v8_pairs(&module, args, &query, &order) {
        Some(pairs) => via::read(
            call,
            || over_v8(call, &module, &query, pairs),
            || fetch::list(call, &module, &query),
        )?,
        None => (fetch::list(call, &module, &query)?, Via::v4_1()),
    };
    Ok(answer(call, args, &settings, listed, via))
}

fn answer(
    call: &Call<'_>,
    args: &SearchArgs,
    settings: &Settings,
    listed: Listed,
    via: Via,
) -> Searched {
    let size = page_size(settings, args.max_results) as usize;
    let offset = u64::from(args.offset);
    let full = listed.records.len() >= size;
    let mut page = match listed.total {
        Some(total) => Page::counted(listed.records, offset, total),
        None => Page::uncounted(listed.records, offset, full),
    };
    get::with_urls(call, &args.module, &mut page.records);
    if args.fields.is_none() {
        shorten(&mut page, settings, WHOLE);
    }
    page.fit(settings.answer_bytes as usize);
    Searched {
        module: args.module.clone(),
        result_count: page.records.len(),
        records: page.records,
        total_count: page.total,
        has_more: page.has_more,
        next_offset: page.next_offset,
        truncated: page.truncated,
        via,
    }
}

/// Cuts long texts that nobody asked for by name.
pub(crate) fn shorten(page: &mut Page, settings: &Settings, whole: &str) {
    let mut cut = Cut::after(settings.text_limit);
    cut.records(&mut page.records);
    page.say_texts(&cut, whole);
}

/// A page's size within the settings' limit.
pub(crate) fn page_size(settings: &Settings, wanted: Option<u32>) -> u32 {
    let most = settings.max_results.clamp(1, 100);
    wanted.unwrap_or(20).clamp(1, most)
}

/// The two ways to say conditions, joined.
pub(crate) fn clause(
    module: &Module,
    query: Option<&str>,
    filters: &[Filter],
    how: Match,
) -> Result<String, Failure> {
    let raw = where_clause::compile(query.unwrap_or_default(), module)?;
    let typed = filters::compile(filters, how, module)?;
    Ok(match (raw.is_empty(), typed.is_empty()) {
        (false, false) => format!("{raw} AND {typed}"),
        (true, _) => typed,
        (_, true) => raw,
    })
}

/// Fields to sort by, and whether each goes down. The CRM ignores one that it does not know.
fn order<'a>(module: &Module, text: Option<&'a str>) -> Result<Vec<(&'a str, bool)>, Failure> {
    let text = text.unwrap_or_default().trim();
    let parts = text.split(',').filter(|_| !text.is_empty());
    parts
        .map(|part| {
            let mut words = part.split_whitespace();
            let name = words.next().unwrap_or_default();
            let name = name
                .strip_prefix(module.table.as_str())
                .and_then(|rest| rest.strip_prefix('.'))
                .unwrap_or(name);
            let down = match words.next().map(str::to_ascii_lowercase).as_deref() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(_) => return Err(bad_order()),
            };
            if words.next().is_some() {
                return Err(bad_order());
            }
            module.require_field(name, "/order_by")?;
            Ok((name, down))
        })
        .collect()
}

fn bad_order() -> Failure {
    Failure::bad_input(
        code::INVALID_ARGUMENT,
        "order_by is a list of fields, each with ASC or DESC if need be",
    )
    .at("/order_by")
    .suggest("for example `date_modified DESC, name`")
}

fn order_clause(module: &Module, order: &[(&str, bool)]) -> String {
    let part = |(name, down): &(&str, bool)| {
        let stored = module.field(name).is_some_and(|field| field.is_column())
            && !name.ends_with("_c")
            && !(module.is_person() && *name == "name");
        let column = if stored {
            format!("{}.{name}", module.table)
        } else {
            (*name).to_owned()
        };
        format!("{column}{}", if *down { " DESC" } else { "" })
    };
    order.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// The query of a V8 list, where that can say the same: typed filters, whole pages, one field to
/// sort by. Without filters v4_1 serves the list, because it counts.
fn v8_pairs(
    module: &Module,
    args: &SearchArgs,
    query: &Query,
    order: &[(&str, bool)],
) -> Option<Vec<(String, String)>> {
    let simple = args.query.as_deref().unwrap_or_default().trim().is_empty()
        && !args.filters.is_empty()
        && query.offset.is_multiple_of(query.max_results)
        && order.len() <= 1;
    let mut pairs = filters::for_v8(&args.filters, args.how, module).filter(|_| simple)?;
    if let [(name, down)] = order {
        module.field(name).filter(Field::is_column)?;
        let sign = if *down { "-" } else { "" };
        pairs.push(("sort".to_owned(), format!("{sign}{name}")));
    }
    Some(pairs)
}

/// V8 tells pages and no total, and its count of pages is known to be off with filters; whether
/// more follow is read off a full page.
fn over_v8(
    call: &Call<'_>,
    module: &Module,
    query: &Query,
    pairs: Vec<(String, String)>,
) -> Result<Listed, Failure> {
    let wanted: Vec<&str> = query
        .fields
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "id")
        .collect();
    let mut ask = v8::get(call, path!["Api", "V8", "module", module.name]).queries(pairs);
    if !wanted.is_empty() {
        ask = ask.query(format!("fields[{}]", module.name), wanted.join(","));
    }
    let ask = ask
        .query("page[size]", query.max_results)
        .query("page[number]", query.offset / query.max_results + 1);
    let body = v8::accept(&ask.send()?, &module.name)?;
    let data = body["data"]
        .as_array()
        .ok_or_else(|| Failure::upstream("V8's answer is no list"))?;
    let records: Vec<_> = data
        .iter()
        .map(|data| rows::resource(data, Some(module)))
        .collect();
    let total = (query.offset == 0 && records.len() < query.max_results as usize)
        .then_some(records.len() as u64);
    Ok(Listed { records, total })
}
