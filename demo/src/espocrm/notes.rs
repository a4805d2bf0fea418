//! The stream: posts, and the entries the CRM writes by itself.

use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::input::Input;
use super::record::Deed;
use super::relation::parent_of;
use super::router::{Reply, Session};
use super::schema::{Entity, Link};
use super::store::{Record, Store};
use super::users::Level;
use crate::clock::stamp;

impl Session<'_> {
    /// Posts a note. Neither text nor parent is required, and a missing parent is a missing right.
    pub(crate) fn post_note(&self, entity: &Entity) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let mut store = self.crm.write();
        let input = Input::read(entity, &payload, true)?;
        let kind = input.values.get("parentType").and_then(Value::as_str);
        let id = input.values.get("parentId").and_then(Value::as_str);
        if let Some(kind) = kind {
            self.check_parent(&store, kind, id.unwrap_or_default())?;
        }
        let mut values = note_values(&payload, &input);
        values.extend(input.values.clone());
        values.entry("type").or_insert(json!("Post"));
        let id = self.add_note(&mut store, values);
        self.set_links(&mut store, entity, &id, &input);
        self.created(&store, entity, &id)
    }

    fn check_parent(&self, store: &Store, kind: &str, id: &str) -> Result<(), Refusal> {
        let parent = self
            .crm
            .schema
            .entity(kind)
            .ok_or_else(|| Refusal::invalid("Note", "parent", "valid"))?;
        let record = store
            .live(kind, id)
            .ok_or_else(|| Refusal::no_access("create"))?;
        if self.may(store, parent, record, Deed::Stream) {
            Ok(())
        } else {
            Err(Refusal::no_access("create"))
        }
    }

    /// Stores an entry by the caller and marks the record it is about.
    pub(crate) fn add_note(&self, store: &mut Store, values: Map<String, Value>) -> String {
        let now = stamp(self.crm.now());
        let mut note = Record {
            id: store.new_id(),
            version: 1,
            values,
            ..Record::default()
        };
        note.set("number", store.next_number("Note"));
        for (name, value) in [
            ("createdAt", json!(now)),
            ("modifiedAt", json!(now)),
            ("createdById", json!(self.user.id)),
        ] {
            note.set(name, value);
        }
        if let Some((kind, id)) = parent_of(&note, "parent") {
            store.edit(kind, id, |record| {
                record.set("streamUpdatedAt", now.clone());
            });
        }
        let id = note.id.clone();
        store.put("Note", note);
        id
    }
}

/// What a posted note shows even when nobody set it.
fn note_values(payload: &Map<String, Value>, input: &Input) -> Map<String, Value> {
    let mut values = Map::new();
    if payload.contains_key("post") {
        values.insert(
            "post".into(),
            input.values.get("post").cloned().unwrap_or(Value::Null),
        );
    }
    values.insert("data".into(), json!({}));
    values.insert("isInternal".into(), json!(false));
    values.insert("reactionCounts".into(), Value::Null);
    values.insert("myReactions".into(), json!([]));
    values
}

fn entry(kind: &str, entity: &Entity, id: &str, data: Value) -> Map<String, Value> {
    Map::from_iter([
        ("type".to_owned(), json!(kind)),
        ("parentType".to_owned(), json!(entity.name)),
        ("parentId".to_owned(), json!(id)),
        ("data".to_owned(), data),
    ])
}

/// A new record opens its stream and shows in its parent's.
pub(crate) fn record_created(session: &Session<'_>, store: &mut Store, entity: &Entity, id: &str) {
    let Some(record) = store.live(&entity.name, id).cloned() else {
        return;
    };
    if entity.flag("stream") {
        let mut data = Map::new();
        if let Some(field) = entity.status_field() {
            data.insert("statusField".into(), json!(field.name));
            data.insert("statusValue".into(), record.get(&field.name).clone());
        }
        session.add_note(store, entry("Create", entity, id, Value::Object(data)));
    }
    let parent = parent_of(&record, "parent").map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    let Some((kind, parent_id)) = parent else {
        return;
    };
    let Some(parent) = session
        .crm
        .schema
        .entity(&kind)
        .filter(|parent| parent.flag("stream"))
    else {
        return;
    };
    add_related(
        session,
        store,
        "CreateRelated",
        parent,
        &parent_id,
        &entity.name,
        id,
    );
}

fn add_related(
    session: &Session<'_>,
    store: &mut Store,
    kind: &str,
    parent: &Entity,
    parent_id: &str,
    entity: &str,
    id: &str,
) {
    if store.live(&parent.name, parent_id).is_none() {
        return;
    }
    let mut values = entry(kind, parent, parent_id, Value::Null);
    values.insert("relatedType".into(), json!(entity));
    values.insert("relatedId".into(), json!(id));
    session.add_note(store, values);
}

/// A link made by hand shows in the stream when the link is audited.
pub(crate) fn related(
    session: &Session<'_>,
    store: &mut Store,
    entity: &Entity,
    id: &str,
    link: &Link,
    other: &str,
) {
    let audited = link.def.get("audited").and_then(Value::as_bool) == Some(true);
    if audited && entity.flag("stream") {
        add_related(session, store, "Relate", entity, id, &link.entity, other);
    }
}

/// Changes of the status and of audited fields show in the stream.
pub(crate) fn record_updated(
    session: &Session<'_>,
    store: &mut Store,
    entity: &Entity,
    before: &Record,
) {
    let Some(after) = store.live(&entity.name, &before.id).cloned() else {
        return;
    };
    if !entity.flag("stream") || session.user.grant(&entity.name).stream == Level::No {
        return;
    }
    let status = entity.status_field().map(|field| field.name.clone());
    let changed = |name: &str| before.get(name) != after.get(name);
    if let Some(status) = status.as_deref().filter(|status| changed(status)) {
        let data = json!({"field": status, "value": after.get(status)});
        session.add_note(store, entry("Status", entity, &before.id, data));
    }
    if changed("assignedUserId") {
        let data = json!({"assignedUserId": after.get("assignedUserId")});
        session.add_note(store, entry("Assign", entity, &before.id, data));
    }
    let is_audited = |name: &&str| Some(*name) != status.as_deref() && changed(name);
    let fields: Vec<&str> = entity
        .fields
        .iter()
        .filter(|field| field.flag("audited"))
        .map(|field| field.name.as_str())
        .filter(is_audited)
        .collect();
    if !fields.is_empty() {
        let pick = |record: &Record| {
            Value::Object(
                fields
                    .iter()
                    .map(|name| ((*name).to_owned(), record.get(name).clone()))
                    .collect(),
            )
        };
        let data =
            json!({"fields": fields, "attributes": {"was": pick(before), "became": pick(&after)}});
        session.add_note(store, entry("Update", entity, &before.id, data));
    }
}
