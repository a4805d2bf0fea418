//! The operators of a condition: which exist, what value each takes, which stand for another.
//!
//! Tables, and the failures that come of them; no field is known here.

use portcullis_sdk::{Failure, code, text};
use serde_json::{Value, json};

/// What value an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// None.
    Nothing,
    /// One value.
    One,
    /// A list of at least one.
    Many,
    /// A list of exactly two.
    Two,
    /// A number of days.
    Days,
    /// A list of conditions.
    Group,
}

/// Every operator, the nine of old first.
pub(crate) const NAMES: &[&str] = &[
    "equals",
    "notEquals",
    "like",
    "greaterThan",
    "lessThan",
    "in",
    "isNull",
    "isNotNull",
    "between",
    "greaterThanOrEquals",
    "lessThanOrEquals",
    "notIn",
    "notLike",
    "contains",
    "notContains",
    "startsWith",
    "endsWith",
    "isTrue",
    "isFalse",
    "on",
    "notOn",
    "after",
    "before",
    "today",
    "past",
    "future",
    "lastSevenDays",
    "currentMonth",
    "lastMonth",
    "nextMonth",
    "currentQuarter",
    "lastQuarter",
    "currentYear",
    "lastYear",
    "currentFiscalYear",
    "lastFiscalYear",
    "currentFiscalQuarter",
    "lastFiscalQuarter",
    "ever",
    "lastXDays",
    "nextXDays",
    "olderThanXDays",
    "afterXDays",
    "linkedWith",
    "notLinkedWith",
    "linkedWithAll",
    "isLinked",
    "isNotLinked",
    "arrayAnyOf",
    "arrayNoneOf",
    "arrayAllOf",
    "arrayIsEmpty",
    "arrayIsNotEmpty",
    "and",
    "or",
];

pub(crate) fn shape(operator: &str) -> Option<Shape> {
    if !NAMES.contains(&operator) {
        return None;
    }
    Some(match operator {
        "and" | "or" => Shape::Group,
        "between" => Shape::Two,
        "in" | "notIn" | "linkedWith" | "notLinkedWith" | "linkedWithAll" | "arrayAnyOf"
        | "arrayNoneOf" | "arrayAllOf" => Shape::Many,
        "lastXDays" | "nextXDays" | "olderThanXDays" | "afterXDays" => Shape::Days,
        "equals"
        | "notEquals"
        | "greaterThan"
        | "lessThan"
        | "greaterThanOrEquals"
        | "lessThanOrEquals"
        | "on"
        | "notOn"
        | "after"
        | "before" => Shape::One,
        _ if is_textual(operator) => Shape::One,
        _ => Shape::Nothing,
    })
}

/// Checks that a value has the operator's shape; a single value stands for a list of one.
pub(crate) fn value(
    operator: &str,
    shape: Shape,
    value: Option<&Value>,
) -> Result<Option<Value>, String> {
    let given = value.cloned().unwrap_or_default();
    match (shape, given) {
        (Shape::Nothing, _) => Ok(None),
        (Shape::One, Value::Null) if matches!(operator, "equals" | "notEquals") => {
            Ok(Some(Value::Null))
        }
        (Shape::One, Value::Null | Value::Array(_) | Value::Object(_)) => {
            Err(format!("{operator} takes one value"))
        }
        (Shape::Many, Value::Array(items)) if items.is_empty() => {
            Err(format!("{operator} takes a list of at least one value"))
        }
        (Shape::Many, Value::Null) => Err(format!("{operator} takes a list")),
        (Shape::Many, value @ Value::Array(_)) => Ok(Some(value)),
        (Shape::Many, single) => Ok(Some(json!([single]))),
        (Shape::Two, Value::Array(items)) if items.len() == 2 => Ok(Some(Value::Array(items))),
        (Shape::Two, _) => Err(format!("{operator} takes a list of exactly two values")),
        (Shape::Days, value) => days(&value)
            .map(Some)
            .ok_or_else(|| format!("{operator} takes a number of days")),
        (_, value) => Ok(Some(value)),
    }
}

fn days(value: &Value) -> Option<Value> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    (number <= 36_500).then(|| json!(number))
}

/// Compares texts whatever the field's type.
pub(crate) fn is_textual(operator: &str) -> bool {
    matches!(
        operator,
        "like" | "notLike" | "contains" | "notContains" | "startsWith" | "endsWith"
    )
}

pub(crate) fn is_null_test(operator: &str) -> bool {
    matches!(operator, "isNull" | "isNotNull")
}

pub(crate) fn counts_days(operator: &str) -> bool {
    shape(operator) == Some(Shape::Days)
}

/// Operators whose attribute is a link's name.
pub(crate) fn about_links(operator: &str) -> Option<&'static str> {
    [
        "linkedWith",
        "notLinkedWith",
        "linkedWithAll",
        "isLinked",
        "isNotLinked",
    ]
    .into_iter()
    .find(|name| *name == operator)
}

/// What stands for a comparison on a field that holds several records.
pub(crate) fn links_for(operator: &str) -> Option<&'static str> {
    match operator {
        "equals" | "in" | "arrayAnyOf" => Some("linkedWith"),
        "notEquals" | "notIn" | "arrayNoneOf" => Some("notLinkedWith"),
        "arrayAllOf" => Some("linkedWithAll"),
        "isNull" | "arrayIsEmpty" => Some("isNotLinked"),
        "isNotNull" | "arrayIsNotEmpty" => Some("isLinked"),
        _ => None,
    }
}

/// What stands for a comparison on a field that holds a list of texts.
pub(crate) fn for_array(
    operator: &str,
    value: Option<Value>,
) -> Option<(&'static str, Option<Value>)> {
    let list = |value: Option<Value>| {
        value.map(|value| {
            if value.is_array() {
                value
            } else {
                json!([value])
            }
        })
    };
    Some(match operator {
        "equals" | "in" | "arrayAnyOf" => ("arrayAnyOf", list(value)),
        "notEquals" | "notIn" | "arrayNoneOf" => ("arrayNoneOf", list(value)),
        "arrayAllOf" => ("arrayAllOf", list(value)),
        "isNull" | "arrayIsEmpty" => ("arrayIsEmpty", None),
        "isNotNull" | "arrayIsNotEmpty" => ("arrayIsNotEmpty", None),
        _ => return None,
    })
}

pub(crate) fn unknown(operator: &str, at: &str) -> Failure {
    Failure::bad_input(
        code::INVALID_OPERATOR,
        format!("there is no operator {operator}"),
    )
    .at(format!("{at}/type"))
    .suggest(format!("operators are: {}", NAMES.join(", ")))
    .suggest_some(text::did_you_mean(operator, NAMES.iter().copied()))
}

pub(crate) fn unfit(operator: &str, name: &str, at: &str) -> Failure {
    Failure::bad_input(
        code::INVALID_OPERATOR,
        format!("{operator} cannot be used on {name}"),
    )
    .at(format!("{at}/type"))
    .suggest("get_schema shows the field's type")
}
