//! PostgREST's error body, and the names within its sentences.
//!
//! Reading alone; what a refusal means is `errors`' business.

use portcullis_sdk::Response;
use serde_json::Value;

use crate::entity::Entity;

/// PostgREST's body.
pub(crate) struct Said {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: String,
    pub(crate) hint: String,
}

/// The body of a refusal; none where it has no code.
pub(crate) fn said(response: &Response) -> Option<Said> {
    let body = response.value()?;
    let text = |key: &str| {
        body.get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let code = text("code");
    (!code.is_empty()).then(|| Said {
        code,
        message: text("message"),
        details: text("details"),
        hint: text("hint"),
    })
}

/// What a code says, in words.
pub(crate) fn plain(code: &str) -> &'static str {
    match code {
        "22P02" => "a value is not of the column's type",
        "22007" | "22008" => "a date or time cannot be read",
        "22003" => "a number is out of the column's range",
        "22001" => "a text is too long for its column",
        "23514" => "a value breaks a rule of the table",
        "25006" => "a change in a call that only reads",
        "42601" => "the statement cannot be read",
        "42P11" => "the statement returns no rows",
        "0A000" => "this kind of statement is not offered",
        "PT413" => "the statement is too long",
        "PT422" => "the statement touches too many rows",
        "42P01" => "there is no such table or view",
        "42883" => "there is no such function or operator",
        "55000" => "the object does not take this change",
        _ => "the database refused it",
    }
}

/// The column of a foreign key that was violated: `Key (contact_id)=(…)` where rows may be shown,
/// otherwise from the key's name, `tasks_contact_id_fkey`.
pub(crate) fn referring_column<'s>(said: &'s Said, table: Option<&str>) -> Option<&'s str> {
    if let Some(column) = key_column(said) {
        return Some(column);
    }
    let key = *quoted_words(&said.message).last()?;
    let column = key.strip_suffix("_fkey")?;
    column.strip_prefix(table?)?.strip_prefix('_')
}

/// The column of a value that only one row may have: `Key (name)=(…)` where rows may be shown,
/// otherwise from the rule's name, `tags_name_key`.
pub(crate) fn unique_column<'s>(said: &'s Said, entity: Option<&Entity>) -> Option<&'s str> {
    if let Some(column) = key_column(said) {
        return Some(column);
    }
    let entity = entity?;
    let rule = *quoted_words(&said.message).last()?;
    let column = rule.strip_suffix("_key")?.strip_prefix(entity.name)?;
    let column = column.strip_prefix('_')?;
    entity.has(column).then_some(column)
}

/// The one column of `Key (tax_identifier)=(…)`; none for several, or for an expression.
pub(crate) fn key_column(said: &Said) -> Option<&str> {
    let shown = said.details.strip_prefix("Key (")?;
    let (column, _) = shown.split_once(")=")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    column.chars().all(plain).then_some(column)
}

/// `column tags.colour does not exist`, `Column 'colour' of relation …`, and since PostgREST 13
/// `Could not find the 'colour' column of …`.
pub(crate) fn column_name(message: &str) -> Option<&str> {
    let words: Vec<&str> = message
        .split(['"', '\'', ' '])
        .filter(|word| !word.is_empty())
        .collect();
    let at = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("column"))?;
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    let after = words.get(at + 1)?;
    let name = if *after == "of" { before? } else { after };
    name.rsplit('.').next()
}

/// The words between double quotes.
pub(crate) fn quoted_words(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}
