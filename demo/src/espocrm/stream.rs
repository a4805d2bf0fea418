//! Reading streams: of a record, of the caller, of everything.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::Refusal;
use super::query::search_of;
use super::record::Deed;
use super::relation::parent_of;
use super::router::{Reply, Session};
use super::schema::Entity;
use super::store::{Record, Store};

/// Which entries of a stream were asked for.
struct Wanted {
    posts: bool,
    updates: bool,
    after: Option<String>,
    not_by: Option<String>,
}

impl Wanted {
    fn keeps(&self, note: &Record) -> bool {
        let is_post = note.text("type") == Some("Post");
        let kind_fits = if is_post { !self.updates } else { !self.posts };
        let is_later = self
            .after
            .as_deref()
            .is_none_or(|after| note.text("createdAt") > Some(after));
        let by_others = self.not_by.is_none() || note.text("createdById") != self.not_by.as_deref();
        kind_fits && is_later && by_others
    }
}

impl Session<'_> {
    /// A record's stream, newest first.
    pub(crate) fn stream(
        &self,
        entity: &Entity,
        id: &str,
        only_posts: bool,
    ) -> Result<Reply, Refusal> {
        let store = self.crm.read();
        self.allow_stream(&store, entity, id)?;
        let wanted = self.wanted(only_posts);
        let about =
            |note: &&Arc<Record>| parent_of(note, "parent") == Some((entity.name.as_str(), id));
        let kept = store.all("Note").rev().filter(about);
        let notes: Vec<&Arc<Record>> = kept.filter(|note| wanted.keeps(note)).collect();
        let mut page = self.page_of_notes(&store, &notes, false)?;
        if entity.flag("stream") || !only_posts {
            page["pinnedList"] = self.pinned(&store, &notes);
        }
        Ok(page.into())
    }

    fn wanted(&self, only_posts: bool) -> Wanted {
        let filter = self.call.param("filter");
        let skips_own = self.call.param("skipOwn").as_deref() == Some("true");
        Wanted {
            posts: only_posts || filter.as_deref() == Some("posts"),
            updates: filter.as_deref() == Some("updates"),
            after: self.call.param("after"),
            not_by: skips_own.then(|| self.user.id.clone()),
        }
    }

    pub(crate) fn allow_stream(
        &self,
        store: &Store,
        entity: &Entity,
        id: &str,
    ) -> Result<(), Refusal> {
        let record = store
            .live(&entity.name, id)
            .ok_or_else(|| Refusal::because(404, ""))?;
        if self.may(store, entity, record, Deed::Stream) {
            Ok(())
        } else {
            Err(Refusal::no_access("stream"))
        }
    }

    fn pinned(&self, store: &Store, notes: &[&Arc<Record>]) -> Value {
        let Some(entity) = self.crm.schema.entity("Note") else {
            return json!([]);
        };
        let view = self.view(store);
        notes
            .iter()
            .filter(|note| note.get("isPinned") == true)
            .map(|note| view.detail(entity, note))
            .collect()
    }

    fn page_of_notes(
        &self,
        store: &Store,
        notes: &[&Arc<Record>],
        uncounted: bool,
    ) -> Result<Value, Refusal> {
        let search = search_of(self.call)?;
        let Some(entity) = self.crm.schema.entity("Note") else {
            return Err(Refusal::bare(500));
        };
        let view = self.view(store);
        let offset = usize::try_from(search.offset).unwrap_or(0).min(notes.len());
        let size = usize::try_from(search.max_size.unwrap_or(20)).unwrap_or(0);
        let end = offset.saturating_add(size).min(notes.len());
        let list: Vec<Value> = notes[offset..end]
            .iter()
            .map(|note| view.detail(entity, note))
            .collect();
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
        let own = |note: &&Arc<Record>| {
            note.text("createdById") == Some(self.user.id.as_str())
                && note.get("parentId").is_null()
        };
        let notes: Vec<&Arc<Record>> = store.all("Note").rev().filter(own).collect();
        self.page_of_notes(&store, &notes, true).map(Reply::Json)
    }

    /// Everything the caller may see.
    pub(crate) fn global_stream(&self) -> Result<Reply, Refusal> {
        let store = self.crm.read();
        let Some(entity) = self.crm.schema.entity("Note") else {
            return Err(Refusal::bare(500));
        };
        let notes: Vec<&Arc<Record>> = store
            .all("Note")
            .rev()
            .filter(|note| self.may(&store, entity, note, Deed::Read))
            .collect();
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
}
