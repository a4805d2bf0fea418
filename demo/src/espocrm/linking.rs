//! Tying records together and apart, wherever the link is kept.

use serde_json::{Map, Value};

use super::input::{Input, LinkSet};
use super::relation::{Reach, pair, reach};
use super::router::Session;
use super::schema::{Entity, Link};
use super::store::Store;

impl Session<'_> {
    /// Sets the whole of the links the client sent.
    pub(crate) fn set_links(&self, store: &mut Store, entity: &Entity, id: &str, input: &Input) {
        for set in &input.links {
            if let Some(link) = entity.link(&set.link) {
                self.set_link(store, entity, id, link, set);
            }
        }
    }

    fn set_link(&self, store: &mut Store, entity: &Entity, id: &str, link: &Link, set: &LinkSet) {
        for old in self.ids_at(store, entity, id, link) {
            if !set.ids.contains(&old) {
                self.detach(store, entity, id, link, &old);
            }
        }
        for new in &set.ids {
            let columns = set
                .columns
                .get(new)
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default();
            self.attach(store, entity, id, link, new, columns);
        }
        if (entity.name.as_str(), link.name.as_str()) == ("Contact", "accounts") {
            let first = set.ids.first().cloned().map_or(Value::Null, Value::String);
            store.edit("Contact", id, |contact| contact.set("accountId", first));
        }
    }

    pub(crate) fn ids_at(
        &self,
        store: &Store,
        entity: &Entity,
        id: &str,
        link: &Link,
    ) -> Vec<String> {
        let Some(record) = store.any(&entity.name, id) else {
            return Vec::new();
        };
        super::relation::related(&self.crm.schema, store, entity, link, record)
            .into_iter()
            .map(|end| end.id)
            .collect()
    }

    pub(crate) fn attach(
        &self,
        store: &mut Store,
        entity: &Entity,
        id: &str,
        link: &Link,
        other: &str,
        columns: Map<String, Value>,
    ) {
        match reach(&self.crm.schema, entity, link) {
            Reach::Own { attribute, .. } => store.edit(&entity.name, id, |record| {
                record.set(&attribute, other);
            }),
            Reach::Parent { .. } => {}
            Reach::ByForeign {
                entity: target,
                attribute,
            } => store.edit(&target, other, |record| {
                record.set(&attribute, id);
            }),
            Reach::Children {
                entity: target,
                link: parent,
            } => store.edit(&target, other, |record| {
                record.set(&format!("{parent}Type"), entity.name.clone());
                record.set(&format!("{parent}Id"), id);
            }),
            Reach::Pairs { key, flipped, .. } => {
                let is_new = !self
                    .ids_at(store, entity, id, link)
                    .iter()
                    .any(|old| old == other);
                let mut row: Map<String, Value> = if is_new {
                    self.column_defaults(entity, link)
                } else {
                    Map::new()
                };
                row.extend(columns);
                store.join(&key, pair(id, other, flipped, row));
                keep_primary_account(store, entity, id, link, other);
            }
        }
    }

    pub(crate) fn detach(
        &self,
        store: &mut Store,
        entity: &Entity,
        id: &str,
        link: &Link,
        other: &str,
    ) {
        match reach(&self.crm.schema, entity, link) {
            Reach::ByForeign {
                entity: target,
                attribute,
            } => clear(store, &target, other, &attribute, id),
            Reach::Children {
                entity: target,
                link: parent,
            } => clear(store, &target, other, &format!("{parent}Id"), id),
            Reach::Pairs { key, flipped, .. } => {
                let (left, right) = if flipped { (other, id) } else { (id, other) };
                store.part(&key, left, right);
                drop_primary_account(store, entity, id, link, other);
            }
            Reach::Own { .. } | Reach::Parent { .. } => {}
        }
    }

    /// The columns of a relation are defined at one of its ends.
    fn column_defaults(&self, entity: &Entity, link: &Link) -> Map<String, Value> {
        let own = self
            .crm
            .schema
            .entity(&entity.name)
            .and_then(|entity| entity.link(&link.name))
            .map(Link::columns);
        let other = self
            .crm
            .schema
            .entity(&link.entity)
            .and_then(|other| other.link(&link.foreign))
            .map(Link::columns);
        own.filter(|list| !list.is_empty())
            .or(other)
            .unwrap_or_default()
            .into_iter()
            .collect()
    }
}

fn clear(store: &mut Store, entity: &str, id: &str, attribute: &str, expected: &str) {
    store.edit(entity, id, |record| {
        if record.text(attribute) == Some(expected) {
            record.set(attribute, Value::Null);
        }
    });
}

/// The contact and the account of a row between the two, whichever side it was made from.
fn contact_and_account<'a>(
    entity: &Entity,
    id: &'a str,
    link: &Link,
    other: &'a str,
) -> Option<(&'a str, &'a str)> {
    match (entity.name.as_str(), link.name.as_str()) {
        ("Contact", "accounts") => Some((id, other)),
        ("Account", "contacts") => Some((other, id)),
        _ => None,
    }
}

/// A contact without an account takes the first one it is linked to.
fn keep_primary_account(store: &mut Store, entity: &Entity, id: &str, link: &Link, other: &str) {
    let Some((contact, account)) = contact_and_account(entity, id, link, other) else {
        return;
    };
    store.edit("Contact", contact, |record| {
        if record.get("accountId").is_null() {
            record.set("accountId", account);
        }
    });
}

fn drop_primary_account(store: &mut Store, entity: &Entity, id: &str, link: &Link, other: &str) {
    if let Some((contact, account)) = contact_and_account(entity, id, link, other) {
        clear(store, "Contact", contact, "accountId", account);
    }
}
