//! The `settings` of a connection as JSON, for the plugin that declares their schema.
//!
//! Owns how TOML's values become JSON (numbers keep their spelling, dates become text); it must not
//! know any setting.

use serde_json::{Map, Number, Value};

use super::problem::Report;
use super::section::{Field, Section};
use super::tree::{Node, Table, Tree};

/// The settings of a connection; empty where there are none.
pub(super) fn read(connection: &Section<'_>) -> Map<String, Value> {
    match connection.table("settings") {
        Some(Field {
            key, value, report, ..
        }) => object(&key, value, report),
        None => Map::new(),
    }
}

fn object(key: &str, table: &Table, report: &Report) -> Map<String, Value> {
    let entry = |(name, node): &(String, Node)| {
        Some((name.clone(), json(&format!("{key}.{name}"), node, report)?))
    };
    table.entries.iter().filter_map(entry).collect()
}

fn json(key: &str, node: &Node, report: &Report) -> Option<Value> {
    Some(match &node.value {
        Tree::Text(text) | Tree::Moment(text) => Value::String(text.clone()),
        Tree::Whole(number) => Value::Number((*number).into()),
        Tree::Flag(flag) => Value::Bool(*flag),
        Tree::List(nodes) => nodes
            .iter()
            .map(|node| json(key, node, report))
            .collect::<Option<_>>()?,
        Tree::Table(table) => Value::Object(object(key, table, report)),
        Tree::Real(written) => {
            let Some(number) = real(written) else {
                report.error(
                    &node.place,
                    key,
                    format!("`{written}` is no number that JSON knows"),
                );
                return None;
            };
            Value::Number(number)
        }
    })
}

/// TOML allows underscores, a leading plus and infinity; JSON does not.
fn real(written: &str) -> Option<Number> {
    written
        .replace('_', "")
        .trim_start_matches('+')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::file;

    fn settings(text: &str) -> Result<String, String> {
        let table = file::parse(text, &Path::new("t").into()).unwrap();
        let report = Report::default();
        let read = read(&Section::free("c", &table, &report));
        report
            .finish()
            .map_err(|problems| problems.list()[0].to_string())?;
        Ok(serde_json::to_string(&read).unwrap())
    }

    #[test]
    fn numbers_keep_their_spelling_and_keys_their_order() {
        let text = "[settings]\nz = 0.10\na = 1_000.50\nb = +1e-3\nc = -7\nd = 0x1f\ne = [1, 'x', {f = true}]\ng = 2026-01-02\n";
        insta::assert_snapshot!(
            settings(text).unwrap(),
            @r#"{"z":0.10,"a":1000.50,"b":1e-3,"c":-7,"d":31,"e":[1,"x",{"f":true}],"g":"2026-01-02"}"#
        );
    }

    #[test]
    fn what_json_cannot_say_is_an_error() {
        assert_eq!(
            settings("[settings]\nrate = nan").unwrap_err(),
            "t:2: c.settings.rate: `nan` is no number that JSON knows"
        );
        assert!(
            settings("settings = 3")
                .unwrap_err()
                .contains("must be a table")
        );
    }
}
