//! A record as V8 shows it.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use crate::suitecrm::reply::Failure;
use crate::suitecrm::schema::{Link, Module};
use crate::suitecrm::store::Row;
use crate::suitecrm::users::Act;
use crate::suitecrm::values;
use crate::suitecrm::work::Work;

impl<'a> Work<'a> {
    /// A module the user may do something in.
    pub(super) fn module_v8(&self, name: &str, act: Act) -> Result<&'a Module, Refusal> {
        match self.module(name) {
            Ok(module) if self.user.may(act, name) => Ok(module),
            Ok(_) | Err(Failure::Denied) => Err(Refusal::denied()),
            Err(_) => Err(Refusal::Parameters(format!("Module {name} does not exist"))),
        }
    }

    pub(super) fn row_v8(&self, module: &Module, id: &str) -> Result<&Row, Refusal> {
        let row = self.store.live(&module.name, id);
        row.ok_or_else(|| Refusal::not_found(&module.name, id))
    }

    /// A link and the module at its other end.
    pub(super) fn link_v8(
        &self,
        module: &'a Module,
        name: &str,
    ) -> Result<(&'a Link, &'a Module), Refusal> {
        let link = module.link(name);
        link.and_then(|link| Some((link, self.schema.module(&link.module)?)))
            .ok_or_else(|| Refusal::no_link(name, &module.object))
    }

    /// A whole resource. `place` is what its links begin with.
    pub(super) fn resource(
        &self,
        module: &Module,
        row: &Row,
        fields: Option<&[String]>,
        place: &str,
    ) -> Value {
        let mut links = Map::new();
        for link in &module.links {
            let named = link.named.as_deref().filter(|name| !name.is_empty());
            let related = format!("{place}/relationships/{}", link.name);
            let name = named.unwrap_or(&link.module);
            // The first link to a module stands for all of them.
            if !links.contains_key(name) {
                links.insert(name.to_owned(), json!({"links": {"related": related}}));
            }
        }
        links.sort_keys();
        json!({
            "type": module.object,
            "id": row.text("id"),
            "attributes": self.attributes(module, row, fields),
            "relationships": links,
        })
    }

    /// All fields but the id, or those asked for. Links are attributes too, and always empty.
    pub(super) fn attributes(
        &self,
        module: &Module,
        row: &Row,
        fields: Option<&[String]>,
    ) -> Map<String, Value> {
        let is_wanted = |name: &str| {
            fields.map_or(name != "id", |fields| {
                fields.iter().any(|field| field == name)
            })
        };
        let values = module
            .fields
            .iter()
            .filter(|field| is_wanted(&field.name))
            .map(|field| {
                let shown = self.shown(module, row, &field.name).unwrap_or_default();
                let is_moment = field.kind == "datetime";
                (
                    field.name.clone(),
                    json!(if is_moment {
                        values::iso(&shown)
                    } else {
                        shown
                    }),
                )
            });
        let links = module.links.iter().filter(|link| is_wanted(&link.name));
        values
            .chain(links.map(|link| (link.name.clone(), json!(""))))
            .collect()
    }
}
