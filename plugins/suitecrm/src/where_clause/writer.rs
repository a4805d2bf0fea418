//! Writes a checked tree: conditions, and the columns and values that they compare.

use portcullis_sdk::Failure;
use sqlparser::ast::{BinaryOperator, Expr, Ident, UnaryOperator, Value as Sql};

use super::refusal::{POINTER, refuse, unknown};
use crate::{
    columns::{self, Column, EMAIL_COLUMN},
    metadata::Module,
};

/// Writes conditions on one module's records.
pub(super) struct Writer<'m> {
    pub(super) module: &'m Module,
}

impl Writer<'_> {
    /// Something that is true or false.
    pub(super) fn condition(&self, expression: &Expr) -> Result<String, Failure> {
        match expression {
            Expr::Nested(inner) => Ok(columns::parenthesised(&self.condition(inner)?)),
            Expr::UnaryOp {
                op: UnaryOperator::Not | UnaryOperator::BangNot,
                expr,
            } => Ok(format!("NOT ({})", self.condition(expr)?)),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::IsNull(of) => self.compare(of, false, |of| Ok(format!("{of} IS NULL"))),
            Expr::IsNotNull(of) => self.compare(of, false, |of| Ok(format!("{of} IS NOT NULL"))),
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char: None,
            } => {
                let pattern = self.operand(pattern)?;
                self.compare(expr, *negated, |of| Ok(format!("{of} LIKE {pattern}")))
            }
            Expr::InList {
                expr,
                list,
                negated,
            } => {
                let items: Vec<_> = list
                    .iter()
                    .map(|item| self.operand(item))
                    .collect::<Result<_, _>>()?;
                let items = items.join(",");
                self.compare(expr, *negated, |of| Ok(format!("{of} IN ({items})")))
            }
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let (low, high) = (self.operand(low)?, self.operand(high)?);
                self.compare(expr, *negated, |of| {
                    Ok(format!("{of} BETWEEN {low} AND {high}"))
                })
            }
            Expr::InSubquery { .. } | Expr::Subquery(_) | Expr::Exists { .. } => Err(refuse(
                "a query holds no sub-select; compare `email1` to search by e-mail address, and list linked records with get_relationships",
            )),
            other => Err(unknown(other)),
        }
    }

    fn binary(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<String, Failure> {
        let word = match op {
            BinaryOperator::And => "AND",
            BinaryOperator::Or => "OR",
            BinaryOperator::Eq => "=",
            BinaryOperator::NotEq => "<>",
            BinaryOperator::Lt => "<",
            BinaryOperator::LtEq => "<=",
            BinaryOperator::Gt => ">",
            BinaryOperator::GtEq => ">=",
            other => return Err(refuse(format!("the operator `{other}` is not allowed"))),
        };
        if matches!(word, "AND" | "OR") {
            let (left, right) = (self.condition(left)?, self.condition(right)?);
            return Ok(format!("{left} {word} {right}"));
        }
        let right = self.operand(right)?;
        // An address that differs means: no address that is equal.
        if word == "<>" && self.is_email(left) {
            return self.compare(left, true, |of| Ok(format!("{of} = {right}")));
        }
        self.compare(left, false, |of| Ok(format!("{of} {word} {right}")))
    }

    /// A comparison of what stands left; of an e-mail address, inside the sub-select.
    fn compare(
        &self,
        of: &Expr,
        negated: bool,
        write: impl FnOnce(&str) -> Result<String, Failure>,
    ) -> Result<String, Failure> {
        if self.is_email(of) {
            let condition = write(EMAIL_COLUMN)?;
            let Some(column) = condition.strip_suffix(" IS NULL") else {
                return Ok(columns::email_clause(self.module, &condition, negated));
            };
            let any = format!("{column} IS NOT NULL");
            return Ok(columns::email_clause(self.module, &any, true));
        }
        let condition = write(&self.operand(of)?)?;
        Ok(if negated {
            format!("NOT ({condition})")
        } else {
            condition
        })
    }

    fn is_email(&self, expression: &Expr) -> bool {
        let name = match expression {
            Expr::Identifier(name) => name,
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] if self.is_own(table) => name,
                _ => return false,
            },
            _ => return false,
        };
        self.module
            .field(&name.value)
            .is_some_and(|field| field.is_email())
    }

    /// Something that has a value.
    pub(super) fn operand(&self, expression: &Expr) -> Result<String, Failure> {
        match expression {
            Expr::Nested(inner) => Ok(columns::parenthesised(&self.operand(inner)?)),
            Expr::Value(value) => literal(&value.value),
            Expr::Identifier(name) => self.column(&name.value),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] if self.is_own(table) => self.column(&name.value),
                [table, ..] => Err(refuse(format!(
                    "only columns of `{}` can be compared, not of `{}`",
                    self.module.table, table.value
                ))),
                [] => Err(refuse("a name is empty")),
            },
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr,
            } => match expr.as_ref() {
                Expr::Value(value) if matches!(value.value, Sql::Number(..)) => {
                    Ok(format!("-{}", literal(&value.value)?))
                }
                _ => Err(unknown(expression)),
            },
            Expr::Function(function) => self.function(function),
            Expr::Trim {
                expr,
                trim_where: None,
                trim_what: None,
                trim_characters: None,
            } => Ok(format!("TRIM({})", self.operand(expr)?)),
            Expr::Interval(interval) => self.interval(interval),
            Expr::Subquery(_) => Err(refuse("a query holds no sub-select")),
            other => Err(unknown(other)),
        }
    }

    fn is_own(&self, table: &Ident) -> bool {
        let name = &table.value;
        name.eq_ignore_ascii_case(&self.module.table)
            || name
                .strip_suffix("_cstm")
                .is_some_and(|own| own.eq_ignore_ascii_case(&self.module.table))
    }

    fn column(&self, name: &str) -> Result<String, Failure> {
        if name == "user_hash" || name.starts_with('@') {
            return Err(refuse(format!("`{name}` cannot be compared")));
        }
        let field = self.module.require_field(name, POINTER)?;
        match columns::column(self.module, &field, POINTER)? {
            Column::Expression(column) => Ok(column),
            Column::Email => Err(refuse(format!(
                "`{name}` can stand left of =, <>, LIKE, IN and IS NULL, and nowhere else"
            ))),
        }
    }
}

fn literal(value: &Sql) -> Result<String, Failure> {
    match value {
        Sql::Number(digits, _) => Ok(digits.clone()),
        Sql::SingleQuotedString(text) | Sql::DoubleQuotedString(text) => Ok(columns::literal(text)),
        Sql::Boolean(true) => Ok("1".to_owned()),
        Sql::Boolean(false) => Ok("0".to_owned()),
        Sql::Null => Ok("NULL".to_owned()),
        other => Err(refuse(format!("the value `{other}` is not allowed"))),
    }
}
