//! Following, starring and pinning: what a person does with a stream beside writing in it.

use serde_json::{Map, Value};

use super::errors::Refusal;
use super::query::search_of;
use super::router::{Reply, Session};
use super::schema::Entity;

impl Session<'_> {
    pub(crate) fn pin(&self, id: &str) -> Result<Reply, Refusal> {
        let mut store = self.crm.write();
        store
            .live("Note", id)
            .ok_or_else(|| Refusal::because(404, "").html())?;
        let pinned = self.call.method == "POST";
        store.edit("Note", id, |note| note.set("isPinned", pinned));
        Ok(true.into())
    }

    pub(crate) fn followers(&self, entity: &Entity, id: &str) -> Result<Reply, Refusal> {
        let search = search_of(self.call)?;
        let store = self.crm.read();
        self.allow_stream(&store, entity, id)?;
        let Some(users) = self.crm.schema.entity("User") else {
            return Err(Refusal::bare(500));
        };
        let ids = store.followers.get(id).map_or(&[][..], Vec::as_slice);
        let rows = ids
            .iter()
            .filter_map(|id| Some((store.live("User", id)?.clone(), Map::new())))
            .collect();
        self.view(&store)
            .list(users, &search, rows, self.crm.now())
            .map(Reply::Json)
    }

    pub(crate) fn change_followers(
        &self,
        entity: &Entity,
        id: &str,
        add: bool,
    ) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let mut store = self.crm.write();
        self.allow_stream(&store, entity, id)?;
        let ids = payload
            .get("ids")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
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
        store
            .live(&entity.name, id)
            .ok_or_else(|| Refusal::because(404, "").html())?;
        if self.call.method == "PUT" && self.user.kind == "api" {
            return Err(Refusal::because(403, "Not allowed for non-internal users.").html());
        }
        Ok(true.into())
    }
}
