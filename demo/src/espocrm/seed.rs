//! The invented company the demo shows: about two hundred records around a dozen trades.
//!
//! Everything is computed from short tables and the present day, so that two runs have the same ids
//! and names and the dates are always this month's. People, firms and domains do not exist.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::Inner;
use super::request::Call;
use super::router::Session;
use super::store::{Record, Store};
use super::users::User;
use crate::clock::stamp;

/// Users and teams, and unless the CRM shall be empty, everything else.
pub(crate) fn plant(crm: &Inner, with_records: bool) {
    let mut store = crm.write();
    for user in &crm.users {
        plant_user(crm, &mut store, user);
    }
    let Some(author) = crm.users.get(1) else {
        return;
    };
    let call = Call::internal();
    let session = Session {
        crm,
        user: author,
        call: &call,
    };
    let mut planter = Planter {
        session: &session,
        store: &mut store,
        now: crm.now(),
    };
    planter.teams();
    planter.pipelines();
    planter.templates();
    if with_records {
        planter.records();
    }
}

fn plant_user(crm: &Inner, store: &mut Store, user: &User) {
    let mut record = Record {
        id: user.id.clone(),
        version: 1,
        ..Record::default()
    };
    let now = stamp(crm.now());
    for (name, value) in [
        ("userName", json!(user.user_name)),
        ("type", json!(user.kind)),
        ("lastName", json!(user.last)),
        ("isActive", json!(true)),
    ] {
        record.set(name, value);
    }
    record.set(
        "firstName",
        if user.first.is_empty() {
            Value::Null
        } else {
            json!(user.first)
        },
    );
    if let Some(address) = user.email {
        record.set("emailAddress", address);
        record.set("emailAddressData", json!([{"emailAddress": address, "lower": address, "primary": true, "optOut": false, "invalid": false}]));
    }
    record.set("createdAt", now.clone());
    record.set("modifiedAt", now);
    store.put("User", record);
}

pub(crate) struct Planter<'a, 'b> {
    pub(crate) session: &'a Session<'b>,
    pub(crate) store: &'a mut Store,
    pub(crate) now: Timestamp,
}

impl Planter<'_, '_> {
    /// Creates a record as the API would and gives its id.
    pub(crate) fn add(&mut self, entity: &str, payload: &Value) -> String {
        let Some(entity) = self.session.crm.schema.entity(entity).cloned() else {
            return String::new();
        };
        let payload: Map<String, Value> = payload.as_object().cloned().unwrap_or_default();
        match self.session.draft(self.store, &entity, &payload) {
            Ok((record, input)) => self.session.insert(self.store, &entity, record, &input),
            Err(_) => String::new(),
        }
    }

    pub(crate) fn day(&self, days: i64) -> String {
        let date = self.now.to_zoned(TimeZone::UTC).date();
        date.checked_add(days.days()).unwrap_or(date).to_string()
    }

    pub(crate) fn hour(&self, days: i64, hour: u8) -> String {
        format!("{} {hour:02}:00:00", self.day(days))
    }

    /// One of the three humans in turn.
    pub(crate) fn owner(&self, n: usize) -> String {
        self.session
            .crm
            .users
            .get(1 + n % 3)
            .map(|user| user.id.clone())
            .unwrap_or_default()
    }

    fn teams(&mut self) {
        let users = [self.owner(0), self.owner(1)];
        for (name, members) in [("Sales", &users[..]), ("Service", &users[..1])] {
            self.add("Team", &json!({"name": name, "usersIds": members.first()}));
            let team = self
                .store
                .all("Team")
                .next_back()
                .map(|team| team.id.clone())
                .unwrap_or_default();
            let link = self.session.crm.schema.entity("Team").cloned();
            if let Some((entity, link)) = link
                .as_ref()
                .and_then(|entity| Some((entity, entity.link("users")?)))
            {
                for user in members {
                    self.session
                        .attach(self.store, entity, &team, link, user, Map::new());
                }
            }
        }
    }

    fn pipelines(&mut self) {
        if !self.session.crm.version.has_pipelines() {
            return;
        }
        self.add(
            "Pipeline",
            &json!({"name": "Main", "entityType": "Opportunity", "isAvailableForAll": true}),
        );
    }

    fn templates(&mut self) {
        self.add("EmailTemplate", &json!({"name": "After a call", "subject": "Good to talk, {Person.firstName}", "isHtml": true,
            "body": "<p>Dear {Person.name},</p><p>thank you for your time. This is what we noted about {Parent.name}.</p><p>{User.name}</p>"}));
        self.add(
            "EmailTemplate",
            &json!({"name": "Payment reminder", "subject": "Reminder", "isHtml": false,
            "body": "Dear {Person.name}, a payment is still open."}),
        );
        self.add("EmailTemplate", &json!({"name": "Offer attached", "subject": "Our offer for {Account.name}", "isHtml": true,
            "body": "<p>Please find our offer attached.</p>"}));
    }
}
