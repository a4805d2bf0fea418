//! A field as SQL: the column with its table, or what stands for it. Bare column names fail as soon
//! as the CRM joins another table that has one of the same name.

use portcullis_sdk::{Failure, code};

use crate::metadata::{Field, Module};

/// What stands for a field in a where clause.
pub(crate) enum Column {
    /// An expression to compare.
    Expression(String),
    /// An e-mail address: compared inside the one sub-select that the CRM allows.
    Email,
}

/// The address table's part of the sub-select; the CRM's documentation has it in this form.
const EMAILS: &str = "SELECT eabr.bean_id FROM email_addr_bean_rel eabr JOIN email_addresses ea ON (ea.id = eabr.email_address_id) WHERE eabr.deleted=0 AND ";

/// The column of a field.
pub(crate) fn column(module: &Module, field: &Field<'_>, pointer: &str) -> Result<Column, Failure> {
    let table = &module.table;
    if field.is_email() {
        return Ok(Column::Email);
    }
    if module.is_person() && matches!(field.name, "name" | "full_name") {
        return Ok(Column::Expression(format!(
            "LTRIM(RTRIM(CONCAT(IFNULL({table}.first_name,''),' ',IFNULL({table}.last_name,''))))"
        )));
    }
    if !field.is_column() {
        return Err(Failure::bad_input(
            code::INVALID_FIELD,
            format!(
                "`{}` is not stored in {}, so it cannot be compared",
                field.name, module.name
            ),
        )
        .at(pointer)
        .suggest(match field.id_name().filter(|id| *id != field.name) {
            Some(id) => format!("compare `{id}` with the related record's id"),
            None => "get_relationships lists the records behind a link".to_owned(),
        }));
    }
    let table = if field.name.ends_with("_c") {
        format!("{table}_cstm")
    } else {
        table.clone()
    };
    Ok(Column::Expression(format!("{table}.{}", field.name)))
}

/// `accounts.id IN (SELECT … AND <condition on ea.email_address>)`.
pub(crate) fn email_clause(module: &Module, condition: &str, negated: bool) -> String {
    let not = if negated { "NOT " } else { "" };
    format!("{}.id {not}IN ({EMAILS}{condition})", module.table)
}

/// The column inside the sub-select.
pub(crate) const EMAIL_COLUMN: &str = "ea.email_address";

/// A text as an SQL literal.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for character in text.chars() {
        match character {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\0' => {}
            other => out.push(other),
        }
    }
    out.push('\'');
    out
}

/// A text that `LIKE` takes as it stands.
pub(crate) fn like_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// A clause that stands alone; counts do not put it in parentheses themselves.
pub(crate) fn parenthesised(clause: &str) -> String {
    format!("({clause})")
}
