//! Changing records, with the check for changes made by others meanwhile.

use serde_json::{Map, Value};

use super::errors::Refusal;
use super::hooks;
use super::input::Input;
use super::record::Deed;
use super::router::{Reply, Session};
use super::schema::Entity;
use super::store::{Record, Store};
use super::validate::Candidate;
use crate::clock::stamp;

impl Session<'_> {
    pub(crate) fn update(&self, entity: &Entity, id: &str) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let mut store = self.crm.write();
        let before = self.existing(&store, entity, id, Deed::Edit)?;
        let input = Input::read(entity, &payload, false)?;
        self.refuse_stale(entity, &before, &input)?;
        let after = self.changed(&store, entity, &before, &input)?;
        let sends = hooks::tries_to_send(entity, &before, &after);
        self.save(&mut store, entity, &before, after, &input);
        if sends {
            return Err(Refusal::bare(500));
        }
        self.updated(&store, entity, &before, &input)
    }

    /// The version the client read must still be the one it changes, field by field.
    fn refuse_stale(&self, entity: &Entity, record: &Record, input: &Input) -> Result<(), Refusal> {
        let Some(read) = self
            .call
            .header("x-version-number")
            .and_then(|text| text.parse::<u64>().ok())
        else {
            return Ok(());
        };
        if !entity.versioned || read == record.version {
            return Ok(());
        }
        let newer = |name: &String| {
            record
                .changed
                .get(name)
                .is_some_and(|version| *version > read)
        };
        let values: Map<String, Value> = input
            .values
            .keys()
            .filter(|name| newer(name))
            .map(|name| (name.clone(), record.get(name).clone()))
            .collect();
        if values.is_empty() {
            Ok(())
        } else {
            Err(Refusal::modified(&Value::Object(values), record.version))
        }
    }

    fn changed(
        &self,
        store: &Store,
        entity: &Entity,
        before: &Record,
        input: &Input,
    ) -> Result<Record, Refusal> {
        let mut after = before.clone();
        after.values.extend(input.values.clone());
        hooks::before_update(self, store, entity, before, &mut after, input)?;
        let candidate = Candidate {
            schema: &self.crm.schema,
            entity,
            values: &after.values,
            input,
            creating: false,
        };
        candidate.validate()?;
        self.check_links(store, entity, input)?;
        Ok(after)
    }

    fn save(
        &self,
        store: &mut Store,
        entity: &Entity,
        before: &Record,
        mut after: Record,
        input: &Input,
    ) {
        after.version = before.version + 1;
        for (name, value) in &after.values {
            if before.get(name) != value {
                after.changed.insert(name.clone(), after.version);
            }
        }
        if entity.attribute("modifiedAt").is_some() {
            after.set("modifiedAt", stamp(self.crm.now()));
            after.set("modifiedById", self.user.id.clone());
        }
        store.put(&entity.name, after);
        self.set_links(store, entity, &before.id, input);
        hooks::after_update(self, store, entity, before);
    }

    /// The whole record; the list of addresses is still the old one when only the address was sent.
    fn updated(
        &self,
        store: &Store,
        entity: &Entity,
        before: &Record,
        input: &Input,
    ) -> Result<Reply, Refusal> {
        let record = store
            .live(&entity.name, &before.id)
            .ok_or(Refusal::bare(500))?;
        let mut shown = self.view(store).detail(entity, record);
        for (address, data) in [
            ("emailAddress", "emailAddressData"),
            ("phoneNumber", "phoneNumberData"),
        ] {
            if input.has(address) && !input.has(data) && !before.get(data).is_null() {
                shown[data] = before.get(data).clone();
            }
        }
        let relinked = !input.links.is_empty()
            || entity
                .links
                .iter()
                .any(|link| input.has(&link.id_attribute()));
        Ok(if relinked {
            Reply::LinksChanged(shown)
        } else {
            Reply::Json(shown)
        })
    }
}
