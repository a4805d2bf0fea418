//! TOML text into the tree, with the line of every key.
//!
//! The only file of the configuration that knows `toml_edit`. It owns lines, columns and the wording of syntax errors; it
//! must not know any key. A syntax error never quotes the line it stands on: the line may hold a
//! secret that was written in by mistake.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml_edit::{Document, Item, TableLike, TomlError, Value};

use super::problem::{Place, Problem};
use super::tree::{Node, Table, Tree};

/// Reads TOML.
///
/// # Errors
/// The text is no TOML; the problem names line and column.
pub(super) fn parse(text: &str, path: &Arc<Path>) -> Result<Table, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines { text, path };
    match Document::parse(text) {
        Ok(document) => Ok(lines.table(document.as_table(), Place::File(path.clone()))),
        Err(error) => Err(lines.syntax(&error)),
    }
}

struct Lines<'t> {
    text: &'t str,
    path: &'t Arc<Path>,
}

impl Lines<'_> {
    fn table(&self, table: &dyn TableLike, place: Place) -> Table {
        let mut read = Table::empty(place);
        for (name, _) in table.iter() {
            if let Some((key, item)) = table.get_key_value(name) {
                let place = self.place(key.span().or_else(|| item.span()));
                read.set(name, place.clone(), self.item(item, place));
            }
        }
        read
    }

    fn item(&self, item: &Item, place: Place) -> Tree {
        match item {
            Item::Value(value) => self.value(value, place),
            Item::Table(table) => Tree::Table(self.table(table, place)),
            Item::ArrayOfTables(tables) => Tree::List(
                tables
                    .iter()
                    .map(|table| {
                        let place = self.place(table.span());
                        Node {
                            value: Tree::Table(self.table(table, place.clone())),
                            place,
                        }
                    })
                    .collect(),
            ),
            Item::None => Tree::List(Vec::new()),
        }
    }

    fn value(&self, value: &Value, place: Place) -> Tree {
        match value {
            Value::String(text) => Tree::Text(text.value().clone()),
            Value::Integer(number) => Tree::Whole(*number.value()),
            Value::Float(_) => Tree::Real(self.written(value)),
            Value::Boolean(flag) => Tree::Flag(*flag.value()),
            Value::Datetime(_) => Tree::Moment(self.written(value)),
            Value::InlineTable(table) => Tree::Table(self.table(table, place)),
            Value::Array(array) => Tree::List(
                array
                    .iter()
                    .map(|element| {
                        let place = self.place(element.span());
                        Node {
                            value: self.value(element, place.clone()),
                            place,
                        }
                    })
                    .collect(),
            ),
        }
    }

    fn written(&self, value: &Value) -> String {
        value
            .span()
            .and_then(|span| self.text.get(span))
            .unwrap_or_default()
            .to_owned()
    }

    fn place(&self, span: Option<Range<usize>>) -> Place {
        match span {
            Some(span) => Place::Line(self.path.clone(), self.position(span.start).0),
            None => Place::File(self.path.clone()),
        }
    }

    /// Line and column of a byte, both from 1; columns count characters.
    fn position(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (line, before[start..].chars().count() + 1)
    }

    fn syntax(&self, error: &TomlError) -> Problem {
        let Some(span) = error.span() else {
            return Problem::error(Place::File(self.path.clone()), "", error.message());
        };
        let (line, column) = self.position(span.start);
        let place = Place::Column(self.path.clone(), line, column);
        if error.message() == "duplicate key" {
            return Problem::error(place, "", self.duplicate(span, line));
        }
        Problem::error(place, "", format!("TOML: {}", error.message()))
    }

    fn duplicate(&self, span: Range<usize>, line: usize) -> String {
        let name = self.text.get(span).unwrap_or_default();
        let here = self.text.lines().nth(line - 1).unwrap_or_default();
        let first = match header(here) {
            Some(header) => self.first_header(header, line),
            None => self.first_key(name, line),
        };
        let what = match header(here).and_then(|header| header.strip_prefix("connections.")) {
            Some(connection) if connection == name => "a connection named",
            _ => "a key",
        };
        match first {
            Some(first) => format!(
                "{what} `{name}` stands already on line {first}; keep one of them, or rename one"
            ),
            None => format!(
                "{what} `{name}` stands already further up; keep one of them, or rename one"
            ),
        }
    }

    fn first_header(&self, wanted: &str, before: usize) -> Option<usize> {
        self.text
            .lines()
            .take(before - 1)
            .position(|line| header(line) == Some(wanted))
            .map(|index| index + 1)
    }

    /// The line above that sets the same key in the same table.
    fn first_key(&self, name: &str, before: usize) -> Option<usize> {
        let above: Vec<&str> = self.text.lines().take(before - 1).collect();
        let start = above
            .iter()
            .rposition(|line| header(line).is_some())
            .map_or(0, |index| index + 1);
        above[start..]
            .iter()
            .position(|line| sets(line, name))
            .map(|index| start + index + 1)
    }
}

/// What stands between the brackets of a table's header.
fn header(line: &str) -> Option<&str> {
    let inner = line.trim_start().strip_prefix('[')?;
    inner.split_once(']').map(|(name, _)| name.trim())
}

fn sets(line: &str, name: &str) -> bool {
    line.trim_start()
        .strip_prefix(name)
        .is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Table, Problem> {
        super::parse(text, &Path::new("portcullis.toml").into())
    }

    #[test]
    fn syntax_errors_have_line_and_column_and_no_content() {
        for (text, expected) in [
            (
                "a = 1\n[b",
                "portcullis.toml:2:3: TOML: unclosed table, expected `]`",
            ),
            ("ä = 1", "portcullis.toml:1:1: TOML: "),
            (
                "key = hunter2\n",
                "portcullis.toml:1:7: TOML: string values must be quoted, expected literal string",
            ),
            (
                "[a]\nx = 1\ny = 2\nx = 3\n",
                "portcullis.toml:4:1: a key `x` stands already on line 2",
            ),
            (
                "[connections.sales]\nplugin = 'a'\n[connections.sales] # twice\n",
                "portcullis.toml:3:14: a connection named `sales` stands already on line 1",
            ),
            (
                "[s]\nx.a = 1\n[s.x]\nb = 1",
                "portcullis.toml:3:4: a key `x` stands already further up",
            ),
        ] {
            let problem = parse(text).unwrap_err().to_string();
            assert!(problem.starts_with(expected), "{text:?}: {problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn dotted_keys_and_tables_are_the_same() {
        let dotted = parse("c.limits.a = 1\nc.limits.b = 2").unwrap();
        let tables = parse("[c.limits]\na = 1\nb = 2").unwrap();
        assert_eq!(
            dotted.places().keys().collect::<Vec<_>>(),
            tables.places().keys().collect::<Vec<_>>()
        );
        assert_eq!(
            dotted.places()["c.limits.b"].to_string(),
            "portcullis.toml:2"
        );
        assert_eq!(
            tables.places()["c.limits.b"].to_string(),
            "portcullis.toml:3"
        );
    }

    #[test]
    fn numbers_and_times_keep_their_spelling() {
        let table = parse("\u{feff}a = 0.10\nb = 2026-01-02\nc = 0x10").unwrap();
        assert_eq!(table.get("a").unwrap().value, Tree::Real("0.10".into()));
        assert_eq!(
            table.get("b").unwrap().value,
            Tree::Moment("2026-01-02".into())
        );
        assert_eq!(table.get("c").unwrap().value, Tree::Whole(16));
    }
}
