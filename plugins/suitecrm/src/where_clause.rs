//! The raw `query`: parsed, checked against what is allowed, and written anew.
//!
//! The CRM's own filter lets `sleep`, comments and functions through, so nothing of the caller's
//! text is sent: what leaves here is written from the syntax tree, with columns qualified and
//! literals quoted again.

use portcullis_sdk::Failure;
use sqlparser::{
    ast::{
        BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
        Interval, UnaryOperator, Value as Sql,
    },
    dialect::MySqlDialect,
    parser::Parser,
    tokenizer::{Token, Tokenizer, Whitespace},
};

use crate::{
    columns::{self, Column, EMAIL_COLUMN},
    metadata::Module,
};

/// What a clause may not do, or is not.
pub(crate) const INVALID_QUERY: &str = "INVALID_QUERY";
/// The longest clause.
const MAX_LENGTH: usize = 2000;
const POINTER: &str = "/query";
const INSTEAD: &str = "compare fields with =, <>, <, <=, >, >=, LIKE, IN, BETWEEN, IS NULL, joined by AND, OR, NOT; or use `filters`, which needs no SQL";

/// Functions that only compute: name and how many arguments.
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

/// A clause as it is sent, in parentheses; empty for an empty one.
pub(crate) fn compile(query: &str, module: &Module) -> Result<String, Failure> {
    if query.trim().is_empty() {
        return Ok(String::new());
    }
    if query.chars().count() > MAX_LENGTH {
        return Err(refuse(format!(
            "a query is at most {MAX_LENGTH} characters"
        )));
    }
    let tokens = Tokenizer::new(&MySqlDialect {}, query)
        .tokenize()
        .map_err(|error| refuse(format!("the query is no SQL: {error}")))?;
    check_tokens(query, &tokens)?;
    let mut parser = Parser::new(&MySqlDialect {}).with_tokens(tokens);
    let expression = parser
        .parse_expr()
        .map_err(|error| refuse(format!("the query is no SQL condition: {error}")))?;
    let rest = parser.peek_token_ref();
    if rest.token != Token::EOF {
        return Err(refuse(format!(
            "the query goes on after its condition, at `{}`",
            rest.token
        )));
    }
    Writer { module }
        .condition(&expression)
        .map(|clause| columns::parenthesised(&clause))
}

/// Comments never reach the syntax tree, so they are looked for before.
fn check_tokens(query: &str, tokens: &[Token]) -> Result<(), Failure> {
    let is_comment = |token: &Token| {
        matches!(
            token,
            Token::Whitespace(
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)
            )
        )
    };
    if tokens.iter().any(is_comment) || query.contains("/*!") {
        return Err(refuse("a query holds no comment (--, # or /* */)"));
    }
    if tokens.contains(&Token::StringConcat) {
        return Err(refuse(
            "`||` is not allowed in a query; write OR, or CONCAT",
        ));
    }
    if tokens.contains(&Token::SemiColon) {
        return Err(refuse("a query holds no semicolon"));
    }
    Ok(())
}

fn refuse(message: impl Into<String>) -> Failure {
    Failure::bad_input(INVALID_QUERY, message)
        .at(POINTER)
        .suggest(INSTEAD)
}

/// Writes a checked tree.
struct Writer<'m> {
    module: &'m Module,
}

impl Writer<'_> {
    /// Something that is true or false.
    fn condition(&self, expression: &Expr) -> Result<String, Failure> {
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
    fn operand(&self, expression: &Expr) -> Result<String, Failure> {
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

    fn function(&self, function: &Function) -> Result<String, Failure> {
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

    fn interval(&self, interval: &Interval) -> Result<String, Failure> {
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

/// Names an expression without writing it out, because the code that writes any SQL is larger than
/// the rest of the plugin.
fn unknown(expression: &Expr) -> Failure {
    let what = match expression {
        Expr::Value(_) | Expr::TypedString(_) => "a value alone is no condition".to_owned(),
        Expr::Identifier(name) => format!("`{}` alone is no condition", name.value),
        Expr::CompoundIdentifier(parts) => {
            let name = parts.last().map_or("", |part| part.value.as_str());
            format!("`{name}` alone is no condition")
        }
        Expr::Function(function) => {
            format!("{} alone is no condition", name_of(function))
        }
        Expr::Like { .. } => "LIKE with ANY or ESCAPE is not allowed in a query".to_owned(),
        Expr::RLike { .. } | Expr::SimilarTo { .. } | Expr::ILike { .. } => {
            "matching by pattern other than LIKE is not allowed in a query".to_owned()
        }
        Expr::Case { .. } => "CASE is not allowed in a query".to_owned(),
        Expr::Cast { .. } | Expr::Convert { .. } => "CAST is not allowed in a query".to_owned(),
        Expr::BinaryOp { op, .. } => format!("`{op}` between two values is not allowed in a query"),
        Expr::UnaryOp { op, .. } => format!("`{op}` before a value is not allowed in a query"),
        _ => "a part of the query is of a kind that is not allowed".to_owned(),
    };
    refuse(what)
}

fn name_of(function: &Function) -> String {
    let parts = function.name.0.iter();
    let names = parts.map(|part| part.as_ident().map_or("?", |name| name.value.as_str()));
    names.collect::<Vec<_>>().join(".")
}
