//! The stream: posts, and the entries the CRM writes by itself.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::clock::stamp;
use super::errors::Refusal;
use super::input::Input;
use super::query::search_of;
use super::record::Deed;
use super::relation::parent_of;
use super::router::{Reply, Session};
use super::schema::{Entity, Link};
use super::store::{Record, Store};
use super::users::Level;

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
        let parent = self.crm.schema.entity(kind).ok_or_else(|| Refusal::invalid("Note", "parent", "valid"))?;
        let record = store.live(kind, id).ok_or_else(|| Refusal::no_access("create"))?;
        if self.may(store, parent, record, Deed::Stream) { Ok(()) } else { Err(Refusal::no_access("create")) }
    }

    /// Stores an entry by the caller and marks the record it is about.
    pub(crate) fn add_note(&self, store: &mut Store, values: Map<String, Value>) -> String {
        let now = stamp(self.crm.now());
        let mut note = Record { id: store.new_id(), version: 1, values, ..Record::default() };
        note.set("number", store.next_number("Note"));
        for (name, value) in [("createdAt", json!(now)), ("modifiedAt", json!(now)), ("createdById", json!(self.user.id))] {
            note.set(name, value);
        }
        if let Some((kind, id)) = parent_of(&note, "parent") {
            store.edit(kind, id, |record| record.set("streamUpdatedAt", now.clone()));
        }
        let id = note.id.clone();
        store.put("Note", note);
        id
    }

    /// A record's stream, newest first.
    pub(crate) fn stream(&self, entity: &Entity, id: &str, only_posts: bool) -> Result<Reply, Refusal> {
        let store = self.crm.read();
        self.allow_stream(&store, entity, id)?;
        let posts = only_posts || self.call.param("filter").as_deref() == Some("posts");
        let updates = self.call.param("filter").as_deref() == Some("updates");
        let after = self.call.param("after");
        let skip_own = self.call.param("skipOwn").as_deref() == Some("true");
        let about = |note: &&Arc<Record>| parent_of(note, "parent") == Some((entity.name.as_str(), id));
        let kept = |note: &&Arc<Record>| {
            let is_post = note.text("type") == Some("Post");
            (!posts || is_post)
                && (!updates || !is_post)
                && after.as_deref().is_none_or(|after| note.text("createdAt") > Some(after))
                && !(skip_own && note.text("createdById") == Some(self.user.id.as_str()))
        };
        let notes: Vec<&Arc<Record>> = store.all("Note").rev().filter(about).filter(kept).collect();
        let mut page = self.page_of_notes(&store, &notes, false)?;
        if entity.flag("stream") || !only_posts {
            page["pinnedList"] = self.pinned(&store, &notes);
        }
        Ok(page.into())
    }

    fn allow_stream(&self, store: &Store, entity: &Entity, id: &str) -> Result<(), Refusal> {
        let record = store.live(&entity.name, id).ok_or_else(|| Refusal::because(404, ""))?;
        if self.may(store, entity, record, Deed::Stream) { Ok(()) } else { Err(Refusal::no_access("stream")) }
    }

    fn pinned(&self, store: &Store, notes: &[&Arc<Record>]) -> Value {
        let Some(entity) = self.crm.schema.entity("Note") else { return json!([]) };
        let view = self.view(store);
        notes.iter().filter(|note| note.get("isPinned") == true).map(|note| view.detail(entity, note)).collect()
    }

    fn page_of_notes(&self, store: &Store, notes: &[&Arc<Record>], uncounted: bool) -> Result<Value, Refusal> {
        let search = search_of(self.call)?;
        let Some(entity) = self.crm.schema.entity("Note") else { return Err(Refusal::bare(500)) };
        let view = self.view(store);
        let offset = usize::try_from(search.offset).unwrap_or(0).min(notes.len());
        let size = usize::try_from(search.max_size.unwrap_or(20)).unwrap_or(0);
        let end = offset.saturating_add(size).min(notes.len());
        let list: Vec<Value> = notes[offset..end].iter().map(|note| view.detail(entity, note)).collect();
        let total = match uncounted {
            true if end < notes.len() => json!(-1),
            true => json!(-2),
            false => json!(notes.len()),
        };
        Ok(json!({"total": total, "list": list}))
    }

    /// What the caller posted to itself or to nobody.
    pub(crate) fn own_stream(&self) -> Result<Reply, Refusal> {
        let store = self.crm.read();
        let own = |note: &&Arc<Record>| note.text("createdById") == Some(self.user.id.as_str()) && note.get("parentId").is_null();
        let notes: Vec<&Arc<Record>> = store.all("Note").rev().filter(own).collect();
        self.page_of_notes(&store, &notes, true).map(Reply::Json)
    }

    /// Everything the caller may see.
    pub(crate) fn global_stream(&self) -> Result<Reply, Refusal> {
        let store = self.crm.read();
        let Some(entity) = self.crm.schema.entity("Note") else { return Err(Refusal::bare(500)) };
        let notes: Vec<&Arc<Record>> = store.all("Note").rev().filter(|note| self.may(&store, entity, note, Deed::Read)).collect();
        let mut page = self.page_of_notes(&store, &notes, true)?;
        for row in page["list"].as_array_mut().into_iter().flatten() {
            row["_scope"] = json!("Note");
        }
        Ok(page.into())
    }

    pub(crate) fn update_stream(&self, entity: &Entity, id: &str) -> Result<Reply, Refusal> {
        let store = self.crm.read();
        self.allow_stream(&store, entity, id)?;
        Ok(json!({"total": 0, "list": []}).into())
    }

    pub(crate) fn pin(&self, id: &str) -> Result<Reply, Refusal> {
        let mut store = self.crm.write();
        store.live("Note", id).ok_or_else(|| Refusal::because(404, "").html())?;
        let pinned = self.call.method == "POST";
        store.edit("Note", id, |note| note.set("isPinned", pinned));
        Ok(true.into())
    }

    pub(crate) fn followers(&self, entity: &Entity, id: &str) -> Result<Reply, Refusal> {
        let search = search_of(self.call)?;
        let store = self.crm.read();
        self.allow_stream(&store, entity, id)?;
        let Some(users) = self.crm.schema.entity("User") else { return Err(Refusal::bare(500)) };
        let ids = store.followers.get(id).map_or(&[][..], Vec::as_slice);
        let rows = ids.iter().filter_map(|id| Some((store.live("User", id)?.clone(), Map::new()))).collect();
        self.view(&store).list(users, &search, rows, self.crm.now()).map(Reply::Json)
    }

    pub(crate) fn change_followers(&self, entity: &Entity, id: &str, add: bool) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let mut store = self.crm.write();
        self.allow_stream(&store, entity, id)?;
        let ids = payload.get("ids").and_then(Value::as_array).cloned().unwrap_or_default();
        let followers = store.followers.entry(id.to_owned()).or_default();
        for user in ids.iter().filter_map(Value::as_str) {
            followers.retain(|known| known != user);
            if add {
                followers.push(user.to_owned());
            }
        }
        Ok((!ids.is_empty()).into())
    }

    /// Follows or unfollows. An API user is told `true` and follows nothing.
    pub(crate) fn subscribe(&self, entity: &Entity, id: &str) -> Result<Reply, Refusal> {
        let mut store = self.crm.write();
        self.allow_stream(&store, entity, id)?;
        let followers = store.followers.entry(id.to_owned()).or_default();
        followers.retain(|known| *known != self.user.id);
        if self.call.method == "PUT" && self.user.kind != "api" {
            followers.push(self.user.id.clone());
        }
        Ok(true.into())
    }

    pub(crate) fn star(&self, entity: &Entity, id: &str) -> Result<Reply, Refusal> {
        let store = self.crm.read();
        store.live(&entity.name, id).ok_or_else(|| Refusal::because(404, "").html())?;
        if self.call.method == "PUT" && self.user.kind == "api" {
            return Err(Refusal::because(403, "Not allowed for non-internal users.").html());
        }
        Ok(true.into())
    }
}

