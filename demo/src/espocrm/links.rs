//! Related records: list, link, unlink; with the answers that look like success and are not.

use serde_json::{Map, Value};

use super::errors::Refusal;
use super::query::{from_object, search_of};
use super::record::Deed;
use super::relation::related;
use super::router::{Reply, Session};
use super::schema::{Entity, Link};
use super::store::{Record, Store};
use super::users::Level;
use super::where_clause::Reader;

impl Session<'_> {
    pub(crate) fn list_link(
        &self,
        entity: &Entity,
        id: &str,
        name: &str,
    ) -> Result<Reply, Refusal> {
        let search = search_of(self.call)?;
        let store = self.crm.read();
        let record = self.parent_record(&store, entity, id)?;
        let link = entity
            .link(name)
            .ok_or_else(|| Refusal::because(404, "Link does not exist."))?;
        let target = self
            .target(&record, link)
            .ok_or_else(|| Refusal::because(404, "Link does not exist."))?;
        if target.name == "PipelineStage" && !self.user.role.admin {
            return Err(Refusal::no_access("read"));
        }
        if self.reach_of(target, Deed::Read) == Level::No && target.name != "User" {
            return Err(Refusal::because(403, ""));
        }
        let rows = self.related_rows(&store, entity, link, target, &record);
        self.view(&store)
            .list(target, &search, rows, self.crm.now())
            .map(Reply::Json)
    }

    /// The record whose links are listed; the reasons differ from those of a plain read.
    fn parent_record(&self, store: &Store, entity: &Entity, id: &str) -> Result<Record, Refusal> {
        if self.reach_of(entity, Deed::Read) == Level::No {
            return Err(Refusal::no_access("read"));
        }
        let record = store
            .live(&entity.name, id)
            .ok_or_else(|| Refusal::because(404, ""))?;
        if self.may(store, entity, record, Deed::Read) {
            Ok(Record::clone(record))
        } else {
            Err(Refusal::no_access("read"))
        }
    }

    /// The entity at the other end; a parent's is told by the record.
    fn target(&self, record: &Record, link: &Link) -> Option<&Entity> {
        let name = if link.entity.is_empty() {
            record.text(&format!("{}Type", link.name))?
        } else {
            &link.entity
        };
        self.crm.schema.entity(name).map(AsRef::as_ref)
    }

    fn related_rows(
        &self,
        store: &Store,
        entity: &Entity,
        link: &Link,
        target: &Entity,
        record: &Record,
    ) -> Vec<super::listing::Row> {
        let shown = target
            .link(&link.foreign)
            .map(Link::column_attributes)
            .unwrap_or_default();
        let ends = related(&self.crm.schema, store, entity, link, record);
        ends.into_iter()
            .filter_map(|end| {
                let row = store.live(&target.name, &end.id)?.clone();
                let columns = shown.iter().map(|(column, attribute)| {
                    (
                        attribute.clone(),
                        end.columns.get(column).cloned().unwrap_or(Value::Null),
                    )
                });
                Some((row, columns.collect()))
            })
            .collect()
    }

    pub(crate) fn link(&self, entity: &Entity, id: &str, name: &str) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let mut store = self.crm.write();
        let link = self.linkable(&store, entity, id, name)?;
        let ids = match self.mass_ids(&store, link, &payload)? {
            Some(ids) => ids,
            None => body_ids(&payload),
        };
        for other in &ids {
            self.check_foreign(&store, entity, link, other)?;
            self.attach(&mut store, entity, id, link, other, Map::new());
            super::notes::related(self, &mut store, entity, id, link, other);
        }
        let named = !ids.is_empty() || payload.contains_key("massRelate");
        Ok(named.into())
    }

    pub(crate) fn unlink(&self, entity: &Entity, id: &str, name: &str) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let mut store = self.crm.write();
        let link = self.linkable(&store, entity, id, name)?;
        let ids = body_ids(&payload);
        for other in &ids {
            self.check_foreign(&store, entity, link, other)?;
            self.detach(&mut store, entity, id, link, other);
        }
        Ok((!ids.is_empty()).into())
    }

    /// The link, when the record exists, may be changed and has it.
    fn linkable<'e>(
        &self,
        store: &Store,
        entity: &'e Entity,
        id: &str,
        name: &str,
    ) -> Result<&'e Link, Refusal> {
        let record = store
            .live(&entity.name, id)
            .ok_or_else(|| Refusal::because(404, ""))?;
        if !self.may(store, entity, record, Deed::Edit) {
            return Err(Refusal::link_access(&entity.name, name, false));
        }
        let link = entity.link(name).ok_or_else(|| {
            Refusal::because(
                404,
                format!("Entity {} does not have link {name}.", entity.name),
            )
        })?;
        if !link.is_many() {
            return Err(Refusal::because(
                403,
                "Only manyMany, hasMany & hasChildren relations are allowed.",
            ));
        }
        Ok(link)
    }

    fn check_foreign(
        &self,
        store: &Store,
        entity: &Entity,
        link: &Link,
        other: &str,
    ) -> Result<(), Refusal> {
        let record = store
            .live(&link.entity, other)
            .ok_or_else(|| Refusal::because(404, ""))?;
        let target = self
            .crm
            .schema
            .entity(&link.entity)
            .ok_or_else(|| Refusal::because(404, ""))?;
        if self.may(store, target, record, Deed::Edit) {
            return Ok(());
        }
        Err(Refusal::link_access(&entity.name, &link.name, true))
    }

    /// The ids a filter stands for, when the client asks for a mass relation.
    fn mass_ids(
        &self,
        store: &Store,
        link: &Link,
        payload: &Map<String, Value>,
    ) -> Result<Option<Vec<String>>, Refusal> {
        if payload.get("massRelate").and_then(Value::as_bool) != Some(true) {
            return Ok(None);
        }
        let Some(target) = self.crm.schema.entity(&link.entity) else {
            return Ok(None);
        };
        let own = payload
            .get("searchParams")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let mut search = from_object(&own)?;
        search.filter.extend(
            payload
                .get("where")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
        );
        let reader = Reader {
            entity: target,
            user: self.user,
            now: self.crm.now(),
        };
        let test = reader.all(&search.filter)?;
        let view = self.view(store);
        let found = store
            .all(&target.name)
            .filter(|record| view.passes(target, record, &test));
        Ok(Some(found.map(|record| record.id.clone()).collect()))
    }
}

/// `id` or `ids`; nothing else names a record.
fn body_ids(payload: &Map<String, Value>) -> Vec<String> {
    if let Some(id) = payload.get("id").and_then(Value::as_str) {
        return vec![id.to_owned()];
    }
    let ids = payload
        .get("ids")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    ids.filter_map(Value::as_str).map(str::to_owned).collect()
}
