//! The entity definitions: one table from which metadata, validation, defaults, selection and
//! links are all derived.
//!
//! The table is `entities.json`, in the shape of EspoCRM's `entityDefs` without what every entity
//! has; `definition` reads it. This file answers questions about it and knows nothing of records,
//! users or requests.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Version;
use super::attribute::Attribute;
use super::definition::present;

const TABLE: &str = include_str!("entities.json");

/// All entities of one EspoCRM version.
#[derive(Debug)]
pub(crate) struct Schema {
    entities: Vec<Arc<Entity>>,
    by_name: HashMap<String, usize>,
}

/// One entity type.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) plural: String,
    pub(crate) scope: Map<String, Value>,
    pub(crate) client: Map<String, Value>,
    pub(crate) collection: Map<String, Value>,
    pub(crate) primary_filters: Map<String, Value>,
    /// Attributes of every row of a list, selected or not.
    pub(crate) list_always: Vec<String>,
    /// The same for a board.
    pub(crate) board_always: Vec<String>,
    pub(crate) also_select: Map<String, Value>,
    pub(crate) fields: Vec<Field>,
    pub(crate) links: Vec<Link>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) by_attribute: HashMap<String, usize>,
    /// Counts its changes and refuses to overwrite a newer one.
    pub(crate) versioned: bool,
}

/// One field; it may have several attributes.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) label: Option<String>,
    pub(crate) def: Map<String, Value>,
}

/// One link to another entity.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) kind: LinkKind,
    /// Empty for a parent link, whose entity is in the record.
    pub(crate) entity: String,
    pub(crate) foreign: String,
    pub(crate) def: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    BelongsTo,
    BelongsToParent,
    HasMany,
    HasOne,
    HasChildren,
}

impl Schema {
    pub(crate) fn new(version: Version) -> Self {
        let table: Map<String, Value> = serde_json::from_str(TABLE).unwrap_or_default();
        let entities: Vec<Arc<Entity>> = table
            .into_iter()
            .filter(|(_, raw)| present(raw, version))
            .map(|(name, raw)| Arc::new(Entity::read(name, &raw, version)))
            .collect();
        let by_name = entities
            .iter()
            .enumerate()
            .map(|(index, entity)| (entity.name.clone(), index))
            .collect();
        Self { entities, by_name }
    }

    pub(crate) fn entities(&self) -> &[Arc<Entity>] {
        &self.entities
    }

    pub(crate) fn entity(&self, name: &str) -> Option<&Arc<Entity>> {
        self.by_name.get(name).map(|index| &self.entities[*index])
    }
}

impl Entity {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.by_attribute.get(name).map(|at| &self.attributes[*at])
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.scope
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }

    pub(crate) fn status_field(&self) -> Option<&Field> {
        self.scope
            .get("statusField")
            .and_then(Value::as_str)
            .and_then(|name| self.field(name))
    }

    pub(crate) fn collection_text(&self, key: &str) -> &str {
        self.collection
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn is_person(&self) -> bool {
        self.field("name")
            .is_some_and(|field| field.kind == "personName")
    }
}

impl Field {
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.def.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.def.get(name).and_then(Value::as_f64)
    }

    pub(crate) fn strings(&self, name: &str) -> Vec<&str> {
        let list = self.def.get(name).and_then(Value::as_array);
        list.map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }

    /// The options of an enumeration, looked up where they are defined.
    pub(crate) fn options(&self, schema: &Schema) -> Vec<String> {
        if let Some((entity, field)) = self
            .def
            .get("optionsReference")
            .and_then(Value::as_str)
            .and_then(split_reference)
        {
            let target = schema.entity(entity).and_then(|entity| entity.field(field));
            return target
                .map(|field| field.options(schema))
                .unwrap_or_default();
        }
        self.strings("options")
            .into_iter()
            .map(str::to_owned)
            .collect()
    }
}

impl Link {
    pub(crate) fn is_many(&self) -> bool {
        matches!(self.kind, LinkKind::HasMany | LinkKind::HasChildren)
    }

    pub(crate) fn id_attribute(&self) -> String {
        format!("{}Id", self.name)
    }

    /// Columns of the relation and the attribute of the foreign record that shows each.
    pub(crate) fn column_attributes(&self) -> Vec<(String, String)> {
        let map = self
            .def
            .get("columnAttributeMap")
            .and_then(Value::as_object);
        let pair = |(column, attribute): (&String, &Value)| {
            Some((column.clone(), attribute.as_str()?.to_owned()))
        };
        map.map(|map| map.iter().filter_map(pair).collect())
            .unwrap_or_default()
    }

    /// Columns of the relation and what a new row has in them.
    pub(crate) fn columns(&self) -> Vec<(String, Value)> {
        let map = self.def.get("additionalColumns").and_then(Value::as_object);
        let pair = |(name, def): (&String, &Value)| {
            (
                name.clone(),
                def.get("default").cloned().unwrap_or(Value::Null),
            )
        };
        map.map(|map| map.iter().map(pair).collect())
            .unwrap_or_default()
    }
}

fn split_reference(reference: &str) -> Option<(&str, &str)> {
    reference.split_once('.')
}
