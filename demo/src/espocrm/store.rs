//! What the CRM remembers: records, many-to-many rows, followers, board orders.
//!
//! Plain data with plain operations; rules live with the verbs that use it. Ids grow with time, as
//! EspoCRM's do, so that a tie in an order is broken the same way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) deleted: bool,
    pub(crate) version: u64,
    pub(crate) values: Map<String, Value>,
    /// The version that last changed an attribute.
    pub(crate) changed: HashMap<String, u64>,
}

impl Record {
    pub(crate) fn get(&self, attribute: &str) -> &Value {
        self.values.get(attribute).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, attribute: &str) -> Option<&str> {
        self.get(attribute).as_str()
    }

    pub(crate) fn set(&mut self, attribute: &str, value: impl Into<Value>) {
        self.values.insert(attribute.to_owned(), value.into());
    }
}

/// One row of a many-to-many relation.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) left: String,
    pub(crate) right: String,
    pub(crate) columns: Map<String, Value>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    tables: HashMap<String, BTreeMap<String, Arc<Record>>>,
    relations: HashMap<String, Vec<Pair>>,
    pub(crate) followers: HashMap<String, Vec<String>>,
    /// By user, entity and column.
    pub(crate) orders: HashMap<(String, String, String), Vec<String>>,
    counters: HashMap<String, u64>,
    issued: u64,
}

impl Store {
    pub(crate) fn new_id(&mut self) -> String {
        self.issued += 1;
        id_number(self.issued)
    }

    /// The next value of an autoincrement field.
    pub(crate) fn next_number(&mut self, entity: &str) -> u64 {
        let counter = self.counters.entry(entity.to_owned()).or_default();
        *counter += 1;
        *counter
    }

    /// A record, deleted or not.
    pub(crate) fn any(&self, entity: &str, id: &str) -> Option<&Arc<Record>> {
        self.tables.get(entity)?.get(id)
    }

    /// A record that is not deleted.
    pub(crate) fn live(&self, entity: &str, id: &str) -> Option<&Arc<Record>> {
        self.any(entity, id).filter(|record| !record.deleted)
    }

    /// The records of an entity, oldest first.
    pub(crate) fn all(&self, entity: &str) -> impl DoubleEndedIterator<Item = &Arc<Record>> {
        self.tables
            .get(entity)
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter(|record| !record.deleted)
    }

    pub(crate) fn put(&mut self, entity: &str, record: Record) {
        self.tables
            .entry(entity.to_owned())
            .or_default()
            .insert(record.id.clone(), Arc::new(record));
    }

    /// Changes a record in place.
    pub(crate) fn edit(&mut self, entity: &str, id: &str, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self
            .tables
            .get_mut(entity)
            .and_then(|table| table.get_mut(id))
        {
            change(Arc::make_mut(record));
        }
    }

    pub(crate) fn pairs(&self, relation: &str) -> &[Pair] {
        self.relations.get(relation).map_or(&[], Vec::as_slice)
    }

    /// Adds a row, or lays columns over the one that is there.
    pub(crate) fn join(&mut self, relation: &str, pair: Pair) {
        let rows = self.relations.entry(relation.to_owned()).or_default();
        match rows
            .iter_mut()
            .find(|row| row.left == pair.left && row.right == pair.right)
        {
            Some(row) => row.columns.extend(pair.columns),
            None => rows.push(pair),
        }
    }

    pub(crate) fn part(&mut self, relation: &str, left: &str, right: &str) {
        if let Some(rows) = self.relations.get_mut(relation) {
            rows.retain(|row| row.left != left || row.right != right);
        }
    }
}

/// The nth id: seventeen hexadecimal characters that grow with n.
pub(crate) fn id_number(n: u64) -> String {
    let seconds = 0x6b00_2000 + n / 8;
    let fraction = (n % 8) * 0x1_ffff;
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    format!("{seconds:08x}{fraction:05x}{mixed:04x}")
}
