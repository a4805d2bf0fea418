//! The tool `search`: records of one entity type by conditions.

use portcullis_sdk::{Call, Failure, Page, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    condition::Condition,
    crm::Record,
    entity,
    errors::About,
    list::{self, Chosen, Query},
    metadata::{self, Defs},
    selection,
    settings::Settings,
    where_clause,
};

/// Finds records of one entity type. Conditions are joined by AND; nest them with `and` and `or`.
/// `notEquals` and `notIn` do not find records whose value is empty: add an `or` with `isNull` for
/// those. Text conditions treat `%` and `_` in the value as wildcards. A bare date on a date-time
/// field means that day in the CRM's time zone. Answers with the fields that matter; `select` asks
/// for others.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SearchArgs {
    /// Entity type, e.g. `Opportunity`; exact spelling, see list_entity_types.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// Conditions, all of which have to hold.
    #[serde(default, rename = "where")]
    #[schemars(length(max = 50))]
    conditions: Option<Vec<Condition>>,
    /// Field to order by; the entity's own order when it is absent.
    #[serde(default)]
    order_by: Option<String>,
    /// Direction.
    #[serde(default)]
    order: Option<Order>,
    /// How many records; 20 when it is absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// How many records to skip.
    #[serde(default)]
    #[schemars(range(max = 1_000_000))]
    offset: Option<u32>,
    /// Attributes of each record, e.g. `["name","amount","accountName"]`.
    #[serde(default)]
    #[schemars(length(max = 100))]
    select: Option<Vec<String>>,
    /// Words to look for in the fields that the CRM searches.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    text_filter: Option<String>,
    /// A filter that the entity type has, e.g. `open`.
    #[serde(default)]
    primary_filter: Option<String>,
    /// Filters such as `onlyMy`, `followed`, `shared`.
    #[serde(default)]
    #[schemars(length(max = 10))]
    bool_filter_list: Option<Vec<String>>,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    Asc,
    Desc,
}

impl Order {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }
}

pub(crate) fn search(call: &Call<'_>, args: &SearchArgs) -> Result<Page<Record>, Failure> {
    entity::check(call, &args.entity_type)?;
    let settings = Settings::of(call)?;
    let limit = list::limit(&settings, args.limit)?;
    let defs = metadata::defs(call, &args.entity_type)?;
    let (select, chosen) = selected(call, &args.entity_type, &defs, args.select.as_deref())?;
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
            .map(|name| order_by(&defs, name))
            .transpose()?,
        order: args.order.map(|order| order.word().to_owned()),
        max_size: limit,
        offset: args.offset.unwrap_or(0),
        text_filter: args.text_filter.clone(),
        primary_filter: args.primary_filter.clone(),
        bool_filter_list: args.bool_filter_list.clone().unwrap_or_default(),
    };
    let answer = list::fetch(
        call,
        path![args.entity_type],
        &query,
        &About::reading(&args.entity_type),
    )?;
    list::page(call, &args.entity_type, &query, chosen, &settings, &answer)
}

/// The attributes to ask for: the caller's, else those that matter.
pub(crate) fn selected(
    call: &Call<'_>,
    entity: &str,
    defs: &Defs,
    select: Option<&[String]>,
) -> Result<(Vec<String>, Chosen), Failure> {
    match select {
        Some(names) if !names.is_empty() => {
            Ok((selection::checked(defs, names)?, Chosen::ByCaller))
        }
        _ => {
            let scopes = metadata::cached_scopes(call);
            Ok((
                selection::default(defs, scopes.as_ref().and_then(|scopes| scopes.get(entity))),
                Chosen::ByDefault,
            ))
        }
    }
}

/// The CRM orders by fields, not by the attributes of a link.
pub(crate) fn order_by(defs: &Defs, name: &str) -> Result<String, Failure> {
    if name == "id" || defs.fields.contains(name) {
        return Ok(name.to_owned());
    }
    match defs.attribute(name) {
        Some(attribute) => Ok(attribute.field.to_owned()),
        None => Err(Failure::bad_input(
            code::INVALID_FIELD,
            format!("there is no field {name} to order by"),
        )
        .at("/orderBy")
        .suggest_some(defs.suggest(name))),
    }
}
