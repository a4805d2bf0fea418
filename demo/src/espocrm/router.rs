//! From a path to a verb on a thing, the way EspoCRM routes.
//!
//! The path is decoded before it is cut, an unknown shape is a 404 with a JSON body, a known shape
//! with a wrong verb a 405, and only then does anybody ask who is calling.

use serde_json::{Value, json};

use super::Inner;
use super::errors::Refusal;
use super::request::Call;
use super::schema::Entity;
use super::store::Store;
use super::users::User;
use super::view::View;

/// A successful answer.
pub(crate) enum Reply {
    Json(Value),
    /// JSON, and a header that says links changed.
    LinksChanged(Value),
    /// 200 with an empty body: metadata nobody may see.
    Nothing,
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

impl From<bool> for Reply {
    fn from(done: bool) -> Self {
        Self::Json(json!(done))
    }
}

/// One authenticated call.
pub(crate) struct Session<'a> {
    pub(crate) crm: &'a Inner,
    pub(crate) user: &'a User,
    pub(crate) call: &'a Call,
}

type Answer = Result<Reply, Refusal>;

impl<'a> Session<'a> {
    pub(crate) fn view(&self, store: &'a Store) -> View<'a> {
        View {
            schema: &self.crm.schema,
            store,
            user: self.user,
        }
    }

    /// An entity by its name in the path; the first letter may be small. Some exist for
    /// administrators only.
    pub(crate) fn entity(&self, name: &str) -> Result<&'a Entity, Refusal> {
        let capital = capitalized(name);
        let known = self
            .crm
            .schema
            .entity(&capital)
            .filter(|entity| entity.name != "Attachment");
        known
            .map(AsRef::as_ref)
            .ok_or_else(|| match capital.as_str() {
                "Role" | "Attachment" => Refusal::no_access("read"),
                _ => Refusal::no_controller(name),
            })
    }

    /// Carries the call out.
    pub(crate) fn run(&self, segments: &[&str]) -> Answer {
        match (self.call.method.as_str(), segments) {
            ("GET", ["App", "user"]) => Ok(self.app_user().into()),
            ("GET", ["App", "about"]) => Ok(self.about().into()),
            ("GET", ["Metadata"]) => Ok(self.metadata()),
            ("GET", ["Settings"]) => Ok(self.settings().into()),
            ("GET", ["Stream"]) => self.own_stream(),
            ("GET", ["GlobalStream"]) => self.global_stream(),
            ("GET", ["Kanban", entity]) => self.board(entity),
            ("PUT", ["Kanban", "order"]) => self.order_board(),
            ("POST", ["EmailTemplate", id, "prepare"]) => self.prepare_template(id),
            ("GET", ["EmailAddress", "search"]) => self.search_addresses(),
            (_, [entity]) => self.on_collection(entity),
            (method, [entity, "action", action]) => self.on_action(entity, method, action),
            (_, [entity, id]) => self.on_record(entity, id),
            (_, [entity, id, link]) => self.on_link(entity, id, link),
            _ => Err(Refusal::no_route()),
        }
    }

    fn on_collection(&self, name: &str) -> Answer {
        match self.call.method.as_str() {
            "GET" => self.list(self.entity(name)?),
            "POST" => match self.entity(name)? {
                entity if entity.name == "Note" => self.post_note(entity),
                entity if entity.name == "Email" => self.create_email(entity),
                entity => self.create(entity),
            },
            method => Err(Refusal::no_action(method, "list", &self.entity(name)?.name)),
        }
    }

    fn on_action(&self, name: &str, method: &str, action: &str) -> Answer {
        let entity = self.entity(name)?;
        match (method, action) {
            ("POST", "restoreDeleted") => self.restore(entity),
            _ => Err(Refusal::no_action(method, action, &entity.name)),
        }
    }

    fn on_record(&self, name: &str, id: &str) -> Answer {
        let entity = self.entity(name)?;
        match self.call.method.as_str() {
            "GET" => self.read(entity, id),
            "PUT" | "PATCH" => self.update(entity, id),
            _ => self.delete(entity, id),
        }
    }

    fn on_link(&self, name: &str, id: &str, link: &str) -> Answer {
        let entity = self.entity(name)?;
        match (self.call.method.as_str(), link) {
            ("GET", "stream") => self.stream(entity, id, false),
            ("GET", "posts") => self.stream(entity, id, true),
            ("GET", "updateStream") => self.update_stream(entity, id),
            ("GET", "followers") => self.followers(entity, id),
            ("POST", "followers") => self.change_followers(entity, id, true),
            ("DELETE", "followers") => self.change_followers(entity, id, false),
            ("PUT" | "DELETE", "subscription") => self.subscribe(entity, id),
            ("PUT" | "DELETE", "starSubscription") => self.star(entity, id),
            ("POST" | "DELETE", "pin") if entity.name == "Note" => self.pin(id),
            ("GET", _) => self.list_link(entity, id, link),
            ("POST", _) => self.link(entity, id, link),
            ("DELETE", _) => self.unlink(entity, id, link),
            (method, _) => Err(Refusal::no_action(method, link, &entity.name)),
        }
    }
}

/// What the shape of the path allows, before anybody logs in. `None`: no such route.
pub(crate) fn allowed(segments: &[&str]) -> Option<&'static str> {
    if segments.iter().any(|part| part.is_empty()) {
        return None;
    }
    match segments {
        ["App", "user" | "about"]
        | ["Metadata" | "Settings" | "I18n" | "Stream" | "GlobalStream"] => Some("GET"),
        ["Kanban", "order"] => Some("PUT"),
        ["Kanban", _] | ["EmailAddress", "search"] => Some("GET"),
        ["EmailTemplate", _, "prepare"] => Some("POST"),
        [_] => Some("GET, POST"),
        [_, "action", _] => Some("GET, POST, PUT"),
        [_, _, "subscription" | "starSubscription"] => Some("PUT, DELETE"),
        [_, _] => Some("GET, PUT, PATCH, DELETE"),
        [_, _, _] => Some("GET, POST, DELETE"),
        _ => None,
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
