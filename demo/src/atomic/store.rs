//! Rows by table and number. Knows neither callers nor rules for rows.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::schema;

pub(crate) type Row = Map<String, Value>;

/// Everything in the database. A statement works on a copy that replaces it when all went well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store(BTreeMap<&'static str, Table>);

#[derive(Clone, Debug, Default)]
struct Table {
    last: i64,
    rows: BTreeMap<i64, Row>,
}

impl Store {
    /// All rows of a table, in the order of their numbers.
    pub(crate) fn rows(&self, table: &str) -> impl Iterator<Item = &Row> {
        self.0
            .get(table)
            .into_iter()
            .flat_map(|table| table.rows.values())
    }

    pub(crate) fn row(&self, table: &str, id: i64) -> Option<&Row> {
        self.0.get(table)?.rows.get(&id)
    }

    pub(crate) fn row_mut(&mut self, table: &str, id: i64) -> Option<&mut Row> {
        self.0.get_mut(table)?.rows.get_mut(&id)
    }

    /// The number that the next row of a table gets; it is used up, also when nothing comes of it.
    pub(crate) fn next_id(&mut self, table: &'static str) -> i64 {
        let table = self.0.entry(table).or_default();
        table.last += 1;
        table.last
    }

    /// Uses up the numbers that another copy of the store used up in a table.
    pub(crate) fn skip(&mut self, other: &Self, table: &'static str) {
        let last = other.0.get(table).map_or(0, |table| table.last);
        let own = self.0.entry(table).or_default();
        own.last = own.last.max(last);
    }

    /// Puts a row in its place by its number.
    pub(crate) fn put(&mut self, table: &'static str, row: Row) {
        if let Some(id) = id_of(&row) {
            self.0.entry(table).or_default().rows.insert(id, row);
        }
    }

    /// Removes a row, and those that go with it.
    pub(crate) fn remove(&mut self, table: &str, id: i64) {
        if let Some(table) = self.0.get_mut(table) {
            table.rows.remove(&id);
        }
        for relation in schema::ALL.iter().filter(|it| it.view.is_none()) {
            for key in relation
                .keys
                .iter()
                .filter(|key| key.table == table && key.cascade)
            {
                let hanging = self
                    .rows(relation.name)
                    .filter(|row| number(row, key.column) == Some(id));
                let ids: Vec<i64> = hanging.filter_map(id_of).collect();
                for id in ids {
                    self.remove(relation.name, id);
                }
            }
        }
    }
}

/// The number of a row.
pub(crate) fn id_of(row: &Row) -> Option<i64> {
    number(row, "id")
}

/// A whole number of a row.
pub(crate) fn number(row: &Row, column: &str) -> Option<i64> {
    row.get(column)?.as_i64()
}

/// A text of a row, empty where there is none.
pub(crate) fn text<'r>(row: &'r Row, column: &str) -> &'r str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}
