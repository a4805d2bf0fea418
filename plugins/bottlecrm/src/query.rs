//! From the filters of a call to the parameters of the CRM's lists.
//!
//! The CRM ignores parameters and values that it does not know and then answers everything, so
//! nothing unknown leaves here.

use portcullis_sdk::{Call, Failure, code, text};
use serde_json::{Map, Value};

use crate::{
    choices::Choices,
    directory,
    entity::Entity,
    filters::{Filter, Takes},
    ids, resolve,
};

type Params = Vec<(String, String)>;

/// The parameters of a list.
pub(crate) fn params(
    call: &Call<'_>,
    entity: &Entity,
    query: &str,
    filters: &Map<String, Value>,
    notes: &mut Vec<String>,
) -> Result<Params, Failure> {
    let mut params = words(entity, query, filters)?;
    for (name, value) in filters {
        match name.as_str() {
            "search" => {}
            "limit" | "offset" => notes.push(format!(
                "the filter {name} was left out; it is a parameter of its own"
            )),
            _ if value.is_null() => {}
            _ => params.extend(of_filter(call, entity, name, value)?),
        }
    }
    Ok(params)
}

fn words(entity: &Entity, query: &str, filters: &Map<String, Value>) -> Result<Params, Failure> {
    let inside = filters.get("search").and_then(Value::as_str);
    let words = Some(query.trim())
        .filter(|words| !words.is_empty())
        .or(inside)
        .unwrap_or_default();
    if entity.name == "everything" {
        if words.chars().count() < 2 {
            return Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                "a search over everything needs a query of two characters or more",
            )
            .at("/query"));
        }
        return Ok(vec![("q".to_owned(), words.to_owned())]);
    }
    if words.is_empty() || !entity.paged {
        return Ok(Vec::new());
    }
    Ok(vec![("search".to_owned(), words.to_owned())])
}

fn of_filter(
    call: &Call<'_>,
    entity: &Entity,
    name: &str,
    value: &Value,
) -> Result<Params, Failure> {
    let at = format!("/filters/{name}");
    if let Some(key) = name.strip_prefix("cf_") {
        return custom(call, entity, key, value, &at);
    }
    let Some(filter) = entity.filters.iter().find(|filter| filter.name == name) else {
        return Err(unknown(entity, name, &at));
    };
    let values = values(call, entity, filter, value, &at)?;
    Ok(values
        .into_iter()
        .map(|value| (name.to_owned(), value))
        .collect())
}

fn unknown(entity: &Entity, name: &str, at: &str) -> Failure {
    let known = || entity.filters.iter().map(|filter| filter.name);
    let list = crate::entity::join(known());
    let failure = Failure::bad_input(
        code::INVALID_FIELD,
        format!(
            "{} have no filter {name}; the CRM would ignore it and answer everything",
            entity.name
        ),
    )
    .at(at);
    match text::did_you_mean(name, known()) {
        Some(near) => failure.suggest(near),
        None if list.is_empty() => failure.suggest("this list takes no filters; use query"),
        None => failure.suggest(format!("filters of {}: {list}", entity.name)),
    }
}

fn values(
    call: &Call<'_>,
    entity: &Entity,
    filter: &Filter,
    value: &Value,
    at: &str,
) -> Result<Vec<String>, Failure> {
    let one = |check: &dyn Fn(&str) -> Result<String, Failure>| match scalars(value).as_slice() {
        [only] => Ok(vec![check(only)?]),
        _ => Err(wrong(at, "takes one value", value)),
    };
    match filter.takes {
        Takes::Text => one(&|text| Ok(text.to_owned())),
        Takes::Date if scalars(value).iter().all(|text| ids::is_date(text)) => {
            one(&|text| Ok(text.to_owned()))
        }
        Takes::Date => Err(wrong(at, "takes a day, YYYY-MM-DD", value)),
        Takes::Number
            if scalars(value)
                .iter()
                .all(|text| text.parse::<f64>().is_ok()) =>
        {
            one(&|text| Ok(text.to_owned()))
        }
        Takes::Number => Err(wrong(at, "takes a number", value)),
        Takes::Bool | Takes::Flag => flag(filter.takes, value, at),
        Takes::One(choices) => one(&|text| choice(choices, text, at, entity)),
        Takes::Several(choices) => scalars(value)
            .iter()
            .map(|text| choice(choices, text, at, entity))
            .collect(),
        Takes::Records(link) => resolve::many(call, link, value, at),
        Takes::Record(link) => {
            let word = resolve::word(value, at)?;
            Ok(vec![resolve::one(call, link, &word, at)?])
        }
    }
}

/// A list's elements, or the value itself; never split at commas, which may belong to a value.
fn scalars(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(scalars).collect(),
        Value::String(text) => vec![text.trim().to_owned()],
        Value::Null | Value::Object(_) => Vec::new(),
        other => vec![other.to_string()],
    }
}

fn flag(takes: Takes, value: &Value, at: &str) -> Result<Vec<String>, Failure> {
    match scalars(value).first().map(String::as_str) {
        Some("true") => Ok(vec!["true".to_owned()]),
        Some("false") if takes == Takes::Flag => Ok(Vec::new()),
        Some("false") => Ok(vec!["false".to_owned()]),
        _ => Err(wrong(at, "takes true or false", value)),
    }
}

fn choice(choices: Choices, text: &str, at: &str, entity: &Entity) -> Result<String, Failure> {
    if let Some(exact) = choices.iter().find(|choice| **choice == text) {
        return Ok((*exact).to_owned());
    }
    if entity.name == "leads" && text == "converted" {
        return Err(Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            "the CRM lists no converted leads",
        )
        .at(at)
        .suggest("read one by its id with crm_get, or look for the account, contact or deal that it became"));
    }
    let failure = Failure::bad_input(
        code::INVALID_FIELD_VALUE,
        format!(
            "{at}: {text:?} is none of {}",
            crate::entity::join(choices.iter().copied())
        ),
    )
    .at(at);
    Err(failure.suggest_some(text::did_you_mean(text, choices.iter().copied())))
}

fn custom(
    call: &Call<'_>,
    entity: &Entity,
    key: &str,
    value: &Value,
    at: &str,
) -> Result<Params, Failure> {
    let Some(model) = entity.model.filter(|_| !entity.filters.is_empty()) else {
        return Err(unknown(entity, &format!("cf_{key}"), at));
    };
    let extras = directory::extras(call, model)?;
    let Some(extra) = extras.iter().find(|extra| extra.key == key) else {
        return Err(Failure::bad_input(
            code::INVALID_FIELD,
            format!("{} have no custom field {key}", entity.name),
        )
        .at(at)
        .suggest_some(text::did_you_mean(
            key,
            extras.iter().map(|extra| extra.key.as_str()),
        )));
    };
    if !extra.is_filterable {
        return Err(Failure::bad_input(
            code::INVALID_FIELD,
            format!("the custom field {key} is not set up as a filter; the CRM would ignore it"),
        )
        .at(at));
    }
    let [text] = scalars(value)
        .try_into()
        .map_err(|_| wrong(at, "takes one value", value))?;
    let known = extra.values();
    if !known.is_empty() && !known.contains(&text.as_str()) {
        return Err(wrong(
            at,
            &format!("takes one of {}", known.join(", ")),
            value,
        ));
    }
    Ok(vec![(format!("cf_{key}"), text)])
}

fn wrong(at: &str, takes: &str, value: &Value) -> Failure {
    Failure::bad_input(
        code::INVALID_FIELD_VALUE,
        format!("{at} {takes}, not {value}"),
    )
    .at(at)
}
