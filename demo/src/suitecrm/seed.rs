//! The invented company: about two hundred records around a dozen trades.
//!
//! Everything is computed from short tables and the present day, so that two runs have the same ids
//! and names, and the dates are always this month's. People, firms and domains do not exist. Two
//! records have ids as imports leave them behind.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::schema::Schema;
use super::store::{Row, Store};
use super::users::{ADMIN_ID, USERS, User};
use super::work::Work;

/// Users, and unless the CRM shall be empty, everything else.
pub(crate) fn plant(schema: &Schema, store: &mut Store, now: Timestamp, with_records: bool) {
    for user in &USERS {
        store.put("Users", user_row(user, now));
    }
    if with_records {
        let work = Work {
            schema,
            store,
            user: &USERS[0],
            now: crate::clock::stamp(now),
            slept: 0.0,
        };
        Planter { work, now }.records();
    }
}

fn user_row(user: &User, now: Timestamp) -> Row {
    let mut row = Row::default();
    let stamp = crate::clock::stamp(now);
    for (name, value) in [
        ("id", user.id),
        ("user_name", user.name),
        ("first_name", user.first),
        ("last_name", user.last),
        ("title", user.title),
        ("is_admin", if user.is_admin { "1" } else { "0" }),
        ("status", "Active"),
        ("deleted", "0"),
        ("created_by", ADMIN_ID),
        ("modified_user_id", ADMIN_ID),
        ("system_generated_password", "0"),
        ("date_entered", stamp.as_str()),
        ("date_modified", stamp.as_str()),
    ] {
        row.set(name, value);
    }
    row
}

pub(super) struct Planter<'a> {
    pub(super) work: Work<'a>,
    now: Timestamp,
}

impl Planter<'_> {
    /// Makes a record as the API would.
    pub(super) fn add(
        &mut self,
        module: &str,
        id: Option<&str>,
        values: &[(&str, String)],
    ) -> String {
        let Some(module) = self.work.schema.module(module) else {
            return String::new();
        };
        let sent: Vec<(String, String)> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        self.work.create(module, id.map(str::to_owned), &sent)
    }

    pub(super) fn day(&self, days: i64) -> String {
        let date = self.now.to_zoned(TimeZone::UTC).date();
        date.checked_add(days.days()).unwrap_or(date).to_string()
    }

    pub(super) fn hour(&self, days: i64, hour: u8) -> String {
        format!("{} {hour:02}:00:00", self.day(days))
    }

    pub(super) fn link(&mut self, module: &str, id: &str, link: &str, other: &str) {
        let found = self
            .work
            .schema
            .module(module)
            .and_then(|module| Some((module, module.link(link)?)));
        if let Some((module, link)) = found {
            self.work.store.relate(module, id, link, other, true);
        }
    }
}
