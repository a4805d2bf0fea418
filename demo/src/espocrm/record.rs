//! Reading, listing, deleting and restoring records.

use serde_json::{Map, Value};

use super::errors::Refusal;
use super::query::search_of;
use super::router::{Reply, Session};
use super::schema::Entity;
use super::store::{Record, Store};
use super::users::Level;

/// What somebody wants to do with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Read,
    Edit,
    Delete,
    Stream,
}

impl Deed {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Stream => "stream",
        }
    }
}

impl Session<'_> {
    pub(crate) fn list(&self, entity: &Entity) -> Result<Reply, Refusal> {
        let search = search_of(self.call)?;
        self.allow_listing(entity)?;
        let store = self.crm.read();
        let rows = store
            .all(&entity.name)
            .map(|record| (record.clone(), Map::new()))
            .collect();
        let mut search = search;
        search.no_total |= entity.collection.get("countDisabled").is_some();
        self.view(&store)
            .list(entity, &search, rows, self.crm.now())
            .map(Reply::Json)
    }

    /// Users are an empty list for those who may not see them, everything else is refused.
    fn allow_listing(&self, entity: &Entity) -> Result<(), Refusal> {
        let refused = entity.flag("acl")
            && entity.name != "User"
            && self.user.grant(&entity.name).read == Level::No;
        if refused {
            Err(Refusal::no_access("read"))
        } else {
            Ok(())
        }
    }

    pub(crate) fn read(&self, entity: &Entity, id: &str) -> Result<Reply, Refusal> {
        let store = self.crm.read();
        if self.reach_of(entity, Deed::Read) == Level::No {
            return Err(Refusal::no_access("read"));
        }
        let found = if self.user.role.admin {
            store.any(&entity.name, id)
        } else {
            store.live(&entity.name, id)
        };
        let record = found.ok_or_else(|| Refusal::unread(id))?;
        if !self.may(&store, entity, record, Deed::Read) {
            return Err(Refusal::because(403, "No 'read' access."));
        }
        Ok(self.view(&store).detail(entity, record).into())
    }

    pub(crate) fn delete(&self, entity: &Entity, id: &str) -> Result<Reply, Refusal> {
        let mut store = self.crm.write();
        self.existing(&store, entity, id, Deed::Delete)?;
        store.edit(&entity.name, id, |record| record.deleted = true);
        Ok(true.into())
    }

    /// Administrators only.
    pub(crate) fn restore(&self, entity: &Entity) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let id = payload
            .get("id")
            .and_then(Value::as_str)
            .ok_or_else(|| Refusal::because(400, ""))?;
        if !self.user.role.admin {
            return Err(Refusal::because(403, ""));
        }
        let mut store = self.crm.write();
        store
            .any(&entity.name, id)
            .ok_or_else(|| Refusal::because(404, ""))?;
        store.edit(&entity.name, id, |record| record.deleted = false);
        Ok(true.into())
    }

    /// The record a write is about: scope, then existence, then the record's own rights.
    pub(crate) fn existing(
        &self,
        store: &Store,
        entity: &Entity,
        id: &str,
        deed: Deed,
    ) -> Result<Record, Refusal> {
        if self.reach_of(entity, deed) == Level::No {
            return Err(Refusal::no_access(deed.word()));
        }
        let record = store
            .live(&entity.name, id)
            .ok_or_else(|| Refusal::not_found(id))?;
        if !self.may(store, entity, record, deed) {
            return Err(Refusal::no_access(deed.word()));
        }
        Ok(Record::clone(record))
    }

    /// How far a right reaches. Entities outside the roles are readable, notes belong to their author.
    pub(crate) fn reach_of(&self, entity: &Entity, deed: Deed) -> Level {
        let grant = self.user.grant(&entity.name);
        let level = match deed {
            Deed::Read => grant.read,
            Deed::Edit => grant.edit,
            Deed::Delete => grant.delete,
            Deed::Stream => grant.stream,
        };
        match entity.name.as_str() {
            "Note" => level.max(Level::Own),
            _ if !entity.flag("acl") && deed == Deed::Read => Level::All,
            _ => level,
        }
    }

    pub(crate) fn may(&self, store: &Store, entity: &Entity, record: &Record, deed: Deed) -> bool {
        if entity.name == "Note" && deed == Deed::Read && self.may_see_parent(store, record) {
            return true;
        }
        match self.reach_of(entity, deed) {
            Level::All => true,
            Level::Own => self.view(store).is_own(record) || record.id == self.user.id,
            Level::No => false,
        }
    }

    fn may_see_parent(&self, store: &Store, note: &Record) -> bool {
        let Some((kind, id)) = super::relation::parent_of(note, "parent") else {
            return false;
        };
        let (Some(entity), Some(parent)) = (self.crm.schema.entity(kind), store.live(kind, id))
        else {
            return false;
        };
        self.may(store, entity, parent, Deed::Stream)
    }
}
