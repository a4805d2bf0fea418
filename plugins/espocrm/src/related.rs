//! The tool `list_related`: the records behind one link of a record.

use portcullis_sdk::{Call, Failure, Page, code, path, text};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    condition::Condition,
    crm::Record,
    entity,
    errors::About,
    list::{self, Query},
    metadata::{self, Defs, Link},
    search::{self, Order},
    settings::Settings,
    where_clause,
};

/// Lists the records that a link of a record leads to, e.g. the contacts of an account. get_schema
/// names the links.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RelatedArgs {
    /// Entity type of the record, e.g. `Account`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// The link, e.g. `contacts`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    link: String,
    /// How many records; 20 when it is absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// How many records to skip.
    #[serde(default)]
    #[schemars(range(max = 1_000_000))]
    offset: Option<u32>,
    /// Conditions on the related records, as in search.
    #[serde(default, rename = "where")]
    #[schemars(length(max = 50))]
    conditions: Option<Vec<Condition>>,
    /// Field of the related records to order by.
    #[serde(default)]
    order_by: Option<String>,
    /// Direction.
    #[serde(default)]
    order: Option<Order>,
    /// Attributes of each related record.
    #[serde(default)]
    #[schemars(length(max = 100))]
    select: Option<Vec<String>>,
}

pub(crate) fn list(call: &Call<'_>, args: &RelatedArgs) -> Result<Page<Record>, Failure> {
    entity::check(call, &args.entity_type)?;
    entity::check_id(&args.id, "/id")?;
    let settings = Settings::of(call)?;
    let limit = list::limit(&settings, args.limit)?;
    let defs = metadata::defs(call, &args.entity_type)?;
    let foreign = target(&args.entity_type, &defs, &args.link)?
        .entity
        .as_deref();
    let Some(foreign) = foreign else {
        return Err(no_single_target(args));
    };
    if !settings.allows(foreign) {
        return Err(entity::excluded(foreign).at("/link"));
    }
    let defs = metadata::defs(call, foreign)?;
    let (select, chosen) = search::selected(call, foreign, &defs, args.select.as_deref())?;
    let query = Query {
        conditions: where_clause::build(
            call,
            &defs,
            &settings,
            args.conditions.as_deref().unwrap_or_default(),
        )?,
        select,
        order_by: args
            .order_by
            .as_deref()
            .map(|name| search::order_by(&defs, name))
            .transpose()?,
        order: args.order.map(|order| order.word().to_owned()),
        max_size: limit,
        offset: args.offset.unwrap_or(0),
        ..Query::default()
    };
    let about = About::reading(&args.entity_type)
        .id(&args.id)
        .link(&args.link);
    let answer = list::fetch(
        call,
        path![args.entity_type, args.id, args.link],
        &query,
        &about,
    )?;
    list::page(call, foreign, &query, chosen, &settings, &answer)
}

/// A link, or a failure with near names.
pub(crate) fn target<'d>(entity: &str, defs: &'d Defs, name: &str) -> Result<&'d Link, Failure> {
    defs.links.get(name).ok_or_else(|| {
        Failure::not_found(code::INVALID_LINK, format!("{entity} has no link {name}"))
            .at("/link")
            .suggest(format!("get_schema of {entity} names its links"))
            .suggest_some(text::did_you_mean(name, defs.links.keys()))
    })
}

fn no_single_target(args: &RelatedArgs) -> Failure {
    Failure::bad_input(
        code::INVALID_LINK,
        format!("{} can lead to records of several entity types", args.link),
    )
    .at("/link")
    .suggest(format!(
        "get the record: {}Type and {}Id name the one it leads to",
        args.link, args.link
    ))
}
