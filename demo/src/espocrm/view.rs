//! Records as the API shows them: derived attributes, hidden fields, what a list leaves out.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::attribute::{Attribute, Part};
use super::relation::{parent_of, related};
use super::schema::{Entity, Schema};
use super::store::{Record, Store};
use super::users::User;

/// Long texts of lists are cut here when attributes are selected.
const LIST_TEXT_LENGTH: usize = 10_000;

/// The store as one caller sees it.
pub(crate) struct View<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) store: &'a Store,
    pub(crate) user: &'a User,
}

impl View<'_> {
    /// Everything a read shows.
    pub(crate) fn detail(&self, entity: &Entity, record: &Record) -> Value {
        self.map(entity, record, |attribute| attribute.part != Part::Column)
    }

    /// What a create shows: attributes nobody set may be missing, and numbers given on saving are.
    pub(crate) fn created(&self, entity: &Entity, record: &Record) -> Value {
        let mut shown = self.map(entity, record, |attribute| match &attribute.part {
            Part::Column | Part::OneId(_) | Part::OneName(_) => false,
            Part::Converted(of) => !record.get(of).is_null(),
            Part::Stored | Part::PersonName => is_set(entity, record, attribute),
            _ => true,
        });
        for field in entity
            .fields
            .iter()
            .filter(|field| matches!(field.kind.as_str(), "email" | "phone"))
        {
            for suffix in ["IsOptedOut", "IsInvalid"] {
                shown[format!("{}{suffix}", field.name)] = json!(false);
            }
        }
        shown
    }

    fn map(&self, entity: &Entity, record: &Record, keep: impl Fn(&Attribute) -> bool) -> Value {
        let shown = entity
            .attributes
            .iter()
            .filter(|a| keep(a) && !self.user.hides(&entity.name, &a.field));
        Value::Object(
            shown
                .map(|a| (a.name.clone(), self.value(entity, record, a)))
                .collect(),
        )
    }

    /// One row of a list. `columns` are attributes that come from the relation listed.
    pub(crate) fn row(
        &self,
        entity: &Entity,
        record: &Record,
        select: Option<&HashSet<String>>,
        columns: &Map<String, Value>,
    ) -> Value {
        let size = select.map_or(entity.attributes.len(), HashSet::len);
        let mut row = Map::with_capacity(size);
        for attribute in &entity.attributes {
            let wanted = match select {
                Some(names) => names.contains(&attribute.name),
                None => !attribute.detail_only,
            };
            if !wanted || self.user.hides(&entity.name, &attribute.field) {
                continue;
            }
            if let Some(value) = self.row_value(entity, record, attribute, columns) {
                row.insert(
                    attribute.name.clone(),
                    if select.is_some() {
                        cut(entity, attribute, value)
                    } else {
                        value
                    },
                );
            }
        }
        Value::Object(row)
    }

    fn row_value(
        &self,
        entity: &Entity,
        record: &Record,
        attribute: &Attribute,
        columns: &Map<String, Value>,
    ) -> Option<Value> {
        match columns.get(&attribute.name) {
            Some(value) => Some(value.clone()),
            None if attribute.part == Part::Column => None,
            None => Some(self.value(entity, record, attribute)),
        }
    }

    /// The value of an attribute.
    pub(crate) fn value(&self, entity: &Entity, record: &Record, attribute: &Attribute) -> Value {
        match &attribute.part {
            Part::Id => json!(record.id),
            Part::Deleted => json!(record.deleted),
            Part::Stored => self.stored(entity, record, attribute),
            Part::PersonName => person_name(record).map_or(Value::Null, Value::String),
            Part::Converted(of) => record.get(of).clone(),
            Part::Weighted => weighted(record),
            Part::Foreign { link, attribute } => self.foreign(entity, record, link, attribute),
            Part::LinkName(link) => self.link_name(entity, record, link),
            Part::OneId(link) => self
                .ends(entity, record, link)
                .into_iter()
                .next()
                .map_or(Value::Null, |(id, _, _)| id.into()),
            Part::OneName(link) => self
                .ends(entity, record, link)
                .into_iter()
                .next()
                .map_or(Value::Null, |(_, name, _)| name),
            Part::ParentName(link) => {
                parent_of(record, link).map_or(Value::Null, |(kind, id)| self.name_of(kind, id))
            }
            Part::Ids(link) => self
                .ends(entity, record, link)
                .into_iter()
                .map(|(id, _, _)| Value::String(id))
                .collect(),
            Part::Names(link) => Value::Object(
                self.ends(entity, record, link)
                    .into_iter()
                    .map(|(id, name, _)| (id, name))
                    .collect(),
            ),
            Part::Columns(link) => self.columns(entity, record, link),
            Part::EmptyMap => json!({}),
            Part::Column => Value::Null,
            Part::Followed => json!(self.followers(record).contains(&self.user.id)),
            Part::FollowerIds => json!(self.followers(record)),
            Part::FollowerNames => Value::Object(
                self.followers(record)
                    .iter()
                    .map(|id| (id.clone(), self.name_of("User", id)))
                    .collect(),
            ),
            Part::Starred => json!(false),
            Part::Version => json!(record.version),
        }
    }

    fn stored(&self, entity: &Entity, record: &Record, attribute: &Attribute) -> Value {
        let value = record.get(&attribute.name);
        if !value.is_null() {
            return value.clone();
        }
        let is_data = attribute.name.ends_with("Data") && attribute.name != "data";
        if is_data
            && entity
                .field(&attribute.field)
                .is_some_and(|field| matches!(field.kind.as_str(), "email" | "phone"))
        {
            return json!([]);
        }
        Value::Null
    }

    fn foreign(&self, entity: &Entity, record: &Record, link: &str, attribute: &str) -> Value {
        let Some(link) = entity.link(link) else {
            return Value::Null;
        };
        let id = record.text(&link.id_attribute()).unwrap_or_default();
        self.store
            .live(&link.entity, id)
            .map_or(Value::Null, |other| other.get(attribute).clone())
    }

    fn link_name(&self, entity: &Entity, record: &Record, link: &str) -> Value {
        let target = entity
            .link(link)
            .map_or("Attachment", |link| link.entity.as_str());
        record
            .text(&format!("{link}Id"))
            .map_or(Value::Null, |id| self.name_of(target, id))
    }

    /// The name of a live record, or null.
    pub(crate) fn name_of(&self, entity: &str, id: &str) -> Value {
        let Some(record) = self.store.live(entity, id) else {
            return Value::Null;
        };
        let is_person = self
            .schema
            .entity(entity)
            .is_some_and(|entity| entity.is_person());
        if is_person {
            person_name(record).map_or(Value::Null, Value::String)
        } else {
            record.get("name").clone()
        }
    }

    fn ends(
        &self,
        entity: &Entity,
        record: &Record,
        link: &str,
    ) -> Vec<(String, Value, Map<String, Value>)> {
        let Some(link) = entity.link(link) else {
            return Vec::new();
        };
        let ends = related(self.schema, self.store, entity, link, record);
        ends.into_iter()
            .map(|end| {
                let name = self.name_of(&link.entity, &end.id);
                (end.id, name, end.columns)
            })
            .collect()
    }

    fn columns(&self, entity: &Entity, record: &Record, link: &str) -> Value {
        Value::Object(
            self.ends(entity, record, link)
                .into_iter()
                .map(|(id, _, columns)| (id, Value::Object(columns)))
                .collect(),
        )
    }

    fn followers(&self, record: &Record) -> &[String] {
        self.store
            .followers
            .get(&record.id)
            .map_or(&[], Vec::as_slice)
    }

    /// Whether the record belongs to the caller.
    pub(crate) fn is_own(&self, record: &Record) -> bool {
        let own = Some(self.user.id.as_str());
        record.text("assignedUserId") == own || record.text("createdById") == own
    }
}

