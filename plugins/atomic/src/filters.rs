//! From `filters` to PostgREST's query pairs.
//!
//! Names are checked before they become names of query pairs, because some of those mean more
//! than a column. Values of known columns are judged in `filter_values`.

use portcullis_sdk::{Call, Failure, code, text};
use serde_json::Value;

use crate::{
    entity::{Entity, Kind},
    filter_values::{Values, scalar},
    rest::{self, Record},
    values,
};

/// Names of query pairs that are no columns to PostgREST.
const RESERVED: &[&str] = &[
    "select",
    "order",
    "limit",
    "offset",
    "and",
    "or",
    "not",
    "columns",
    "on_conflict",
];

/// Operators of a filter: ours, PostgREST's.
const OPERATORS: &[(&str, &str)] = &[
    ("eq", "eq"),
    ("ne", "neq"),
    ("gt", "gt"),
    ("gte", "gte"),
    ("lt", "lt"),
    ("lte", "lte"),
    ("contains", "ilike"),
    ("starts_with", "ilike"),
    ("in", "in"),
    ("has", "cs"),
    ("is_null", "is"),
];

type Pair = (String, String);

/// The pairs of all filters.
pub(crate) fn pairs(
    call: &Call<'_>,
    entity: &Entity,
    filters: &Record,
) -> Result<Vec<Pair>, Failure> {
    let judge = Values::new(call, entity);
    let mut pairs = Vec::new();
    for (name, value) in filters {
        let at = format!("/filters/{name}");
        let name = column(entity, name, &at)?;
        match value {
            Value::Object(tests) => {
                for (operator, value) in tests {
                    let at = format!("{at}/{operator}");
                    pairs.push((name.to_owned(), test(&judge, name, operator, value, &at)?));
                }
            }
            value => pairs.push((name.to_owned(), plain(&judge, name, value, &at)?)),
        }
    }
    Ok(pairs)
}

/// A name that is safe to send; the database judges those that this plugin does not know.
pub(crate) fn column<'n>(entity: &Entity, name: &'n str, at: &str) -> Result<&'n str, Failure> {
    let name = match (entity.name, name) {
        ("contacts", "email") => "email_fts",
        ("contacts", "phone") => "phone_fts",
        (_, name) => name,
    };
    let fits = !RESERVED.contains(&name)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits {
        return Ok(name);
    }
    Err(Failure::bad_input(
        code::INVALID_FIELD,
        format!(
            "there is no column {name} in {}; known are {}",
            entity.name,
            entity.columns().collect::<Vec<_>>().join(", ")
        ),
    )
    .at(at)
    .suggest_some(text::did_you_mean(name, entity.columns())))
}

/// A value without an operator: equal, one of a list, or in the text of a list.
fn plain(judge: &Values<'_>, name: &str, value: &Value, at: &str) -> Result<String, Failure> {
    let operator = match value {
        Value::Null => return Ok("is.null".to_owned()),
        _ if is_list(judge.entity, name) => "has",
        Value::Array(_) => "in",
        _ if name.ends_with("_fts") => "contains",
        _ => "eq",
    };
    test(judge, name, operator, value, at)
}

fn is_list(entity: &Entity, name: &str) -> bool {
    let kind = entity.field(name).map(|field| field.kind);
    matches!(kind, Some(Kind::Tags | Kind::Links(_)))
}

fn test(
    judge: &Values<'_>,
    name: &str,
    operator: &str,
    value: &Value,
    at: &str,
) -> Result<String, Failure> {
    let Some((_, theirs)) = OPERATORS.iter().find(|(ours, _)| *ours == operator) else {
        let known = OPERATORS.iter().map(|(ours, _)| *ours);
        return Err(Failure::bad_input(
            code::INVALID_OPERATOR,
            format!(
                "there is no operator {operator}; known are {}",
                known.clone().collect::<Vec<_>>().join(", ")
            ),
        )
        .at(at)
        .suggest_some(text::did_you_mean(operator, known)));
    };
    Ok(match operator {
        "is_null" => match value.as_bool() {
            Some(true) => "is.null".to_owned(),
            Some(false) => "not.is.null".to_owned(),
            None => return Err(values::wrong(at, "true or false is wanted".to_owned())),
        },
        "in" => {
            let items = value.as_array().filter(|items| !items.is_empty());
            let items =
                items.ok_or_else(|| values::wrong(at, "a list of values is wanted".to_owned()))?;
            let items: Vec<String> = items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let at = format!("{at}/{index}");
                    Ok(rest::quoted(&judge.value(name, operator, item, &at)?))
                })
                .collect::<Result<_, Failure>>()?;
            format!("in.({})", items.join(","))
        }
        "has" if is_list(judge.entity, name) => {
            let list = if value.is_array() {
                values::ids(value, at)?
            } else {
                vec![values::id(value, at)?]
            };
            let list: Vec<String> = list.iter().map(u64::to_string).collect();
            format!("cs.{{{}}}", list.join(","))
        }
        "has" => {
            return Err(Failure::bad_input(
                code::INVALID_OPERATOR,
                format!("has is for lists of ids, and {name} is none"),
            )
            .at(at)
            .suggest("use contains for text"));
        }
        "contains" | "starts_with" if !judge.is_text(name) => {
            return Err(Failure::bad_input(
                code::INVALID_OPERATOR,
                format!("{operator} is for texts, and {name} is none"),
            )
            .at(at)
            .suggest("use eq, in, gt, gte, lt, lte, or has for lists of ids"));
        }
        "contains" => format!("ilike.{}", rest::containing(&scalar(value, at)?)),
        "starts_with" => {
            let pattern = rest::containing(&scalar(value, at)?);
            format!("ilike.{}", pattern.trim_start_matches('*'))
        }
        _ => format!("{theirs}.{}", judge.value(name, operator, value, at)?),
    })
}
