//! Records, pairs of relationship tables, attachments and the trail of what was viewed.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::schema::{By, Link, Module};
use super::users::User;

/// One record: columns by name, an absent one is NULL.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row(BTreeMap<String, String>);

impl Row {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A column as text, NULL being empty.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.text("deleted") == "1"
    }
}

/// A file on a note. Its name is the first one it ever had.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attachment {
    pub(crate) filename: String,
    /// In base64.
    pub(crate) file: String,
}

/// Something a user looked at.
#[derive(Clone, Debug)]
pub(crate) struct Viewed {
    pub(crate) user: &'static str,
    pub(crate) module: String,
    pub(crate) id: String,
    pub(crate) at: String,
}

/// Everything kept.
#[derive(Debug, Default)]
pub(crate) struct Store {
    tables: BTreeMap<String, BTreeMap<String, Row>>,
    pairs: BTreeSet<(String, String, String)>,
    pub(crate) attachments: BTreeMap<String, Attachment>,
    pub(crate) viewed: Vec<Viewed>,
    made: u64,
}

impl Store {
    /// An id of the form SuiteCRM makes, which is no UUID of any version.
    pub(crate) fn new_id(&mut self) -> String {
        self.made += 1;
        let digest = hex::encode(Sha256::digest(format!("record {}", self.made)));
        let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
        format!(
            "{}-{}-{}-{}-{}",
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32)
        )
    }

    /// A number no earlier record has.
    pub(crate) fn next_number(&self, module: &str) -> usize {
        self.tables.get(module).map_or(0, BTreeMap::len) + 1
    }

    pub(crate) fn put(&mut self, module: &str, row: Row) {
        let id = row.text("id").to_owned();
        self.tables
            .entry(module.to_owned())
            .or_default()
            .insert(id, row);
    }

    /// A record, deleted ones included.
    pub(crate) fn any(&self, module: &str, id: &str) -> Option<&Row> {
        self.tables.get(module)?.get(id)
    }

    /// A record that is not deleted.
    pub(crate) fn live(&self, module: &str, id: &str) -> Option<&Row> {
        self.any(module, id).filter(|row| !row.is_deleted())
    }

    pub(crate) fn live_mut(&mut self, module: &str, id: &str) -> Option<&mut Row> {
        self.tables
            .get_mut(module)?
            .get_mut(id)
            .filter(|row| !row.is_deleted())
    }

    /// Records in the order of their ids, deleted ones included.
    pub(crate) fn rows(&self, module: &str) -> impl DoubleEndedIterator<Item = &Row> {
        self.tables
            .get(module)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// Records at the other end of a link.
    pub(crate) fn linked<'a>(&'a self, module: &Module, row: &Row, link: &Link) -> Vec<&'a Row> {
        let id = row.text("id");
        let pairs = |left: bool| -> Vec<&'a Row> {
            let ends = self.pairs.iter().filter(|(name, first, second)| {
                *name == link.relationship && if left { first == id } else { second == id }
            });
            ends.filter_map(|(_, first, second)| {
                self.live(&link.module, if left { second } else { first })
            })
            .collect()
        };
        let those = |fits: &dyn Fn(&Row) -> bool| -> Vec<&'a Row> {
            self.rows(&link.module)
                .filter(|row| !row.is_deleted() && fits(row))
                .collect()
        };
        match link.by() {
            By::Theirs(field) => those(&|other| other.text(field) == id),
            By::Mine(field) => self
                .live(&link.module, row.text(field))
                .into_iter()
                .collect(),
            By::Flex => those(&|other| {
                other.text("parent_id") == id && other.text("parent_type") == module.name
            }),
            By::Parent if row.text("parent_type") == link.module => self
                .live(&link.module, row.text("parent_id"))
                .into_iter()
                .collect(),
            By::Left => pairs(true),
            By::Right => pairs(false),
            By::Parent | By::Emails => Vec::new(),
        }
    }

    /// Links or unlinks, whether or not the ids exist, as SuiteCRM does.
    pub(crate) fn relate(&mut self, module: &Module, id: &str, link: &Link, other: &str, on: bool) {
        let (name, there) = (module.name.as_str(), link.module.as_str());
        match link.by() {
            By::Theirs(field) => self.point(there, other, &[(field, id)], on),
            By::Mine(field) => self.point(name, id, &[(field, other)], on),
            By::Flex => {
                self.point(
                    there,
                    other,
                    &[("parent_id", id), ("parent_type", name)],
                    on,
                );
            }
            By::Parent => {
                self.point(
                    name,
                    id,
                    &[("parent_id", other), ("parent_type", there)],
                    on,
                );
            }
            By::Left => self.pair(link, id, other, on),
            By::Right => self.pair(link, other, id, on),
            By::Emails => {}
        }
    }

    fn point(&mut self, module: &str, id: &str, to: &[(&str, &str)], on: bool) {
        let Some(row) = self.live_mut(module, id) else {
            return;
        };
        let held = to
            .first()
            .is_some_and(|(field, value)| row.text(field) == *value);
        if on || held {
            for (field, value) in to {
                row.set(field, if on { *value } else { "" });
            }
        }
    }

    fn pair(&mut self, link: &Link, left: &str, right: &str, on: bool) {
        let pair = (link.relationship.clone(), left.to_owned(), right.to_owned());
        if on {
            self.pairs.insert(pair);
        } else {
            self.pairs.remove(&pair);
        }
    }

    /// A field as it reads, computed ones included; empty for NULL.
    pub(crate) fn read(&self, module: &Module, row: &Row, name: &str) -> String {
        let field = module.field(name).filter(|field| field.nondb);
        match (name, field) {
            ("name" | "full_name", Some(_)) if row.get(name).is_none() => {
                format!("{} {}", row.text("first_name"), row.text("last_name"))
                    .trim()
                    .to_owned()
            }
            (_, Some(field)) if !field.id_name.is_empty() && field.id_name != name => {
                self.related_name(field.relate.as_str(), row, &field.id_name)
            }
            _ => row.text(name).to_owned(),
        }
    }

    fn related_name(&self, module: &str, row: &Row, id_name: &str) -> String {
        let id = row.text(id_name);
        if module == "Users" {
            return User::by_id(id).map(User::full_name).unwrap_or_default();
        }
        let module = if module.is_empty() {
            row.text("parent_type")
        } else {
            module
        };
        let Some(other) = self.live(module, id) else {
            return String::new();
        };
        match other.get("name") {
            Some(name) => name.trim().to_owned(),
            None => format!("{} {}", other.text("first_name"), other.text("last_name"))
                .trim()
                .to_owned(),
        }
    }

    /// Whether calls, tasks or notes have the record for their parent.
    pub(crate) fn has_activities(&self, module: &str, id: &str) -> bool {
        ["Calls", "Tasks", "Notes"].iter().any(|kind| {
            self.rows(kind).any(|row| {
                !row.is_deleted()
                    && row.text("parent_id") == id
                    && row.text("parent_type") == module
            })
        })
    }
}

/// The id of an e-mail address, which every record with that address shares.
pub(crate) fn address_id(address: &str) -> String {
    let digest = hex::encode(Sha256::digest(address.to_lowercase()));
    format!("email-{}", digest.get(..24).unwrap_or_default())
}
