//! The tool `list_records`: rows of one entity, filtered, ordered, counted.

use portcullis_sdk::{Call, Failure, Outcome, Page, code};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    entity::{self, Entity},
    errors::About,
    filter_values, filters,
    rest::{self, Record},
    settings::Settings,
    tables, whoami,
};

/// Lists records of one kind. Deals leave out archived ones unless asked for. The answer says how
/// many there are in all and where the next page begins.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArgs {
    /// Which records.
    #[schemars(extend("enum" = tables::NAMES))]
    entity: String,
    /// Column to value, to a list of values, to null, or to tests: {"stage": "won", "amount":
    /// {"gte": 1000}, "tags": 3, "name": {"contains": "acme"}}. Tests: eq, ne, gt, gte, lt, lte,
    /// contains, starts_with, in, has (lists of ids), is_null. All have to hold.
    #[serde(default)]
    filters: Record,
    /// Only those of the caller.
    #[serde(default)]
    mine: bool,
    /// Deals: also archived ones.
    #[serde(default)]
    include_archived: bool,
    /// Column, with a minus before it for descending, e.g. -amount.
    #[schemars(length(max = 64))]
    order: Option<String>,
    /// Columns to show instead of the usual ones.
    #[serde(default)]
    #[schemars(length(max = 60))]
    fields: Vec<String>,
    /// How many.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    limit: u64,
    /// How many to leave out before.
    #[serde(default)]
    offset: u64,
}

fn twenty() -> u64 {
    20
}

pub(crate) fn list(call: &Call<'_>, args: &ListArgs) -> Result<Page, Failure> {
    let entity = entity::find(&args.entity)?;
    let mut pairs = filters::pairs(call, entity, &args.filters)?;
    if entity.name == "deals" && !args.include_archived {
        pairs.push(("archived_at".to_owned(), "is.null".to_owned()));
    }
    if args.mine {
        if entity.field("sales_id").is_none() {
            return Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                format!("{} belong to nobody, so there are no own ones", entity.name),
            )
            .at("/mine"));
        }
        pairs.push((
            "sales_id".to_owned(),
            format!("eq.{}", whoami::sales_id(call)?),
        ));
    }
    let (order, ordered_by) = order(entity, args.order.as_deref())?;
    let select = select(entity, &args.fields)?;
    let foreign = pairs.iter().any(|(name, _)| !entity.has(name))
        || args.fields.iter().any(|name| !entity.has(name))
        || ordered_by.is_some_and(|name| !entity.has(name));
    let source = if foreign { entity.name } else { entity.view };
    let select = match select {
        Some(select) => select,
        None if foreign && entity.view != entity.name => "*".to_owned(),
        None => entity.row.to_owned(),
    };
    let ask = rest::table(call, source)
        .query("select", select)
        .queries(pairs)
        .query("order", order)
        .query("limit", args.limit)
        .query("offset", args.offset);
    let (rows, total) = rest::counted(ask, &About::of(entity, "read"))
        .map_err(|failure| named(failure, entity, &args.filters))?;
    let settings = Settings::of(call)?;
    let mut page = Page::counted(rows, args.offset, total);
    if args.fields.is_empty() {
        let mut cut = settings.cut();
        cut.records(&mut page.records);
        page.say_texts(&cut, "name them in `fields` to get them whole");
    }
    page.fit(settings.answer_bytes());
    Ok(page)
}

/// The database refuses a value without naming its column. Where it can only be that of one filter,
/// because the others were judged here, that one is named.
fn named(failure: Failure, entity: &Entity, filters: &Record) -> Failure {
    if &*failure.code != code::INVALID_FIELD_VALUE {
        return failure;
    }
    let left_to_the_database = |name: &&String| {
        filters::column(entity, name, "")
            .is_ok_and(|column| filter_values::is_unknown(entity, column))
    };
    let mut open = filters.keys().filter(left_to_the_database);
    match (open.next(), open.next()) {
        (Some(name), None) => Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!("{name}: {}", failure.message),
        )
        .at(format!("/filters/{name}"))
        .outcome(Outcome::NotDone),
        _ => failure,
    }
}

fn select(entity: &Entity, fields: &[String]) -> Result<Option<String>, Failure> {
    if fields.is_empty() {
        return Ok(None);
    }
    let mut names = vec!["id"];
    for (index, name) in fields.iter().enumerate() {
        let name = filters::column(entity, name, &format!("/fields/{index}"))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(Some(names.join(",")))
}

/// The order as PostgREST writes it, and the column that it names.
fn order<'a>(
    entity: &Entity,
    given: Option<&'a str>,
) -> Result<(String, Option<&'a str>), Failure> {
    let Some(given) = given else {
        return Ok((entity.order.to_owned(), None));
    };
    let (name, way) = match given.strip_prefix('-') {
        Some(name) => (name, "desc"),
        None => (given, "asc"),
    };
    let name = filters::column(entity, name, "/order")?;
    Ok((format!("{name}.{way}.nullslast,id.asc"), Some(name)))
}
