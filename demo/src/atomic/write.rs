//! Storing rows: inserts, upserts, changes and deletions, each whole or not at all.
//!
//! Works on the copy of the store that it is given; whoever calls keeps or drops it.

use serde_json::{Map, Value, json};

use super::answer::Reply;
use super::kind::shown;
use super::policy::{Deed, Policy};
use super::prefer::{Prefer, Resolution};
use super::read::Look;
use super::schema::{Column, Relation, Usual};
use super::select::Node;
use super::store::{Row, Store, id_of, number};
use super::triggers;

/// What a write did.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The rows as they are now, or were before they went.
    pub(crate) rows: Vec<Row>,
    /// How many of them are new.
    pub(crate) new: usize,
}

/// A request that changes something.
pub(crate) struct Writing<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) policy: &'a Policy,
    pub(crate) now: jiff::Timestamp,
    pub(crate) relation: &'static Relation,
}

impl Writing<'_> {
    /// Adds the rows of a body.
    pub(crate) fn insert(
        &mut self,
        rows: &[Row],
        columns: Option<&str>,
        prefer: &Prefer,
    ) -> Result<Written, Reply> {
        let wanted: Vec<&str> = match columns {
            Some(columns) => columns.split(',').collect(),
            None => rows
                .first()
                .into_iter()
                .flat_map(Map::keys)
                .map(String::as_str)
                .collect(),
        };
        let same = |row: &Row| {
            row.len() == wanted.len() && wanted.iter().all(|name| row.contains_key(*name))
        };
        if columns.is_none() && !rows.iter().all(same) {
            return Err(Reply::refused("PGRST102", "All object keys must match"));
        }
        self.known(wanted.iter().copied())?;
        self.is_table("insert into", "inserting into", "INSERT")?;
        let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        let mut written = Written::default();
        for sent in rows {
            self.insert_one(sent, &wanted, prefer, &mut written)?;
        }
        Ok(written)
    }

    fn insert_one(
        &mut self,
        sent: &Row,
        wanted: &[String],
        prefer: &Prefer,
        written: &mut Written,
    ) -> Result<(), Reply> {
        let mut row = Row::new();
        for column in self.relation.columns {
            let is_sent = wanted.iter().any(|name| name == column.name);
            let value = match sent.get(column.name) {
                Some(value) if is_sent => column.kind.read(value)?,
                None if is_sent && !prefer.defaults => Value::Null,
                _ => self.usual(column),
            };
            row.insert(column.name.into(), value);
        }
        triggers::before(self.store, &self.policy.role, self.relation, &mut row, true);
        let there = id_of(&row).and_then(|id| self.store.row(self.relation.name, id));
        match (there.cloned(), prefer.resolution) {
            (Some(_), Some(Resolution::Ignore)) => return Ok(()),
            (Some(old), Some(Resolution::Merge)) => {
                self.policy.admit(self.relation.name, &row)?;
                let mut merged = old;
                for name in wanted {
                    merged.insert(name.clone(), row[name.as_str()].clone());
                }
                triggers::before(
                    self.store,
                    &self.policy.role,
                    self.relation,
                    &mut merged,
                    false,
                );
                self.store_checked(&merged)?;
                written.rows.push(merged);
            }
            (there, _) => {
                self.required(&row)?;
                self.policy.admit(self.relation.name, &row)?;
                self.singleton(&row)?;
                if there.is_some() {
                    let name = self.relation.name;
                    let message =
                        format!("duplicate key value violates unique constraint \"{name}_pkey\"");
                    return Err(Reply::refused("23505", message));
                }
                self.referenced(&row)?;
                self.store.put(self.relation.name, row.clone());
                triggers::after_insert(self.store, self.relation, &row);
                written.rows.push(row);
                written.new += 1;
            }
        }
        Ok(())
    }

    /// Changes the rows that a request names.
    pub(crate) fn update(&mut self, node: &Node, sent: &Row) -> Result<Written, Reply> {
        self.known(sent.keys().map(String::as_str))?;
        self.is_table("update", "updating", "UPDATE")?;
        let mut written = Written::default();
        let rows = self.named(node, Deed::Change)?;
        if sent.is_empty() {
            return Ok(written);
        }
        let mut values = Row::new();
        for (name, value) in sent {
            if let Some(column) = self.relation.column(name) {
                values.insert(name.clone(), column.kind.read(value)?);
            }
        }
        for mut row in rows {
            row.extend(values.clone());
            triggers::before(
                self.store,
                &self.policy.role,
                self.relation,
                &mut row,
                false,
            );
            self.store_checked(&row)?;
            written.rows.push(row);
        }
        Ok(written)
    }

    /// Removes the rows that a request names.
    pub(crate) fn delete(&mut self, node: &Node) -> Result<Written, Reply> {
        self.is_table("delete from", "deleting from", "DELETE")?;
        let rows = self.named(node, Deed::Remove)?;
        for id in rows.iter().filter_map(id_of) {
            self.store.remove(self.relation.name, id);
        }
        Ok(Written { rows, new: 0 })
    }

    /// The rows of the conditions that the caller may see and do this to.
    fn named(&self, node: &Node, deed: Deed) -> Result<Vec<Row>, Reply> {
        let name = self.relation.name;
        let may = |row: &&Row| {
            self.policy.allows(Deed::See, name, row) && self.policy.allows(deed, name, row)
        };
        let rows = self.store.rows(name).filter(may).cloned().collect();
        let look = Look {
            store: self.store,
            policy: self.policy,
        };
        look.kept(self.relation, node, rows)
    }

    /// A row that was there before, as it is to be.
    fn store_checked(&mut self, row: &Row) -> Result<(), Reply> {
        self.required(row)?;
        self.policy.admit(self.relation.name, row)?;
        self.referenced(row)?;
        self.store.put(self.relation.name, row.clone());
        Ok(())
    }

    fn usual(&mut self, column: &Column) -> Value {
        match column.usual {
            Usual::Null if column.name == "id" => {
                json!(self.store.next_id(self.relation.name))
            }
            Usual::Null => Value::Null,
            Usual::Now => shown(self.now).into(),
            Usual::Text(text) => text.into(),
            Usual::No => false.into(),
            Usual::One => json!(1),
            Usual::EmptyObject => json!({}),
        }
    }

    fn known<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<(), Reply> {
        let relation = self.relation;
        let unknown = names
            .into_iter()
            .find(|name| relation.column(name).is_none());
        unknown.map_or(Ok(()), |name| {
            let message = format!(
                "Column '{name}' of relation '{}' does not exist",
                relation.name
            );
            Err(Reply::refused("PGRST204", message))
        })
    }

    fn required(&self, row: &Row) -> Result<(), Reply> {
        let mut columns = self.relation.columns.iter();
        let empty = columns.find(|column| column.required && row[column.name].is_null());
        empty.map_or(Ok(()), |column| {
            let message = format!(
                "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                column.name, self.relation.name
            );
            Err(Reply::refused("23502", message))
        })
    }

    fn referenced(&self, row: &Row) -> Result<(), Reply> {
        let lost = self.relation.keys.iter().find(|key| {
            let id = number(row, key.column);
            id.is_some_and(|id| self.store.row(key.table, id).is_none())
        });
        lost.map_or(Ok(()), |key| {
            let name = self.relation.name;
            let message = format!(
                "insert or update on table \"{name}\" violates foreign key constraint \"{name}_{}_fkey\"",
                key.column
            );
            let details = format!("Key is not present in table \"{}\".", key.table);
            Err(Reply::refused("23503", message).details(details))
        })
    }

    /// The one row of the configuration.
    fn singleton(&self, row: &Row) -> Result<(), Reply> {
        if self.relation.name != "configuration" || id_of(row) == Some(1) {
            return Ok(());
        }
        let message = "new row for relation \"configuration\" violates check constraint \"configuration_singleton\"";
        Err(Reply::refused("23514", message))
    }

    /// Refuses to write a view.
    fn is_table(&self, deed: &str, doing: &str, verb: &str) -> Result<(), Reply> {
        let Some(made_with) = self.relation.view else {
            return Ok(());
        };
        let message = format!("cannot {deed} view \"{}\"", self.relation.name);
        let hint = format!(
            "To enable {doing} the view, provide an INSTEAD OF {verb} trigger or an unconditional ON {verb} DO INSTEAD rule."
        );
        let details = format!("Views containing {made_with} are not automatically updatable.");
        Err(Reply::refused("55000", message).details(details).hint(hint))
    }
}
