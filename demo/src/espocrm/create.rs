//! Creating records: rights, rules, links, duplicates, and what the server adds on its own.

use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::hooks;
use super::input::Input;
use super::router::{Reply, Session};
use super::schema::{Entity, LinkKind};
use super::store::{Record, Store};
use super::validate::Candidate;
use crate::clock::stamp;

/// A duplicate answer shows this many records at most.
const MAX_DUPLICATES: usize = 5;

impl Session<'_> {
    pub(crate) fn create(&self, entity: &Entity) -> Result<Reply, Refusal> {
        self.allow_creating(entity)?;
        let payload = self.call.payload()?;
        let mut store = self.crm.write();
        let (record, input) = self.draft(&store, entity, &payload)?;
        self.refuse_duplicates(&store, entity, &record, &payload)?;
        let id = self.insert(&mut store, entity, record, &input);
        self.created(&store, entity, &id)
    }

    pub(crate) fn allow_creating(&self, entity: &Entity) -> Result<(), Refusal> {
        let may =
            self.user.grant(&entity.name).create && (entity.flag("acl") || self.user.role.admin);
        if may {
            Ok(())
        } else {
            Err(Refusal::no_access("create"))
        }
    }

    pub(crate) fn created(
        &self,
        store: &Store,
        entity: &Entity,
        id: &str,
    ) -> Result<Reply, Refusal> {
        let record = store.live(&entity.name, id).ok_or(Refusal::bare(500))?;
        Ok(self.view(store).created(entity, record).into())
    }

    /// The record as it would be stored, or what is wrong with it.
    pub(crate) fn draft(
        &self,
        store: &Store,
        entity: &Entity,
        payload: &Map<String, Value>,
    ) -> Result<(Record, Input), Refusal> {
        let input = Input::read(entity, payload, true)?;
        let mut record = Record {
            values: defaults(entity),
            version: 1,
            ..Record::default()
        };
        record.values.extend(input.values.clone());
        hooks::before_create(self, store, entity, &mut record, &input);
        let candidate = Candidate {
            schema: &self.crm.schema,
            entity,
            values: &record.values,
            input: &input,
            creating: true,
        };
        candidate.validate()?;
        self.check_links(store, entity, &input)?;
        Ok((record, input))
    }

    /// Assigned users, then foreign records.
    pub(crate) fn check_links(
        &self,
        store: &Store,
        entity: &Entity,
        input: &Input,
    ) -> Result<(), Refusal> {
        self.check_foreign_ids(store, entity, input)?;
        let assigned = input.values.get("assignedUserId").and_then(Value::as_str);
        if assigned.is_some_and(|id| id != self.user.id) && !self.user.role.may_assign {
            return Err(Refusal::because(
                403,
                "Assignment failure: assigned user or team not allowed.",
            ));
        }
        Ok(())
    }

    fn check_foreign_ids(
        &self,
        store: &Store,
        entity: &Entity,
        input: &Input,
    ) -> Result<(), Refusal> {
        let text = |name: String| input.values.get(&name).and_then(Value::as_str);
        for link in &entity.links {
            let target = match link.kind {
                LinkKind::BelongsTo => Some(link.entity.as_str()),
                LinkKind::BelongsToParent => text(format!("{}Type", link.name)),
                _ => None,
            };
            let (Some(target), Some(id)) = (target, text(link.id_attribute())) else {
                continue;
            };
            if store.live(target, id).is_none() && target != "PipelineStage" {
                return Err(Refusal::missing_foreign(&entity.name, &link.name, target));
            }
        }
        for set in &input.links {
            let target = entity
                .link(&set.link)
                .map_or("", |link| link.entity.as_str());
            if target != "Attachment" && set.ids.iter().any(|id| store.live(target, id).is_none()) {
                return Err(Refusal::missing_foreign(&entity.name, &set.link, target));
            }
        }
        Ok(())
    }

    fn refuse_duplicates(
        &self,
        store: &Store,
        entity: &Entity,
        record: &Record,
        payload: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        let skipped = self.call.header_is_true("x-skip-duplicate-check")
            || payload.get("_skipDuplicateCheck").and_then(Value::as_bool) == Some(true);
        let Some(Value::Array(fields)) = entity
            .scope
            .get("duplicateCheckFieldList")
            .filter(|_| !skipped)
        else {
            return Ok(());
        };
        let same = |other: &Record| {
            fields
                .iter()
                .filter_map(Value::as_str)
                .any(|field| is_same(entity, field, record, other))
        };
        let view = self.view(store);
        let found: Vec<Value> = store
            .all(&entity.name)
            .filter(|other| same(other))
            .take(MAX_DUPLICATES)
            .map(|other| view.detail(entity, other))
            .collect();
        if found.is_empty() {
            Ok(())
        } else {
            Err(Refusal::duplicate(found))
        }
    }

    /// Stores a checked record with its links and everything that follows from it.
    pub(crate) fn insert(
        &self,
        store: &mut Store,
        entity: &Entity,
        mut record: Record,
        input: &Input,
    ) -> String {
        record.id = store.new_id();
        let now = stamp(self.crm.now());
        for (name, value) in [
            ("createdAt", json!(now)),
            ("modifiedAt", json!(now)),
            ("createdById", json!(self.user.id)),
        ] {
            if entity.attribute(name).is_some() {
                record.set(name, value);
            }
        }
        for field in entity
            .fields
            .iter()
            .filter(|field| field.kind == "autoincrement")
        {
            record.set(&field.name, store.next_number(&entity.name));
        }
        let id = record.id.clone();
        store.put(&entity.name, record);
        self.set_links(store, entity, &id, input);
        hooks::after_create(self, store, entity, &id);
        id
    }
}

/// What the server fills in; defaults of the web client are not among them.
fn defaults(entity: &Entity) -> Map<String, Value> {
    let is_real = |value: &Value| {
        !value
            .as_str()
            .is_some_and(|text| text.starts_with("javascript:"))
    };
    let with_default = entity.fields.iter().filter(|field| !field.flag("column"));
    with_default
        .filter_map(|field| {
            Some((
                field.name.clone(),
                field
                    .def
                    .get("default")
                    .filter(|value| is_real(value))?
                    .clone(),
            ))
        })
        .collect()
}

fn is_same(entity: &Entity, field: &str, record: &Record, other: &Record) -> bool {
    let keys: &[&str] = if field == "name" && entity.is_person() {
        &["firstName", "lastName"]
    } else {
        &[field]
    };
    let equal = |key: &&str| {
        let pair = (
            record.text(key).map(str::to_lowercase),
            other.text(key).map(str::to_lowercase),
        );
        matches!(pair, (Some(left), Some(right)) if left == right)
    };
    keys.iter().all(equal)
}
