//! Functions that only compute, and intervals.

use portcullis_sdk::Failure;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Interval, Value as Sql,
};

use super::{
    refusal::{name_of, refuse},
    writer::Writer,
};

/// Name and how many arguments.
const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("COALESCE", 1, 4),
    ("CONCAT", 1, 8),
    ("CURDATE", 0, 0),
    ("DATE", 1, 1),
    ("DATE_ADD", 2, 2),
    ("DATE_SUB", 2, 2),
    ("IFNULL", 2, 2),
    ("LENGTH", 1, 1),
    ("LOWER", 1, 1),
    ("MONTH", 1, 1),
    ("NOW", 0, 0),
    ("TRIM", 1, 1),
    ("UPPER", 1, 1),
    ("UTC_DATE", 0, 0),
    ("UTC_TIMESTAMP", 0, 0),
    ("YEAR", 1, 1),
];

impl Writer<'_> {
    pub(super) fn function(&self, function: &Function) -> Result<String, Failure> {
        let written = name_of(function);
        let name = written.to_ascii_uppercase();
        let known = FUNCTIONS.iter().find(|(allowed, ..)| *allowed == name);
        let Some((_, least, most)) = known else {
            let names = FUNCTIONS.iter().map(|(name, ..)| *name);
            return Err(refuse(format!(
                "the function {written} is not allowed; these are: {}",
                names.collect::<Vec<_>>().join(", ")
            )));
        };
        let plain = function.over.is_none()
            && function.filter.is_none()
            && function.null_treatment.is_none()
            && function.within_group.is_empty()
            && !function.uses_odbc_syntax
            && function.parameters == FunctionArguments::None;
        let arguments = match &function.args {
            FunctionArguments::None => Vec::new(),
            FunctionArguments::List(list)
                if list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
            {
                list.args
                    .iter()
                    .map(|argument| match argument {
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => self.operand(inner),
                        _ => Err(refuse(format!("an argument of {name} is not allowed"))),
                    })
                    .collect::<Result<Vec<_>, _>>()?
            }
            _ => return Err(refuse(format!("an argument of {name} is not allowed"))),
        };
        if !plain || !(*least..=*most).contains(&arguments.len()) {
            return Err(refuse(format!(
                "{name} takes {least} to {most} plain arguments"
            )));
        }
        Ok(format!("{name}({})", arguments.join(",")))
    }

    pub(super) fn interval(&self, interval: &Interval) -> Result<String, Failure> {
        let unit = interval
            .leading_field
            .as_ref()
            .map(|unit| unit.to_string().to_ascii_uppercase());
        let unit = unit.as_deref().unwrap_or_default();
        let count = match interval.value.as_ref() {
            Expr::Value(value) => match &value.value {
                Sql::Number(digits, false) => digits.clone(),
                Sql::SingleQuotedString(digits) => digits.clone(),
                _ => String::new(),
            },
            _ => String::new(),
        };
        let plain = matches!(
            unit,
            "SECOND" | "MINUTE" | "HOUR" | "DAY" | "WEEK" | "MONTH" | "QUARTER" | "YEAR"
        ) && (1..=6).contains(&count.len())
            && count.bytes().all(|byte| byte.is_ascii_digit())
            && interval.last_field.is_none();
        if plain {
            Ok(format!("INTERVAL {count} {unit}"))
        } else {
            Err(refuse("an interval is written like INTERVAL 7 DAY"))
        }
    }
}