/// First and last name, as the CRM joins them.
pub(crate) fn person_name(record: &Record) -> Option<String> {
    let parts: Vec<&str> = ["firstName", "lastName"]
        .iter()
        .filter_map(|key| record.text(key))
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Whether a new record has something to show. A person without a last name has no name yet, and
/// lists of addresses are there even when empty.
fn is_set(entity: &Entity, record: &Record, attribute: &Attribute) -> bool {
    let kind = entity
        .field(&attribute.field)
        .map_or("", |field| field.kind.as_str());
    match kind {
        "personName" => record.text("lastName").is_some(),
        "autoincrement" => false,
        "email" | "phone" if attribute.name.ends_with("Data") => true,
        _ => record.values.contains_key(&attribute.name),
    }
}

fn weighted(record: &Record) -> Value {
    match (
        record.get("amount").as_f64(),
        record.get("probability").as_f64(),
    ) {
        (Some(amount), Some(probability)) => json!(amount * probability / 100.0),
        _ => Value::Null,
    }
}

fn cut(entity: &Entity, attribute: &Attribute, value: Value) -> Value {
    let is_long = entity
        .field(&attribute.field)
        .is_some_and(|field| matches!(field.kind.as_str(), "text" | "wysiwyg"));
    match value {
        Value::String(text) if is_long && text.chars().count() > LIST_TEXT_LENGTH => {
            Value::String(text.chars().take(LIST_TEXT_LENGTH).collect())
        }
        other => other,
    }
}