/// What a posted note shows even when nobody set it.
fn note_values(payload: &Map<String, Value>, input: &Input) -> Map<String, Value> {
    let mut values = Map::new();
    if payload.contains_key("post") {
        values.insert("post".into(), input.values.get("post").cloned().unwrap_or(Value::Null));
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
    let Some(record) = store.live(&entity.name, id).cloned() else { return };
    if entity.flag("stream") {
        let mut data = Map::new();
        if let Some(field) = entity.status_field() {
            data.insert("statusField".into(), json!(field.name));
            data.insert("statusValue".into(), record.get(&field.name).clone());
        }
        session.add_note(store, entry("Create", entity, id, Value::Object(data)));
    }
    let parent = parent_of(&record, "parent").map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    let Some((kind, parent_id)) = parent else { return };
    let Some(parent) = session.crm.schema.entity(&kind).filter(|parent| parent.flag("stream")) else { return };
    add_related(session, store, "CreateRelated", parent, &parent_id, &entity.name, id);
}

fn add_related(session: &Session<'_>, store: &mut Store, kind: &str, parent: &Entity, parent_id: &str, entity: &str, id: &str) {
    if store.live(&parent.name, parent_id).is_none() {
        return;
    }
    let mut values = entry(kind, parent, parent_id, Value::Null);
    values.insert("relatedType".into(), json!(entity));
    values.insert("relatedId".into(), json!(id));
    session.add_note(store, values);
}

/// A link made by hand shows in the stream when the link is audited.
pub(crate) fn related(session: &Session<'_>, store: &mut Store, entity: &Entity, id: &str, link: &Link, other: &str) {
    let audited = link.def.get("audited").and_then(Value::as_bool) == Some(true);
    if audited && entity.flag("stream") {
        add_related(session, store, "Relate", entity, id, &link.entity, other);
    }
}

/// Changes of the status and of audited fields show in the stream.
pub(crate) fn record_updated(session: &Session<'_>, store: &mut Store, entity: &Entity, before: &Record) {
    let Some(after) = store.live(&entity.name, &before.id).cloned() else { return };
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
    let fields: Vec<&str> =
        entity.fields.iter().filter(|field| field.flag("audited")).map(|field| field.name.as_str()).filter(is_audited).collect();
    if !fields.is_empty() {
        let pick = |record: &Record| Value::Object(fields.iter().map(|name| ((*name).to_owned(), record.get(name).clone())).collect());
        let data = json!({"fields": fields, "attributes": {"was": pick(before), "became": pick(&after)}});
        session.add_note(store, entry("Update", entity, &before.id, data));
    }
}
