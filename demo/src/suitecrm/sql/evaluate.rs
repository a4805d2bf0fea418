//! What an expression is for one row, in MariaDB's way: three truth values, comparisons without
//! regard to case, numbers where one side is a number.

use std::cmp::Ordering;

use super::expression::{Comparison, Expression};
use super::{Wrong, addresses};

/// Where an expression gets its columns from.
pub(crate) trait Columns {
    /// A column's value: `Ok(None)` is NULL, an error an unknown or ambiguous column.
    fn column(&self, table: Option<&str>, name: &str) -> Result<Option<String>, Wrong>;

    /// Rows of `email_addr_bean_rel` joined with `email_addresses`, as name and value, the names
    /// with their table in front.
    fn addresses(&self) -> Vec<Vec<(String, String)>>;
}

/// Whether the row is wanted.
pub(crate) fn holds(expression: &Expression, columns: &dyn Columns) -> Result<bool, Wrong> {
    Ok(truth(expression, columns)? == Some(true))
}

/// How long a clause makes the database wait for each row.
pub(crate) fn seconds_of_sleep(expression: &Expression) -> f64 {
    match expression {
        Expression::Call(name, values) if name == "sleep" => match values.first() {
            Some(Expression::Number(seconds)) => *seconds,
            _ => 0.0,
        },
        Expression::Not(inside) | Expression::IsNull(inside) => seconds_of_sleep(inside),
        Expression::And(left, right)
        | Expression::Or(left, right)
        | Expression::Compare(left, _, right)
        | Expression::Like(left, right) => seconds_of_sleep(left) + seconds_of_sleep(right),
        Expression::In(left, _) => seconds_of_sleep(left),
        Expression::Between(left, _, _) => seconds_of_sleep(left),
        _ => 0.0,
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Null,
    Number(f64),
    Text(String),
}

impl Datum {
    fn number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Number(number) => *number,
            Self::Text(text) => leading_number(text),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    fn truth(&self) -> Option<bool> {
        (*self != Self::Null).then(|| self.number() != 0.0)
    }
}

impl From<Option<bool>> for Datum {
    fn from(truth: Option<bool>) -> Self {
        truth.map_or(Self::Null, |is| Self::Number(f64::from(u8::from(is))))
    }
}

fn leading_number(text: &str) -> f64 {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && !".-".contains(letter))
        .unwrap_or(text.len());
    text[..end].parse().unwrap_or(0.0)
}

fn truth(expression: &Expression, columns: &dyn Columns) -> Result<Option<bool>, Wrong> {
    Ok(match expression {
        Expression::Not(inside) => truth(inside, columns)?.map(|is| !is),
        // Both sides are looked at, so that a wrong column is found as the database finds it.
        Expression::And(left, right) => match (truth(left, columns)?, truth(right, columns)?) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Expression::Or(left, right) => match (truth(left, columns)?, truth(right, columns)?) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Expression::Compare(left, comparison, right) => {
            let (left, right) = (value(left, columns)?, value(right, columns)?);
            compare(&left, &right).map(|order| fits(order, *comparison))
        }
        Expression::Like(text, pattern) => {
            match (value(text, columns)?, value(pattern, columns)?) {
                (Datum::Null, _) | (_, Datum::Null) => None,
                (text, pattern) => Some(like(&text.text(), &pattern.text())),
            }
        }
        Expression::In(wanted, list) => {
            let wanted = value(wanted, columns)?;
            let mut found = Some(false);
            for item in list {
                let equal = compare(&wanted, &value(item, columns)?).map(Ordering::is_eq);
                found = if found == Some(true) {
                    found
                } else {
                    equal.or(None)
                };
            }
            found
        }
        Expression::Between(wanted, low, high) => {
            let wanted = value(wanted, columns)?;
            let low = compare(&wanted, &value(low, columns)?).map(Ordering::is_ge);
            let high = compare(&wanted, &value(high, columns)?).map(Ordering::is_le);
            low.zip(high).map(|(low, high)| low && high)
        }
        Expression::IsNull(inside) => Some(value(inside, columns)? == Datum::Null),
        Expression::InAddresses(wanted, addresses) => {
            let wanted = value(wanted, columns)?.text();
            Some(addresses::selected(addresses, columns)?.contains(&wanted))
        }
        other => value(other, columns)?.truth(),
    })
}

/// What an expression is worth.
pub(super) fn value(expression: &Expression, columns: &dyn Columns) -> Result<Datum, Wrong> {
    Ok(match expression {
        Expression::Null => Datum::Null,
        Expression::Number(number) => Datum::Number(*number),
        Expression::Text(text) => Datum::Text(text.clone()),
        Expression::Column(table, name) => columns
            .column(table.as_deref(), name)?
            .map_or(Datum::Null, Datum::Text),
        Expression::Call(name, values) => {
            let values = values.iter().map(|item| value(item, columns));
            call(name, &values.collect::<Result<Vec<_>, _>>()?)?
        }
        condition => truth(condition, columns)?.into(),
    })
}

