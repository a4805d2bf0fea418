//! Atomic CRM's filters, which become PostgREST's query pairs.

use std::cell::LazyCell;

use portcullis_sdk::Request;
use serde_json::{Value, json};

use super::crm::Tool;
use super::{first_line, kind};
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "atomic_filters",
    about: "Atomic CRM's `filters`: each becomes one comparison of one column, whatever its value holds",
    run,
    words: &[
        "{\"name\":\"a\"}",
        "{\"stage\":",
        "{\"gte\":1000}",
        "{\"in\":[",
        "\"contains\"",
        "\"starts_with\"",
        "\"is_null\":true",
        "\"has\":3",
        "\"tags\"",
        "or",
        "select",
        "on_conflict",
        "and(",
        "\\\"",
        "\\\\",
        ",",
        ")",
        "*",
        "%",
        ".eq.",
        "not.",
        "null",
    ],
};

/// Pairs that are no filters; each stands at most once.
const OWN: [&str; 5] = ["select", "order", "limit", "offset", "archived_at"];
const TESTS: [&str; 12] = [
    "eq.",
    "neq.",
    "gt.",
    "gte.",
    "lt.",
    "lte.",
    "ilike.",
    "in.(",
    "cs.{",
    "is.null",
    "not.is.null",
    "not.",
];

thread_local! {
    static LIST: LazyCell<Tool> = LazyCell::new(|| Tool::new(portcullis_atomic::plugin(), "list_records", answer));
}

fn run(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (entity, filters) = first_line(&text);
    let Ok(filters) = serde_json::from_str::<Value>(filters) else {
        return "no JSON".to_owned();
    };
    let requests =
        match LIST.with(|list| list.run(&json!({ "entity": entity, "filters": filters }))) {
            Ok(requests) => requests,
            Err(refused) => return kind(&refused),
        };
    let list = requests
        .iter()
        .rfind(|request| {
            request.path.first().is_some_and(|first| first == "rest") && request.path.len() == 3
        })
        .expect("a list is asked for");
    let tests = filters.as_object().expect("filters are an object").values();
    let wanted: usize = tests
        .map(|value| value.as_object().map_or(1, serde_json::Map::len))
        .sum();
    let filters = list
        .query
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()));
    let mut seen = Vec::new();
    for (name, value) in filters {
        seen.push(comparison(name, value));
    }
    let archived = list
        .query
        .iter()
        .filter(|(name, _)| name == "archived_at")
        .count();
    assert!(
        (wanted..=wanted + 1).contains(&(seen.len() + archived)),
        "a filter was lost or came: {:?}",
        list.query
    );
    for own in &OWN[..4] {
        assert!(
            list.query.iter().filter(|(name, _)| name == own).count() <= 1,
            "{own} twice"
        );
    }
    seen.sort_unstable();
    seen.dedup();
    seen.join(",")
}

fn comparison(name: &str, value: &str) -> String {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    assert!(
        name.bytes().all(plain) && !["and", "or", "not", "columns", "on_conflict"].contains(&name),
        "the name {name} is sent"
    );
    let test = TESTS.iter().find(|test| value.starts_with(**test));
    let test = test.unwrap_or_else(|| panic!("no comparison: {value}"));
    if let Some(list) = value.strip_prefix("in.(") {
        ends_with_its_parenthesis(list);
    }
    if let Some(list) = value.strip_prefix("cs.{") {
        let ids = list.strip_suffix('}').expect("the list ends");
        assert!(
            ids.bytes().all(|b| b.is_ascii_digit() || b == b','),
            "no ids: {value}"
        );
    }
    (*test).to_owned()
}

/// PostgREST's list: values in quotation marks, in which a backslash keeps the next character.
fn ends_with_its_parenthesis(list: &str) {
    let (mut quoted, mut chars) = (false, list.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => drop(chars.next()),
            '"' => quoted = !quoted,
            ')' if !quoted => {
                assert_eq!(chars.as_str(), "", "something follows the list: {list}");
                return;
            }
            _ => {}
        }
    }
    panic!("the list does not end: {list}");
}

fn answer(_: &Request) -> Value {
    json!([])
}
