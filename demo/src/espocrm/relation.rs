//! How records reach each other: by an id of their own, an id of the other, a parent, or a row.

use serde_json::{Map, Value};

use super::schema::{Entity, Link, LinkKind, Schema};
use super::store::{Pair, Record, Store};

/// Where the ends of a link are kept.
#[derive(Debug)]
pub(crate) enum Reach {
    /// An id in this record.
    Own { attribute: String, entity: String },
    /// An id and a type in this record.
    Parent { link: String },
    /// An id in the foreign records.
    ByForeign { entity: String, attribute: String },
    /// A parent in the foreign records.
    Children { entity: String, link: String },
    /// Rows of a relation of its own.
    Pairs {
        entity: String,
        key: String,
        flipped: bool,
    },
}

/// A record at the other end and the columns of the row that leads there.
pub(crate) struct Related {
    pub(crate) id: String,
    pub(crate) columns: Map<String, Value>,
}

pub(crate) fn reach(schema: &Schema, entity: &Entity, link: &Link) -> Reach {
    let foreign_entity = link.entity.clone();
    match link.kind {
        LinkKind::BelongsTo => Reach::Own {
            attribute: link.id_attribute(),
            entity: foreign_entity,
        },
        LinkKind::BelongsToParent => Reach::Parent {
            link: link.name.clone(),
        },
        LinkKind::HasOne => Reach::ByForeign {
            entity: foreign_entity,
            attribute: format!("{}Id", link.foreign),
        },
        LinkKind::HasChildren => Reach::Children {
            entity: foreign_entity,
            link: link.foreign.clone(),
        },
        LinkKind::HasMany => reach_many(schema, entity, link),
    }
}

fn reach_many(schema: &Schema, entity: &Entity, link: &Link) -> Reach {
    let foreign = schema
        .entity(&link.entity)
        .and_then(|other| other.link(&link.foreign));
    if foreign.is_some_and(|foreign| foreign.kind == LinkKind::BelongsTo) {
        return Reach::ByForeign {
            entity: link.entity.clone(),
            attribute: format!("{}Id", link.foreign),
        };
    }
    let here = format!("{}.{}", entity.name, link.name);
    let there = format!("{}.{}", link.entity, link.foreign);
    let flipped = foreign.is_some() && there < here;
    Reach::Pairs {
        entity: link.entity.clone(),
        key: if flipped { there } else { here },
        flipped,
    }
}

/// The live records at the other end.
pub(crate) fn related(
    schema: &Schema,
    store: &Store,
    entity: &Entity,
    link: &Link,
    record: &Record,
) -> Vec<Related> {
    let plain = |id: String| Related {
        id,
        columns: Map::new(),
    };
    match reach(schema, entity, link) {
        Reach::Own { attribute, entity } => {
            let id = record
                .text(&attribute)
                .filter(|id| store.live(&entity, id).is_some());
            id.map(|id| plain(id.to_owned())).into_iter().collect()
        }
        Reach::Parent { link } => {
            let ends = parent_of(record, &link);
            ends.filter(|(kind, id)| store.live(kind, id).is_some())
                .map(|(_, id)| plain(id.to_owned()))
                .into_iter()
                .collect()
        }
        Reach::ByForeign { entity, attribute } => {
            let points_here = |other: &&std::sync::Arc<Record>| {
                other.text(&attribute) == Some(record.id.as_str())
            };
            store
                .all(&entity)
                .filter(points_here)
                .map(|other| plain(other.id.clone()))
                .collect()
        }
        Reach::Children { entity: kind, link } => {
            let is_child = |other: &&std::sync::Arc<Record>| {
                parent_of(other, &link) == Some((entity.name.as_str(), record.id.as_str()))
            };
            store
                .all(&kind)
                .filter(is_child)
                .map(|other| plain(other.id.clone()))
                .collect()
        }
        Reach::Pairs {
            entity,
            key,
            flipped,
        } => {
            let ends = store
                .pairs(&key)
                .iter()
                .filter_map(|pair| other_end(pair, &record.id, flipped));
            ends.filter(|end| store.live(&entity, &end.id).is_some())
                .collect()
        }
    }
}

/// Type and id of a parent link.
pub(crate) fn parent_of<'a>(record: &'a Record, link: &str) -> Option<(&'a str, &'a str)> {
    Some((
        record.text(&format!("{link}Type"))?,
        record.text(&format!("{link}Id"))?,
    ))
}

fn other_end(pair: &Pair, id: &str, flipped: bool) -> Option<Related> {
    let (near, far) = if flipped {
        (&pair.right, &pair.left)
    } else {
        (&pair.left, &pair.right)
    };
    (near == id).then(|| Related {
        id: far.clone(),
        columns: pair.columns.clone(),
    })
}

/// A row between two records, the right way round.
pub(crate) fn pair(near: &str, far: &str, flipped: bool, columns: Map<String, Value>) -> Pair {
    let (left, right) = if flipped { (far, near) } else { (near, far) };
    Pair {
        left: left.to_owned(),
        right: right.to_owned(),
        columns,
    }
}
