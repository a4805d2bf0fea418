//! Reading the keys of one table, each with its type.
//!
//! Owns unknown keys and wrong types; it must not know what a key means. A value that is wrong is
//! reported and read as absent, so that reading goes on and finds the next problem.

use std::collections::BTreeMap;

use super::limits::Limit;
use super::nearest::instead;
use super::problem::{Place, Report, shown};
use super::tree::{Node, Table, Tree};

/// One table and its full key path.
pub(super) struct Section<'a> {
    key: String,
    table: &'a Table,
    report: &'a Report,
}

impl<'a> Section<'a> {
    /// Opens a table in which any key may stand.
    pub(super) fn free(key: &str, table: &'a Table, report: &'a Report) -> Self {
        Self {
            key: key.to_owned(),
            table,
            report,
        }
    }

    /// Opens a table and reports the keys that do not belong there.
    pub(super) fn open(key: &str, table: &'a Table, report: &'a Report, known: &[&str]) -> Self {
        let section = Self::free(key, table, report);
        for (name, node) in &table.entries {
            if !known.contains(&name.as_str()) {
                let message = format!("unknown key; {}", instead(name, known));
                report.error(&node.place, &section.path(name), message);
            }
        }
        section
    }

    pub(super) fn place(&self) -> &'a Place {
        &self.table.place
    }

    /// The place of every key below.
    pub(super) fn places(&self) -> BTreeMap<String, Place> {
        self.table.places()
    }

    /// All keys with their values.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a str, Field<'a, &'a Tree>)> {
        self.table
            .entries
            .iter()
            .map(|(name, node)| (name.as_str(), self.field(name, node)))
    }

    /// Whether a key stands there, with whatever value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// Reports what is wrong with a key, at its place.
    pub(super) fn error(&self, key: &str, message: impl Into<String>) {
        if let Some(field) = self.get(key) {
            field.error(message);
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<Field<'a, &'a str>> {
        self.get(key)?.text("text in quotes")
    }

    /// Text without which the table makes no sense.
    pub(super) fn required(&self, key: &str, example: &str) -> Option<Field<'a, &'a str>> {
        if self.table.get(key).is_none() {
            let message = format!("is missing; add e.g. `{key} = \"{example}\"`");
            self.report.error(self.place(), &self.path(key), message);
        }
        self.text(key)
    }

    pub(super) fn flag(&self, key: &str) -> Option<Field<'a, bool>> {
        let field = self.get(key)?;
        match field.value {
            Tree::Flag(flag) => Some(field.with(*flag)),
            other => field.wrong("`true` or `false`", other),
        }
    }

    /// A list of texts, without the elements that are none; absent where none is left of some.
    pub(super) fn texts(
        &self,
        key: &str,
        example: &str,
    ) -> Option<Field<'a, Vec<Field<'a, &'a str>>>> {
        let field = self.get(key)?;
        let expected = format!("a list of texts, e.g. `{key} = {example}`");
        match field.value {
            Tree::List(nodes) => {
                let texts = nodes
                    .iter()
                    .filter_map(|node| self.field(key, node).text(&expected));
                let texts: Vec<_> = texts.collect();
                (texts.is_empty() == nodes.is_empty()).then(|| field.with(texts))
            }
            other => field.wrong(&expected, other),
        }
    }

    pub(super) fn table(&self, key: &str) -> Option<Field<'a, &'a Table>> {
        let field = self.get(key)?;
        match field.value {
            Tree::Table(table) => Some(field.with(table)),
            other => field.wrong(&format!("a table, e.g. `[{}]`", self.path(key)), other),
        }
    }

    /// Text, or a table; `expected` says what they are.
    pub(super) fn text_or_table(
        &self,
        key: &str,
        expected: &str,
    ) -> Option<Field<'a, TextOrTable<'a>>> {
        let field = self.get(key)?;
        match field.value {
            Tree::Text(text) => Some(field.with(TextOrTable::Text(text))),
            Tree::Table(table) => Some(field.with(TextOrTable::Table(table))),
            other => field.wrong(expected, other),
        }
    }

    /// A limit's value, or its default.
    pub(super) fn limit(&self, limit: &Limit) -> u64 {
        let Some(field) = self.get(limit.key) else {
            return limit.default;
        };
        let checked = match field.value {
            Tree::Whole(number) => limit.check(i128::from(*number)),
            other => Err(format!("must be {}, not {}", limit.range(), other.kind())),
        };
        field.keep(checked).unwrap_or(limit.default)
    }

    fn get(&self, key: &str) -> Option<Field<'a, &'a Tree>> {
        self.table.get(key).map(|node| self.field(key, node))
    }

    fn field(&self, key: &str, node: &'a Node) -> Field<'a, &'a Tree> {
        Field {
            key: self.path(key),
            place: &node.place,
            report: self.report,
            value: &node.value,
        }
    }

    fn path(&self, key: &str) -> String {
        if self.key.is_empty() {
            shown(key)
        } else {
            format!("{}.{}", self.key, shown(key))
        }
    }
}

