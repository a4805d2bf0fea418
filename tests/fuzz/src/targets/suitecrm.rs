//! SuiteCRM's where clauses: SQL that the CRM runs as it is.

use std::cell::LazyCell;
use std::collections::HashSet;
use std::sync::LazyLock;

use portcullis_sdk::Request;
use serde_json::{Map, Value, json};
use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;
use url::form_urlencoded;

use super::crm::Tool;
use super::{first_line, kind};
use crate::{Seen, Target};

pub(crate) const QUERY: Target = Target {
    name: "suitecrm_query",
    about: "SuiteCRM's `query`: what is sent is one condition on the module's own columns, and compiles to itself",
    run: query,
    words: &[
        "name = 'a'",
        " AND ",
        " OR ",
        "NOT (",
        "LIKE '%a%'",
        "IN ('a','b')",
        "BETWEEN 1 AND 2",
        "IS NULL",
        "email1",
        "user_hash",
        "DATE_SUB(NOW(), INTERVAL 7 DAY)",
        "CONCAT(",
        "-- ",
        "/*!",
        "#",
        ";",
        "||",
        "\\'",
        "''",
        "`",
        "\"",
        "accounts.",
        "0x41",
        "SELECT",
        "(",
        ")",
        "1e5",
        "@@",
        "{d '2026-01-01'}",
        "COLLATE",
        "_utf8'",
        "x'41'",
    ],
};

pub(crate) const FILTERS: Target = Target {
    name: "suitecrm_filters",
    about: "SuiteCRM's `filters`: what is sent is one condition on the module's own columns",
    run: filters,
    words: &[
        "[{\"field\":\"name\",\"value\":\"a\"}]",
        "\"operator\":\"contains\"",
        "\"operator\":\"between\"",
        "\"operator\":\"not_in\"",
        "\"operator\":\"empty\"",
        "\"email1\"",
        "\"date_entered\"",
        "\"2026-12-31T09:30:00Z\"",
        "\\\\",
        "'",
        "%",
        "_",
        "\\u0000",
        "null",
        "true",
    ],
};

const COLUMNS: [(&str, &str); 9] = [
    ("id", "id"),
    ("name", "name"),
    ("industry", "enum"),
    ("employees", "int"),
    ("date_entered", "datetime"),
    ("deleted", "bool"),
    ("tags_c", "multienum"),
    ("email1", "varchar"),
    ("birthdate", "date"),
];

/// Words that may stand outside a text; columns come with their table.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "AND OR NOT LIKE IN BETWEEN IS NULL INTERVAL SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR COALESCE CONCAT CURDATE DATE DATE_ADD \
     DATE_SUB IFNULL LENGTH LOWER NOW TRIM UPPER UTC_DATE UTC_TIMESTAMP LTRIM RTRIM"
        .split_whitespace()
        .collect()
});

/// The one sub-select that the CRM lets through, which the plugin writes for addresses.
const EMAILS: &str = "SELECT eabr.bean_id FROM email_addr_bean_rel eabr JOIN email_addresses ea ON (ea.id = eabr.email_address_id) WHERE eabr.deleted=0 AND ";

thread_local! {
    static SEARCH: LazyCell<Tool> = LazyCell::new(|| Tool::new(portcullis_suitecrm::plugin(), "search", answer));
}

fn query(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let clause = match sent(&json!({ "module": "Accounts", "query": text })) {
        Err(refused) => return kind(&refused),
        Ok(clause) => clause,
    };
    if clause.is_empty() {
        assert!(text.trim().is_empty(), "a condition was lost");
        return "empty".to_owned();
    }
    let shape = one_condition(&clause);
    if !clause.contains(EMAILS) && clause.chars().count() < 2000 {
        let inner = &clause[1..clause.len() - 1];
        let again = sent(&json!({ "module": "Accounts", "query": inner }));
        let again = again.expect("what was written can be read");
        assert_eq!(
            collapsed(&again),
            collapsed(&clause),
            "it compiles to something else"
        );
    }
    shape
}

fn filters(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (how, list) = first_line(&text);
    let Ok(list) = serde_json::from_str::<Value>(list) else {
        return "no JSON".to_owned();
    };
    let how = if how == "any" { "any" } else { "all" };
    match sent(&json!({ "module": "Accounts", "filters": list, "match": how })) {
        Err(refused) => kind(&refused),
        Ok(clause) if clause.is_empty() => {
            assert!(
                list.as_array().is_none_or(Vec::is_empty),
                "conditions were lost"
            );
            "empty".to_owned()
        }
        Ok(clause) => one_condition(&clause),
    }
}

