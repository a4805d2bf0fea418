//! Single conditions of a filter: comparisons, texts, lists and days.

use serde_json::Value;

use super::attribute::{Attribute, Scalar};
use super::dates::{day, day_end, day_start, moment, zone_named};
use super::errors::Refusal;
use super::where_clause::{Accepts, Listing, Test, names, text_of};

/// Filters that mean the same for every kind of attribute.
pub(crate) fn plain_test<'a>(
    kind: &str,
    attribute: &'a Attribute,
    item: &Value,
) -> Result<Option<Test<'a>>, Refusal> {
    let value = item["value"].clone();
    let text = || text_of(&value);
    let like = |pattern: String, negated: bool| Test::Like {
        attribute,
        pattern,
        negated,
    };
    let compare = |accepts: Accepts| Test::Compare {
        attribute,
        accepts,
        value: value.clone(),
    };
    Ok(Some(match kind {
        "equals" | "notEquals" if value.is_null() => Test::Null {
            attribute,
            negated: kind == "notEquals",
        },
        "equals" | "notEquals" if value.is_array() => listed(kind, attribute, item)?,
        "equals" => compare(Accepts::Equal),
        "notEquals" => compare(Accepts::NotEqual),
        "greaterThan" => compare(Accepts::Greater),
        "lessThan" => compare(Accepts::Less),
        "greaterThanOrEquals" => compare(Accepts::GreaterOrEqual),
        "lessThanOrEquals" => compare(Accepts::LessOrEqual),
        "isTrue" => Test::Compare {
            attribute,
            accepts: Accepts::Equal,
            value: Value::Bool(true),
        },
        "isFalse" => Test::Compare {
            attribute,
            accepts: Accepts::Equal,
            value: Value::Bool(false),
        },
        "isNull" => Test::Null {
            attribute,
            negated: false,
        },
        "isNotNull" => Test::Null {
            attribute,
            negated: true,
        },
        "in" | "notIn" => listed(kind, attribute, item)?,
        "like" => like(text(), false),
        "notLike" => like(text(), true),
        "contains" => like(format!("%{}%", text()), false),
        "notContains" => like(format!("%{}%", text()), true),
        "startsWith" => like(format!("{}%", text()), false),
        "endsWith" => like(format!("%{}", text()), false),
        "between" => between(attribute, item)?,
        "on" | "notOn" | "after" | "before" => by_day(kind, attribute, item)?,
        _ => return Ok(None),
    }))
}

fn listed<'a>(kind: &str, attribute: &'a Attribute, item: &Value) -> Result<Test<'a>, Refusal> {
    let negated = kind.starts_with("not");
    match item["value"].as_array() {
        Some(values) if !values.is_empty() => Ok(Test::In {
            attribute,
            values: values.clone(),
            negated,
        }),
        _ => Err(bad_item(kind)),
    }
}

fn between<'a>(attribute: &'a Attribute, item: &Value) -> Result<Test<'a>, Refusal> {
    let Some([first, last]) = item["value"].as_array().map(Vec::as_slice) else {
        return Err(bad_item("between"));
    };
    if truthy(&item["dateTime"]) && attribute.scalar == Scalar::DateTime {
        let zone = zone_named(item["timeZone"].as_str())?;
        let start = |value: &Value| {
            day(value.as_str()?)
                .and_then(|date| day_start(date, &zone))
                .or_else(|| moment(value.as_str()?))
        };
        let end = |value: &Value| {
            day(value.as_str()?)
                .and_then(|date| day_end(date, &zone))
                .or_else(|| moment(value.as_str()?))
        };
        return Ok(range(attribute, start(first), end(last), Accepts::Less));
    }
    let compare = |accepts: Accepts, value: &Value| Test::Compare {
        attribute,
        accepts,
        value: value.clone(),
    };
    Ok(Test::All(vec![
        compare(Accepts::GreaterOrEqual, first),
        compare(Accepts::LessOrEqual, last),
    ]))
}

fn by_day<'a>(kind: &str, attribute: &'a Attribute, item: &Value) -> Result<Test<'a>, Refusal> {
    let Some(text) = item["value"].as_str() else {
        return Err(bad_item(kind));
    };
    let by_clock = truthy(&item["dateTime"]) && attribute.scalar == Scalar::DateTime;
    let compare = |accepts: Accepts, value: String| Test::Compare {
        attribute,
        accepts,
        value: value.into(),
    };
    let Some(date) = day(text).filter(|_| by_clock) else {
        let accepts = match kind {
            "on" => Accepts::Equal,
            "notOn" => Accepts::NotEqual,
            "after" => Accepts::Greater,
            _ => Accepts::Less,
        };
        return Ok(compare(accepts, text.to_owned()));
    };
    let zone = zone_named(item["timeZone"].as_str())?;
    let (Some(start), Some(end)) = (day_start(date, &zone), day_end(date, &zone)) else {
        return Err(bad_item(kind));
    };
    Ok(match kind {
        "on" => range(attribute, Some(start), Some(end), Accepts::Less),
        "notOn" => Test::Any(vec![
            compare(Accepts::Less, start),
            compare(Accepts::GreaterOrEqual, end),
        ]),
        "after" => compare(Accepts::GreaterOrEqual, end),
        _ => compare(Accepts::Less, start),
    })
}

pub(crate) fn range(
    attribute: &Attribute,
    from: Option<String>,
    to: Option<String>,
    last: Accepts,
) -> Test<'_> {
    let compare = |accepts: Accepts, value: String| Test::Compare {
        attribute,
        accepts,
        value: value.into(),
    };
    let first = from.map(|from| compare(Accepts::GreaterOrEqual, from));
    Test::All(
        first
            .into_iter()
            .chain(to.map(|to| compare(last, to)))
            .collect(),
    )
}

pub(crate) fn list_test<'a>(
    kind: &str,
    attribute: &'a Attribute,
    item: &Value,
) -> Option<Test<'a>> {
    let mode = match kind {
        "arrayAnyOf" => Listing::AnyOf,
        "arrayNoneOf" => Listing::NoneOf,
        "arrayAllOf" => Listing::AllOf,
        "arrayIsEmpty" => Listing::Empty,
        "arrayIsNotEmpty" => Listing::NotEmpty,
        _ => return None,
    };
    Some(Test::List {
        attribute,
        values: names(&item["value"]),
        mode,
    })
}

fn bad_item(kind: &str) -> Refusal {
    Refusal::because(400, format!("Bad where item '{kind}'."))
}

pub(crate) fn truthy(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != "" && value != "0"
}