/// A value that may be short or long.
pub(super) enum TextOrTable<'a> {
    Text(&'a str),
    Table(&'a Table),
}

/// One value, and where to complain about it.
pub(super) struct Field<'a, T> {
    pub(super) key: String,
    pub(super) place: &'a Place,
    pub(super) report: &'a Report,
    pub(super) value: T,
}

impl<'a, T> Field<'a, T> {
    pub(super) fn error(&self, message: impl Into<String>) {
        self.report.error(self.place, &self.key, message);
    }

    pub(super) fn warn(&self, message: impl Into<String>) {
        self.report.warn(self.place, &self.key, message);
    }

    /// What a check made of the value; its failure is reported.
    pub(super) fn check<U, E: ToString>(
        &self,
        check: impl FnOnce(&T) -> Result<U, E>,
    ) -> Option<U> {
        self.keep(check(&self.value))
    }

    fn keep<U, E: ToString>(&self, result: Result<U, E>) -> Option<U> {
        result
            .map_err(|message| self.error(message.to_string()))
            .ok()
    }

    fn with<U>(&self, value: U) -> Field<'a, U> {
        Field {
            key: self.key.clone(),
            place: self.place,
            report: self.report,
            value,
        }
    }

    fn wrong<U>(&self, expected: &str, found: &Tree) -> Option<U> {
        self.error(format!("must be {expected}, not {}", found.kind()));
        None
    }
}

impl<'a> Field<'a, &'a Tree> {
    /// The text that it has to be.
    pub(super) fn text(&self, expected: &str) -> Option<Field<'a, &'a str>> {
        match self.value {
            Tree::Text(text) => Some(self.with(text)),
            other => self.wrong(expected, other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::file;

    #[test]
    fn unknown_keys_and_wrong_types_are_reported_and_read_as_absent() {
        let table = file::parse(
            "text = 1\nflag = 'x'\nlist = ['a', 1]\nflga = true",
            &Path::new("t").into(),
        )
        .unwrap();
        let report = Report::default();
        let section = Section::open("s", &table, &report, &["text", "flag", "list", "more"]);
        assert!(section.text("text").is_none());
        assert!(section.flag("flag").is_none());
        assert_eq!(section.texts("list", "[\"a\"]").unwrap().value.len(), 1);
        assert!(section.required("more", "x").is_none());
        insta::assert_snapshot!(report.finish().unwrap_err(), @r#"
        t:1: s.text: must be text in quotes, not a whole number
        t:2: s.flag: must be `true` or `false`, not text
        t:3: s.list: must be a list of texts, e.g. `list = ["a"]`, not a whole number
        t:4: s.flga: unknown key; did you mean `flag`?
        t: s.more: is missing; add e.g. `more = "x"`
        5 problems
        "#);
    }
}