/// The clause that a search sends.
fn sent(arguments: &Value) -> Result<String, String> {
    let requests = SEARCH.with(|search| search.run(arguments))?;
    let (_, list) = requests
        .iter()
        .filter_map(call)
        .find(|(method, _)| method == "get_entry_list")
        .expect("a search that succeeds asks for a list");
    Ok(list[2].as_str().expect("the clause is a text").to_owned())
}

/// Method and arguments of a request to `rest.php`.
fn call(request: &Request) -> Option<(String, Value)> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(request.body.as_deref()?)
        .into_owned()
        .collect();
    let field = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    Some((
        field("method")?,
        serde_json::from_str(&field("rest_data")?).ok()?,
    ))
}

fn answer(request: &Request) -> Value {
    match call(request).map(|(method, _)| method).as_deref() {
        Some("get_module_fields") => {
            let field = |(name, kind): &(&str, &str)| {
                (
                    (*name).to_owned(),
                    json!({ "name": name, "type": kind, "label": name, "required": 0, "options": [], "len": "" }),
                )
            };
            let fields: Map<String, Value> = COLUMNS.iter().map(field).collect();
            json!({ "module_name": "Accounts", "table_name": "accounts", "module_fields": fields, "link_fields": [] })
        }
        _ => {
            json!({ "result_count": 0, "total_count": 0, "next_offset": 0, "entry_list": [], "relationship_list": [] })
        }
    }
}

/// Reads a clause as MySQL does: texts apart, everything outside them words that are known, one pair of
/// parentheses around all of it. sqlparser has to read it as one expression, too.
fn one_condition(clause: &str) -> Seen {
    let outside = outside(&clause.replace(EMAILS, "1=1 AND "));
    let (mut depth, mut open_until_the_end) = (0_i32, true);
    for (at, byte) in outside.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        open_until_the_end &= depth > 0 || at + 1 == outside.len();
        assert!(depth >= 0, "a parenthesis too many: {clause}");
    }
    assert!(
        depth == 0 && open_until_the_end,
        "it stands not alone: {clause}"
    );
    for bad in [
        ";", "#", "--", "/*", "*/", "`", "\"", "@", "\\", "|", "&", "{", ":",
    ] {
        assert!(!outside.contains(bad), "{bad} outside a text: {clause}");
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    for word in outside
        .split(|c| !is_word(c))
        .filter(|word| !word.is_empty())
    {
        let number = word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let column = COLUMNS.iter().any(|(name, _)| {
            word == format!("accounts.{name}") || word == format!("accounts_cstm.{name}")
        });
        let known = number || column || word == "ea.email_address" || WORDS.contains(word);
        assert!(known, "the word {word} outside a text: {clause}");
    }
    let mut parser = Parser::new(&MySqlDialect {})
        .try_with_sql(clause)
        .expect("it has tokens");
    parser.parse_expr().expect("it is an expression");
    assert_eq!(
        parser.peek_token().token,
        Token::EOF,
        "something follows: {clause}"
    );
    let words = WORDS.iter().filter(|word| outside.contains(*word)).count();
    format!(
        "a condition, {} words, depth {}",
        words,
        outside.matches('(').count().min(6)
    )
}

/// A clause without parentheses around nothing but parentheses, which `NOT` writes once more.
fn collapsed(clause: &str) -> String {
    // Each open parenthesis with its place, and where the last one inside it began and ended.
    let (mut open, mut drop) = (Vec::<(usize, Option<(usize, usize)>)>::new(), Vec::new());
    let mut quoted = false;
    let bytes = clause.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'\'' => quoted = !quoted,
            b'(' if !quoted => open.push((at, None)),
            b')' if !quoted => {
                let (from, inner) = open.pop().expect("parentheses are balanced");
                if inner == Some((from + 1, at - 1)) {
                    drop.extend([from, at]);
                }
                if let Some((_, last)) = open.last_mut() {
                    *last = Some((from, at));
                }
            }
            _ => {}
        }
        at += 1;
    }
    let kept = bytes
        .iter()
        .enumerate()
        .filter(|(at, _)| !drop.contains(at));
    String::from_utf8_lossy(&kept.map(|(_, byte)| *byte).collect::<Vec<_>>()).into_owned()
}

/// What stands outside texts; each text becomes `1`.
fn outside(clause: &str) -> String {
    let mut outside = String::new();
    let mut chars = clause.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\'' {
            outside.push(c);
            continue;
        }
        loop {
            match chars.next().expect("a text ends") {
                '\\' => drop(chars.next()),
                '\'' if chars.peek() == Some(&'\'') => drop(chars.next()),
                '\'' => break,
                _ => {}
            }
        }
        outside.push('1');
    }
    outside
}
