//! Linking and unlinking.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Answer, message};
use crate::suitecrm::users::Act;
use crate::suitecrm::work::Work;

impl Work<'_> {
    /// Through the first link that leads to the type.
    pub(super) fn relate_by_type(&mut self, name: &str, id: &str, body: &Value) -> Answer {
        let module = self.module_v8(name, Act::Access)?;
        self.row_v8(module, id)?;
        let (kind, other_id) = target(body)?;
        let other = self.module_v8(kind, Act::Access)?;
        self.row_v8(other, other_id)?;
        let link = module.links.iter().find(|link| link.module == kind);
        let link = link.ok_or_else(|| Refusal::no_link(kind, &module.object))?;
        self.store.relate(module, id, link, other_id, true);
        Ok((
            201,
            message(&format!(
                "{} with id {other_id} has been added to {} with id {id}",
                other.object, module.object
            )),
        ))
    }

    pub(super) fn relate_by_link(
        &mut self,
        name: &str,
        id: &str,
        link: &str,
        body: &Value,
    ) -> Answer {
        let module = self.module_v8(name, Act::Access)?;
        self.row_v8(module, id)?;
        let (link, other) = self.link_v8(module, link)?;
        let (_, other_id) = target(body)?;
        self.row_v8(other, other_id)?;
        self.store.relate(module, id, link, other_id, true);
        let words = format!(
            "{} record with id {other_id} has been related to {name} record with id {id} using link {}",
            other.name, link.name
        );
        Ok((
            201,
            json!({
                "meta": {
                    "message": words,
                    "sourceModule": module.name, "sourceModuleLabel": module.label, "sourceId": id,
                    "relatedModule": other.name, "relatedModuleLabel": other.label,
                    "relatedId": other_id, "relationshipLink": link.name,
                },
                "data": [],
            }),
        ))
    }

    pub(super) fn unrelate_v8(
        &mut self,
        name: &str,
        id: &str,
        link: &str,
        other_id: &str,
    ) -> Answer {
        let module = self.module_v8(name, Act::Access)?;
        self.row_v8(module, id)?;
        let (link, other) = self.link_v8(module, link)?;
        self.row_v8(other, other_id)?;
        self.store.relate(module, id, link, other_id, false);
        Ok((
            200,
            message(&format!(
                "Relationship has been deleted between {} with id {id} and {} with id {other_id}",
                module.object, other.object
            )),
        ))
    }
}

/// Type and id of what is to be linked.
fn target(body: &Value) -> Result<(&str, &str), Refusal> {
    let part = |name: &str| {
        body["data"][name].as_str().ok_or_else(|| {
            Refusal::Parameters(format!("The required option \"{name}\" is missing."))
        })
    };
    Ok((part("type")?, part("id")?))
}
