//! The structured `filters`: conditions without SQL, compiled to a where clause, or to the query of
//! a V8 list where that can say the same.

use portcullis_sdk::{Failure, code, datetime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    columns::{self, Column, EMAIL_COLUMN},
    metadata::{Field, Module},
};

/// One condition.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// A field of the module; `email1` searches all of a record's addresses.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    field: String,
    /// How to compare; default eq. `ne` finds empty values too. `empty` and `not_empty` take no
    /// value, `in` and `not_in` a list, `between` a list of two.
    #[serde(default)]
    operator: Operator,
    /// A text, a number, true or false, or a list of them. Dates are `2026-12-31`, date-times
    /// `2026-12-31T09:30:00Z`.
    #[serde(default)]
    value: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operator {
    #[default]
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    Contains,
    StartsWith,
    EndsWith,
    In,
    NotIn,
    Between,
    Empty,
    NotEmpty,
}

/// Whether all conditions or any of them have to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Match {
    #[default]
    All,
    Any,
}

/// The conditions as a where clause, in parentheses; empty for none.
pub(crate) fn compile(filters: &[Filter], how: Match, module: &Module) -> Result<String, Failure> {
    let clauses: Vec<_> = filters
        .iter()
        .enumerate()
        .map(|(index, filter)| clause(filter, module, &format!("/filters/{index}")))
        .collect::<Result<_, _>>()?;
    let word = match how {
        Match::All => " AND ",
        Match::Any => " OR ",
    };
    Ok(match clauses.len() {
        0 => String::new(),
        _ => columns::parenthesised(&clauses.join(word)),
    })
}

/// The conditions as V8 takes them; none where it cannot say the same: it knows no lists, no empty
/// values, no e-mail addresses, one condition per field and operator, and compares date-times and
/// custom fields in ways that were never measured.
pub(crate) fn for_v8(
    filters: &[Filter],
    how: Match,
    module: &Module,
) -> Option<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for filter in filters {
        let field = module.field(&filter.field)?;
        let put_together = module.is_person() && field.name == "name";
        let measured = !field.name.ends_with("_c")
            && !matches!(
                field.kind(),
                "date" | "datetime" | "datetimecombo" | "multienum"
            );
        let plain = field.is_column() && measured && !put_together;
        let value = scalar(&field, filter.value.as_ref()?).ok()?;
        let (word, value) = match filter.operator {
            Operator::Eq => ("eq", value),
            Operator::Gt => ("gt", value),
            Operator::Gte => ("gte", value),
            Operator::Lt => ("lt", value),
            Operator::Lte => ("lte", value),
            Operator::Contains => ("like", format!("%{}%", without_wildcard(value)?)),
            Operator::StartsWith => ("like", format!("{}%", without_wildcard(value)?)),
            Operator::EndsWith => ("like", format!("%{}", without_wildcard(value)?)),
            _ => return None,
        };
        let key = format!("filter[{}][{word}]", field.name);
        if !plain || pairs.iter().any(|(known, _)| *known == key) {
            return None;
        }
        pairs.push((key, value));
    }
    if pairs.len() > 1 {
        let word = if how == Match::All { "and" } else { "or" };
        pairs.insert(0, ("filter[operator]".to_owned(), word.to_owned()));
    }
    Some(pairs)
}

fn without_wildcard(value: String) -> Option<String> {
    (!value.contains(['%', '_', '\\'])).then_some(value)
}

fn clause(filter: &Filter, module: &Module, pointer: &str) -> Result<String, Failure> {
    let at_field = format!("{pointer}/field");
    let field = module.require_field(&filter.field, &at_field)?;
    match columns::column(module, &field, &at_field)? {
        Column::Expression(column) => {
            let (condition, negated) = condition(&column, &field, filter, pointer)?;
            Ok(if !negated {
                condition
            } else {
                format!("({column} IS NULL OR NOT ({condition}))")
            })
        }
        Column::Email => {
            let none = filter.operator == Operator::Empty;
            if none || filter.operator == Operator::NotEmpty {
                let any = format!("{EMAIL_COLUMN} <> ''");
                return Ok(columns::email_clause(module, &any, none));
            }
            let (condition, negated) = condition(EMAIL_COLUMN, &field, filter, pointer)?;
            Ok(columns::email_clause(module, &condition, negated))
        }
    }
}

