//! What a clause may not hold, said with the part that is in the way and what to write instead.

use portcullis_sdk::Failure;
use sqlparser::ast::{Expr, Function};

/// What a clause may not do, or is not.
pub(super) const INVALID_QUERY: &str = "INVALID_QUERY";
/// The argument that holds it.
pub(super) const POINTER: &str = "/query";
const INSTEAD: &str = "compare fields with =, <>, <, <=, >, >=, LIKE, IN, BETWEEN, IS NULL, joined by AND, OR, NOT; or use `filters`, which needs no SQL";

pub(super) fn refuse(message: impl Into<String>) -> Failure {
    Failure::bad_input(INVALID_QUERY, message)
        .at(POINTER)
        .suggest(INSTEAD)
}

/// Names an expression without writing it out, because the code that writes any SQL is larger than
/// the rest of the plugin.
pub(super) fn unknown(expression: &Expr) -> Failure {
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
        Expr::RLike { .. } | Expr::SimilarTo { .. } | Expr::ILike { .. } => {
            "matching by pattern other than LIKE is not allowed in a query".to_owned()
        }
        Expr::Case { .. } => "CASE is not allowed in a query".to_owned(),
        Expr::Cast { .. } | Expr::Convert { .. } => "CAST is not allowed in a query".to_owned(),
        Expr::BinaryOp { op, .. } => format!("`{op}` between two values is not allowed in a query"),
        Expr::UnaryOp { op, .. } => format!("`{op}` before a value is not allowed in a query"),
        other => format!("{} is not allowed in a query", word(other)),
    };
    refuse(what)
}

/// What the caller wrote, by its word in SQL.
fn word(expression: &Expr) -> &'static str {
    match expression {
        Expr::IsTrue(_) | Expr::IsNotTrue(_) => "IS TRUE",
        Expr::IsFalse(_) | Expr::IsNotFalse(_) => "IS FALSE",
        Expr::IsUnknown(_) | Expr::IsNotUnknown(_) => "IS UNKNOWN",
        Expr::AnyOp { .. } => "ANY",
        Expr::AllOp { .. } => "ALL",
        Expr::Between { .. } => "BETWEEN in place of a value",
        Expr::Like { .. } => "LIKE in place of a value, with ANY or with ESCAPE",
        Expr::InList { .. } => "IN in place of a value",
        Expr::IsNull(_) | Expr::IsNotNull(_) => "IS NULL in place of a value",
        Expr::Extract { .. } => "EXTRACT",
        Expr::Ceil { .. } => "CEIL",
        Expr::Floor { .. } => "FLOOR",
        Expr::Position { .. } => "POSITION",
        Expr::Substring { .. } => "SUBSTRING",
        Expr::Trim { .. } => "TRIM with more than one value",
        Expr::Overlay { .. } => "OVERLAY",
        Expr::Collate { .. } => "COLLATE",
        Expr::Prefixed { .. } => "a character set before a text",
        Expr::Tuple(_) => "a row of several values",
        Expr::Interval(_) => "INTERVAL outside DATE_ADD and DATE_SUB",
        Expr::MatchAgainst { .. } => "MATCH",
        Expr::MemberOf(_) => "MEMBER OF",
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => "`*`",
        Expr::JsonAccess { .. } | Expr::CompoundFieldAccess { .. } => {
            "a look into a value with `->`, `:`, `.` or `[]`"
        }
        Expr::Array(_) | Expr::Struct { .. } | Expr::Dictionary(_) | Expr::Map(_) => {
            "a list or an object as a value"
        }
        Expr::Lambda(_) => "`->` after names",
        _ => "something that is no column, value or comparison",
    }
}

pub(super) fn name_of(function: &Function) -> String {
    let parts = function.name.0.iter();
    let names = parts.map(|part| part.as_ident().map_or("?", |name| name.value.as_str()));
    names.collect::<Vec<_>>().join(".")
}
