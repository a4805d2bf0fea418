//! The records of all organisations, and their ids.
//!
//! A record is reached with its organisation's id, so that no path leads to another's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// One record of any kind: what was written, and who made it when.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) org: String,
    /// Grows with every record made.
    pub(crate) order: u64,
    /// The id of the user who made it.
    pub(crate) by: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) data: Map<String, Value>,
}

impl Record {
    /// A text; empty for anything else.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.data
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A value; null when it was never written.
    pub(crate) fn value(&self, key: &str) -> Value {
        self.data.get(key).cloned().unwrap_or_default()
    }

    /// The ids of a list.
    pub(crate) fn ids(&self, key: &str) -> impl Iterator<Item = &str> {
        let list = self.data.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    pub(crate) fn holds(&self, key: &str, id: &str) -> bool {
        self.ids(key).any(|own| own == id)
    }

    pub(crate) fn is(&self, key: &str) -> bool {
        self.data.get(key) == Some(&Value::Bool(true))
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.data.insert(key.to_owned(), value.into());
    }
}

/// All records, by id.
#[derive(Debug, Default)]
pub(crate) struct Store {
    records: BTreeMap<String, Record>,
    made: u64,
}

/// Who makes a record, for which organisation, and when.
#[derive(Clone, Debug)]
pub(crate) struct Making<'a> {
    pub(crate) org: &'a str,
    pub(crate) by: &'a str,
    pub(crate) at: Timestamp,
}

impl Store {
    /// An id as the real one draws them; the same ones in the same order every time.
    pub(crate) fn new_id(&mut self) -> String {
        self.made += 1;
        let digest = hex::encode(Sha256::digest(format!("record {}", self.made)));
        let (a, b, c, d) = (
            &digest[..8],
            &digest[8..12],
            &digest[13..16],
            &digest[17..20],
        );
        format!("{a}-{b}-4{c}-a{d}-{}", &digest[20..32])
    }

    pub(crate) fn make(
        &mut self,
        making: &Making<'_>,
        kind: &str,
        data: Map<String, Value>,
    ) -> String {
        let id = self.new_id();
        let record = Record {
            id: id.clone(),
            kind: kind.to_owned(),
            org: making.org.to_owned(),
            order: self.made,
            by: making.by.to_owned(),
            created: making.at,
            updated: making.at,
            data,
        };
        self.records.insert(id.clone(), record);
        id
    }

    /// Makes the record of an organisation, whose id is its own.
    pub(crate) fn found(&mut self, making: &Making<'_>, org: &str, data: Map<String, Value>) {
        let id = self.make(making, "orgs", data);
        if let Some(mut record) = self.records.remove(&id) {
            org.clone_into(&mut record.id);
            self.records.insert(org.to_owned(), record);
        }
    }

    pub(crate) fn get(&self, org: &str, kind: &str, id: &str) -> Option<&Record> {
        self.records
            .get(id)
            .filter(|record| record.org == org && record.kind == kind)
    }

    pub(crate) fn get_mut(&mut self, org: &str, kind: &str, id: &str) -> Option<&mut Record> {
        self.records
            .get_mut(id)
            .filter(|record| record.org == org && record.kind == kind)
    }

    /// A record of anybody's, for what looks in from outside.
    pub(crate) fn any(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }

    /// All of a kind, by descending id.
    pub(crate) fn all(&self, org: &str, kind: &str) -> impl Iterator<Item = &Record> {
        let of_kind = move |record: &&Record| record.org == org && record.kind == kind;
        self.records.values().rev().filter(of_kind)
    }

    /// All of a kind, newest first.
    pub(crate) fn newest(&self, org: &str, kind: &str) -> Vec<&Record> {
        let mut all: Vec<&Record> = self.all(org, kind).collect();
        all.sort_by_key(|record| std::cmp::Reverse((record.created, record.order)));
        all
    }

    /// All of a kind in every organisation.
    pub(crate) fn everywhere(&self, kind: &str) -> impl Iterator<Item = &Record> {
        self.records
            .values()
            .filter(move |record| record.kind == kind)
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.records.remove(id);
    }
}
