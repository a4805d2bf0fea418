//! E-mail templates: placeholders are filled from what is known, and stay when nothing is.

use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::record::Deed;
use super::router::{Reply, Session};
use super::store::{Record, Store};
use super::users::Level;
use super::view::View;
use super::where_clause::text_of;

/// A record and the prefix its placeholders have.
type Source<'a> = (String, &'a str, &'a Record);

impl Session<'_> {
    pub(crate) fn prepare_template(&self, id: &str) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let entity = self.entity("EmailTemplate")?;
        if self.reach_of(entity, Deed::Read) == Level::No {
            return Err(Refusal::because(403, "").html());
        }
        let store = self.crm.read();
        let template = store
            .live("EmailTemplate", id)
            .ok_or_else(|| Refusal::because(404, "").html())?;
        let view = self.view(&store);
        let sources = self.sources(&store, &payload);
        let fill = |name: &str| fill(&view, template.text(name).unwrap_or_default(), &sources);
        Ok(json!({
            "subject": fill("subject"), "body": fill("body"), "isHtml": template.get("isHtml"),
            "attachmentsIds": [], "attachmentsNames": {},
        })
        .into())
    }

    /// The parent, the related record, a person and the caller; a missing one is simply not there.
    fn sources<'s>(&self, store: &'s Store, payload: &'s Map<String, Value>) -> Vec<Source<'s>> {
        let text = |name: &str| payload.get(name).and_then(Value::as_str);
        let record = |kind: &str, id: &str| {
            store
                .live(text(kind)?, text(id)?)
                .map(|record| (text(kind).unwrap_or_default(), record.as_ref()))
        };
        let parent = record("parentType", "parentId");
        let related = record("relatedType", "relatedId");
        let by_address = text("emailAddress").and_then(|address| person_at(store, address));
        let person = by_address.or(parent.filter(|(kind, _)| is_person(kind)));
        let mut sources: Vec<Source<'s>> = Vec::new();
        for (kind, record) in [parent, related].into_iter().flatten() {
            sources.push((kind.to_owned(), kind, record));
        }
        sources.extend(parent.map(|(kind, record)| ("Parent".to_owned(), kind, record)));
        sources.extend(person.map(|(kind, record)| ("Person".to_owned(), kind, record)));
        sources.extend(
            store
                .live("User", &self.user.id)
                .map(|user| ("User".to_owned(), "User", user.as_ref())),
        );
        sources
    }
}

fn is_person(kind: &str) -> bool {
    matches!(kind, "Contact" | "Lead" | "User")
}

fn person_at<'s>(store: &'s Store, address: &str) -> Option<(&'s str, &'s Record)> {
    ["Contact", "Lead", "User"].into_iter().find_map(|kind| {
        let has_it = |record: &&std::sync::Arc<Record>| {
            record
                .text("emailAddress")
                .is_some_and(|own| own.eq_ignore_ascii_case(address))
        };
        store
            .all(kind)
            .find(has_it)
            .map(|record| (kind, record.as_ref()))
    })
}

fn fill(view: &View<'_>, text: &str, sources: &[Source<'_>]) -> String {
    let mut filled = text.to_owned();
    for (prefix, kind, record) in sources {
        let Some(entity) = view.schema.entity(kind) else {
            continue;
        };
        for attribute in entity
            .attributes
            .iter()
            .filter(|attribute| attribute.is_searchable())
        {
            let placeholder = format!("{{{prefix}.{}}}", attribute.name);
            if filled.contains(&placeholder) {
                filled = filled.replace(
                    &placeholder,
                    &text_of(&view.value(entity, record, attribute)),
                );
            }
        }
    }
    filled
}