/// A condition on a column, and whether it is meant negated.
fn condition(
    column: &str,
    field: &Field<'_>,
    filter: &Filter,
    pointer: &str,
) -> Result<(String, bool), Failure> {
    let at = format!("{pointer}/value");
    let one = || {
        let value = filter.value.as_ref().ok_or_else(|| needs(&at, "a value"))?;
        scalar(field, value).map_err(|rule| misfit(field, &at, &rule))
    };
    let quoted = || one().map(|value| columns::literal(&value));
    let like = |before: &str, after: &str| {
        one().map(|value| {
            let pattern = format!("{before}{}{after}", columns::like_escape(&value));
            format!("{column} LIKE {}", columns::literal(&pattern))
        })
    };
    let many = |least: usize, most: usize| {
        let list = filter.value.as_ref().and_then(Value::as_array);
        let list = list
            .filter(|list| (least..=most).contains(&list.len()))
            .ok_or_else(|| needs(&at, &format!("a list of {least} to {most} values")))?;
        list.iter()
            .map(|value| scalar(field, value).map(|value| columns::literal(&value)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|rule| misfit(field, &at, &rule))
    };
    Ok(match filter.operator {
        Operator::Eq => (format!("{column} = {}", quoted()?), false),
        Operator::Ne => (format!("{column} = {}", quoted()?), true),
        Operator::Gt => (format!("{column} > {}", quoted()?), false),
        Operator::Gte => (format!("{column} >= {}", quoted()?), false),
        Operator::Lt => (format!("{column} < {}", quoted()?), false),
        Operator::Lte => (format!("{column} <= {}", quoted()?), false),
        Operator::Contains => (like("%", "%")?, false),
        Operator::StartsWith => (like("", "%")?, false),
        Operator::EndsWith => (like("%", "")?, false),
        Operator::In => (format!("{column} IN ({})", many(1, 100)?.join(",")), false),
        Operator::NotIn => (format!("{column} IN ({})", many(1, 100)?.join(",")), true),
        Operator::Between => {
            let ends = many(2, 2)?;
            (format!("{column} BETWEEN {}", ends.join(" AND ")), false)
        }
        Operator::Empty if is_text(field) => {
            (format!("({column} IS NULL OR {column} = '')"), false)
        }
        Operator::Empty => (format!("{column} IS NULL"), false),
        Operator::NotEmpty if is_text(field) => (format!("{column} <> ''"), false),
        Operator::NotEmpty => (format!("{column} IS NOT NULL"), false),
    })
}

/// Whether the empty text is an empty value; of a number it would be zero.
fn is_text(field: &Field<'_>) -> bool {
    !matches!(
        field.kind(),
        "int" | "float" | "decimal" | "currency" | "bool" | "date" | "datetime" | "datetimecombo"
    )
}

/// A value as the database compares it.
fn scalar(field: &Field<'_>, value: &Value) -> Result<String, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        _ => return Err("takes a text, a number, true or false".to_owned()),
    };
    if field.is_datetime() {
        if datetime::is_date(&text) {
            return Ok(format!("{text} 00:00:00"));
        }
        return datetime::to_utc(&text)
            .ok_or_else(|| "takes a date-time like 2026-12-31T09:30:00Z".to_owned());
    }
    if field.kind() == "date" && !datetime::is_date(&text) {
        return Err("takes a date like 2026-12-31".to_owned());
    }
    Ok(text)
}

fn needs(pointer: &str, what: &str) -> Failure {
    Failure::bad_input(
        code::INVALID_ARGUMENT,
        format!("this operator needs {what}"),
    )
    .at(pointer)
}

fn misfit(field: &Field<'_>, pointer: &str, rule: &str) -> Failure {
    Failure::bad_input(
        code::INVALID_FIELD_VALUE,
        format!("`{}` {rule}", field.name),
    )
    .at(pointer)
}