fn call(name: &str, values: &[Datum]) -> Result<Datum, Wrong> {
    Ok(match (name, values) {
        ("sleep", [_]) => Datum::Number(0.0),
        ("lower" | "lcase", [text]) => Datum::Text(text.text().to_lowercase()),
        ("upper" | "ucase", [text]) => Datum::Text(text.text().to_uppercase()),
        ("trim", [text]) => Datum::Text(text.text().trim().to_owned()),
        ("length" | "char_length", [text]) => {
            #[expect(clippy::cast_precision_loss, reason = "texts are short")]
            let length = text.text().chars().count() as f64;
            Datum::Number(length)
        }
        ("ifnull" | "coalesce", [_, ..]) => values
            .iter()
            .find(|value| **value != Datum::Null)
            .cloned()
            .unwrap_or(Datum::Null),
        ("concat", [_, ..]) if values.contains(&Datum::Null) => Datum::Null,
        ("concat", [_, ..]) => Datum::Text(values.iter().map(Datum::text).collect()),
        _ => return Err(Wrong),
    })
}

fn compare(left: &Datum, right: &Datum) -> Option<Ordering> {
    match (left, right) {
        (Datum::Null, _) | (_, Datum::Null) => None,
        (Datum::Text(left), Datum::Text(right)) => {
            Some(left.to_lowercase().cmp(&right.to_lowercase()))
        }
        (left, right) => left.number().partial_cmp(&right.number()),
    }
}

fn fits(order: Ordering, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

/// `%` is any text, `_` any letter, a backslash takes the meaning away.
pub(crate) fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    matches(&text, &pattern)
}

fn matches(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skip| matches(&text[skip..], rest)),
        Some(('_', rest)) => text
            .split_first()
            .is_some_and(|(_, text)| matches(text, rest)),
        Some(('\\', [letter, rest @ ..])) => text
            .split_first()
            .is_some_and(|(first, text)| first == letter && matches(text, rest)),
        Some((letter, rest)) => text
            .split_first()
            .is_some_and(|(first, text)| first == letter && matches(text, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suitecrm::sql::parse;

    struct OneRow;

    impl Columns for OneRow {
        fn column(&self, table: Option<&str>, name: &str) -> Result<Option<String>, Wrong> {
            match (table, name) {
                (Some("t"), "name") => Ok(Some("Acme 100%".to_owned())),
                (Some("t"), "amount") => Ok(Some("250.50".to_owned())),
                (Some("t"), "gone") => Ok(None),
                _ => Err(Wrong),
            }
        }

        fn addresses(&self) -> Vec<Vec<(String, String)>> {
            Vec::new()
        }
    }

    fn asked(clause: &str) -> Result<bool, Wrong> {
        parse(clause)?.map_or(Ok(true), |parsed| holds(&parsed, &OneRow))
    }

    #[test]
    fn clauses_hold_as_in_the_database() {
        for clause in [
            "t.name = 'acme 100%'",
            "t.name LIKE 'AC%'",
            "t.name LIKE '%100\\%'",
            "t.name NOT LIKE '%200%'",
            "t.amount > 99",
            "t.amount BETWEEN '2' AND 300 AND t.gone IS NULL",
            "t.name IN ('x', 'Acme 100%')",
            "t.name NOT IN ('x')",
            "NOT (t.name = 'x' OR t.name IS NULL)",
            "(t.name = 'x' OR 1=1) AND t.`name` <> ''",
            "IFNULL(t.gone, '') = ''",
            "t.name = 'x' /* no */ OR t.name IS NOT NULL",
            "sleep(0.1)=0",
        ] {
            assert_eq!(asked(clause), Ok(true), "{clause}");
        }
    }

    #[test]
    fn null_is_neither_equal_nor_unequal() {
        for clause in [
            "t.gone = ''",
            "t.gone <> 'x'",
            "t.gone NOT IN ('x')",
            "NOT (t.gone = 'x')",
        ] {
            assert_eq!(asked(clause), Ok(false), "{clause}");
        }
    }

    #[test]
    fn mistakes_are_mistakes() {
        for clause in [
            "t.nothing = 1",
            "name = 'x'",
            "t.name = 'x",
            "t.name =",
            "t.name LIKE 'A%' # x",
            "version() = 1",
            "t.name IN ()",
            "1=1 1=1",
            "t.name = 'x' OR t.nothing = 1",
        ] {
            assert_eq!(asked(clause), Err(Wrong), "{clause}");
        }
    }
}
