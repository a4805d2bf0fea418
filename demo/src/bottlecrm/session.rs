//! One admitted request: who calls, on which route, and the records of their organisation.
//!
//! The rules of who sees and changes what are here, because every handler needs them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::answer::Reply;
use super::dates::day_of;
use super::request::Call;
use super::schema::{self, Entity};
use super::store::{Making, Record, Store};
use super::tokens::{Caller, Token};
use super::view::View;
use super::{Options, dates};

/// One admitted request.
pub(crate) struct Session<'a> {
    pub(crate) options: &'a Options,
    pub(crate) store: &'a mut Store,
    pub(crate) tokens: &'a mut Vec<Token>,
    pub(crate) who: Caller,
    pub(crate) call: &'a Call,
    /// The UUIDs of the path, in order.
    pub(crate) ids: Vec<String>,
    /// The first segment after `api`.
    pub(crate) kind: String,
    pub(crate) now: Timestamp,
}

/// What a caller wants to do with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Read,
    Change,
    Delete,
}

impl Session<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        View {
            store: self.store,
            org: &self.who.org,
            now: self.now,
        }
    }

    pub(crate) fn today(&self) -> Date {
        day_of(self.now)
    }

    /// The table of an entity by its name.
    pub(crate) fn entity(&self, name: &str) -> Result<&'static Entity, Reply> {
        schema::find(name).ok_or_else(|| Reply::page(404))
    }

    pub(crate) fn get(&self, kind: &str, id: &str) -> Option<&Record> {
        self.store.get(&self.who.org, kind, id)
    }

    pub(crate) fn get_mut(&mut self, kind: &str, id: &str) -> Option<&mut Record> {
        self.store.get_mut(&self.who.org, kind, id)
    }

    /// Makes a record of the caller's organisation.
    pub(crate) fn make(&mut self, kind: &str, data: Map<String, Value>) -> String {
        let making = Making {
            org: &self.who.org,
            by: &self.who.user,
            at: self.now,
        };
        self.store.make(&making, kind, data)
    }

    /// Changes a record and its time of change.
    pub(crate) fn change(&mut self, kind: &str, id: &str, change: impl FnOnce(&mut Record)) {
        let now = self.now;
        if let Some(record) = self.get_mut(kind, id) {
            change(record);
            record.updated = now;
        }
    }

    /// Whether the caller sees a record in lists: what they made, what is theirs, or everything.
    pub(crate) fn sees(&self, record: &Record) -> bool {
        if self.who.is_admin || self.owns(record) || record.holds("assigned_to", &self.who.profile)
        {
            return true;
        }
        record.kind == "contacts"
            && self
                .store
                .all(&self.who.org, "accounts")
                .filter(|account| {
                    account.holds("contacts", &record.id) || record.text("account") == account.id
                })
                .any(|account| account.holds("assigned_to", &self.who.profile))
    }

    pub(crate) fn owns(&self, record: &Record) -> bool {
        record.by == self.who.user
    }

    /// A record for what the caller wants with it, or the refusal of its entity.
    pub(crate) fn reach(&self, kind: &str, id: &str, wish: Wish) -> Result<&Record, Reply> {
        let found = self.get(kind, id).filter(|record| !record.is("deleted"));
        let record = found.ok_or_else(|| missing(kind))?;
        let watches = kind == "cases" && record.holds("watchers", &self.who.profile);
        let allowed = match wish {
            Wish::Read => self.sees(record) || watches || kind == "solutions",
            Wish::Change => self.sees(record),
            Wish::Delete => self.who.is_admin || self.owns(record),
        };
        if allowed {
            Ok(record)
        } else {
            Err(forbidden(kind, wish))
        }
    }

    /// Refuses whoever is no administrator.
    pub(crate) fn admin_or(&self, refusal: Reply) -> Result<(), Reply> {
        if self.who.is_admin {
            Ok(())
        } else {
            Err(refusal)
        }
    }

    /// Writes a line of the organisation's history.
    pub(crate) fn note(&mut self, action: &str, model: &str, id: &str, name: &str) {
        let line =
            json!({"action": action, "entity_type": model, "entity_id": id, "entity_name": name});
        if let Value::Object(line) = line {
            self.make("activities", line);
        }
    }

    /// `?limit=&offset=`; whatever is no number above zero is 10 and 0.
    pub(crate) fn page(&self) -> (usize, usize) {
        let number = |name: &str| self.call.param(name)?.parse::<usize>().ok();
        let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(10);
        (limit, number("offset").unwrap_or(0))
    }

    /// A page with its neighbours' addresses, as the paginated lists have it.
    pub(crate) fn paginated(&self, rows: &[Value]) -> Map<String, Value> {
        let (limit, offset) = self.page();
        let host = self.call.header("host").unwrap_or("localhost");
        let address = |offset: usize| {
            let path = &self.call.path;
            let base = &self.options.base;
            let query = if offset == 0 {
                format!("limit={limit}")
            } else {
                format!("limit={limit}&offset={offset}")
            };
            json!(format!("http://{host}{base}{path}?{query}"))
        };
        let next = (offset + limit < rows.len()).then(|| address(offset + limit));
        let previous = (offset > 0).then(|| address(offset.saturating_sub(limit)));
        let page: Vec<Value> = rows.iter().skip(offset).take(limit).cloned().collect();
        let whole =
            json!({"count": rows.len(), "next": next, "previous": previous, "results": page});
        object(whole)
    }

    /// The time of day as the API prints it.
    pub(crate) fn stamp(&self) -> String {
        dates::moment(self.now)
    }
}

/// The map of an object; empty for any other value.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What an entity says of a record that is not there.
pub(crate) fn missing(kind: &str) -> Reply {
    let text = schema::find(kind).map_or("Not found.", |entity| &entity.words.missing);
    match kind {
        "opportunities" => Reply::errors(404, text),
        "invoices" | "estimates" | "products" => Reply::message(404, text),
        _ => Reply::detail(404, text),
    }
}

fn forbidden(kind: &str, wish: Wish) -> Reply {
    let text = "You do not have Permission to perform this action";
    match (kind, wish) {
        ("leads", Wish::Delete) => {
            Reply::errors(403, "you don't have permission to delete this lead")
        }
        ("contacts", Wish::Delete) => {
            Reply::errors(403, "You don't have permission to perform this action.")
        }
        ("leads", Wish::Change) | ("opportunities", Wish::Delete) => Reply::errors(403, text),
        ("invoices" | "estimates" | "products", _) => Reply::message(403, "Permission denied"),
        _ => Reply::detail(403, text),
    }
}
