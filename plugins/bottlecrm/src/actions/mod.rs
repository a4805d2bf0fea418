//! The actions of `crm_action`: one row per action, with its effect, its parameters and what it may
//! send. The effect depends on the action alone, so that the host can tell it from the arguments.

mod approval;
mod billing;
mod board;
mod comment;
mod convert;
mod outcome;
mod support;
mod tool;

use portcullis_sdk::{
    Call, Case, Effect, Failure, Method, Response, Route, RouteExt, case, code, text,
};
use serde_json::{Map, Value, json};

use crate::{
    crm::{self, Record},
    entity::{self, Entity},
    errors::About,
    fields::Field,
    routes, shape,
};

pub(crate) use tool::{list, preview, run};

use outcome::{not_applied, not_now, proven, unseen};

/// Names of actions, for the schema of arguments.
pub(crate) const NAMES: &[&str] = &[
    "comment",
    "add_comment",
    "edit_comment",
    "delete_comment",
    "convert",
    "move",
    "send",
    "mark_paid",
    "pay",
    "cancel",
    "duplicate",
    "from_opportunity",
    "from_time_entries",
    "watch",
    "unwatch",
    "merge",
    "unmerge",
    "link",
    "close_with_children",
    "start_timer",
    "stop_timer",
    "log_time",
    "time_summary",
    "request_approval",
    "approve",
    "reject",
    "publish",
    "unpublish",
    "link_solution",
    "unlink_solution",
    "suggest_solutions",
];

type Run = fn(&Asked<'_>) -> Result<Record, Failure>;
type Preview = fn(&Asked<'_>) -> Result<Value, Failure>;

/// One action on some entities.
pub(crate) struct Action {
    pub(crate) name: &'static str,
    /// Another name under which it can be called.
    pub(crate) also: Option<&'static str>,
    pub(crate) entities: &'static [&'static str],
    pub(crate) effect: Effect,
    /// Whether nothing brings back what was before.
    pub(crate) irreversible: bool,
    pub(crate) about: &'static str,
    pub(crate) params: &'static [Field],
    pub(crate) run: Run,
    /// What it would do; for destructive and outward actions.
    pub(crate) preview: Option<Preview>,
    pub(crate) routes: fn() -> Vec<Route>,
}

/// An action that was asked for, its parameters checked.
pub(crate) struct Asked<'c> {
    pub(crate) call: &'c Call<'c>,
    pub(crate) entity: &'static Entity,
    pub(crate) id: &'c str,
    pub(crate) action: &'static Action,
    pub(crate) params: Record,
}

/// All rows, grouped by what they are about.
fn all() -> impl Iterator<Item = &'static Action> + Clone {
    [
        comment::ACTIONS,
        convert::ACTIONS,
        board::ACTIONS,
        billing::ACTIONS,
        support::ACTIONS,
        approval::ACTIONS,
    ]
    .into_iter()
    .flatten()
}

/// The actions of an entity.
pub(crate) fn of(entity: &Entity) -> Vec<&'static str> {
    all()
        .filter(|action| action.entities.contains(&entity.name))
        .map(|action| action.name)
        .collect()
}

fn find(entity: &Entity, name: &str) -> Result<&'static Action, Failure> {
    let wanted = name.trim().to_lowercase().replace('-', "_");
    let is_it = |action: &&Action| {
        action.entities.contains(&entity.name)
            && (action.name == wanted || action.also == Some(wanted.as_str()))
    };
    all().find(is_it).ok_or_else(|| {
        let known = of(entity);
        let list = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        Failure::bad_input(
            code::INVALID_ARGUMENT,
            format!("{} have no action {name}; they have {list}", entity.name),
        )
        .at("/action")
        .suggest_some(text::did_you_mean(name, known))
    })
}

/// The cases of the tool: each action's effect, and routes for the entities that have it.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for action in all() {
        let names: Vec<&str> = [Some(action.name), action.also]
            .into_iter()
            .flatten()
            .collect();
        let mut routes: Vec<Route> = (action.routes)()
            .into_iter()
            .map(|route| bound(action, route))
            .collect();
        routes.extend(reads(action));
        let previews = match action.preview {
            Some(_) => routes
                .iter()
                .filter(|route| route.method == Method::Get)
                .cloned()
                .collect(),
            None => Vec::new(),
        };
        let pointer = |case: &&mut Case| case.when["/action"].contains(&action.name.into());
        match cases.iter_mut().find(pointer) {
            Some(case) => {
                debug_assert_eq!(case.effect, action.effect, "{}", action.name);
                case.routes.extend(routes);
                case.preview_routes.extend(previews);
            }
            None => {
                let mut new = case("/action", &names, action.effect, routes);
                new.preview_routes = previews;
                cases.push(new);
            }
        }
    }
    for case in &mut cases {
        once(&mut case.routes);
        once(&mut case.preview_routes);
    }
    cases
}

/// A request that changes something is for calls that name its entity, has no query, and holds no
/// member but those of the parameters unless the action says otherwise.
fn bound(action: &Action, route: Route) -> Route {
    if matches!(route.method, Method::Get | Method::Head) {
        return route;
    }
    let is_below = |entity: &&Entity| {
        let path = format!("{}/", entity.path.join("/"));
        action.entities.contains(&entity.name) && route.path.starts_with(&path)
    };
    let entities = match entity::all().find(is_below) {
        Some(own) => vec![own.name],
        None => action.entities.to_vec(),
    };
    let has_body = route.method != Method::Delete;
    let open = route.only.is_empty();
    let route = route.when("/entity", entities).query_free(&[]);
    if has_body && open {
        route.only("", &["/params"])
    } else {
        route
    }
}

fn once(routes: &mut Vec<Route>) {
    let all = std::mem::take(routes);
    for route in all {
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
}

/// The record itself, and what names among the parameters are resolved with.
fn reads(action: &Action) -> Vec<Route> {
    let mut reads: Vec<Route> = action
        .entities
        .iter()
        .filter_map(|name| entity::all().find(|entity| entity.name == *name))
        .filter(|entity| entity.get.is_ok())
        .map(routes::record)
        .collect();
    if action.entities.contains(&"approvals") {
        reads.push(portcullis_sdk::get("api/cases/approvals"));
    }
    reads.extend(
        action
            .params
            .iter()
            .flat_map(|field| routes::lookups_of(field.kind)),
    );
    reads
}

impl<'c> Asked<'c> {
    fn about(&self) -> About<'_> {
        About::acting(self.entity.one, self.action.name).id(self.id)
    }

    /// The record that the action is on.
    fn record(&self) -> Result<Record, Failure> {
        crm::record(self.call, self.entity, self.id)
    }

    /// Sends the action's request below the record and reads its answer.
    fn send(
        &self,
        method: Method,
        below: &[&str],
        body: Option<&Value>,
    ) -> Result<Record, Failure> {
        let path = self.entity.below(self.id, below);
        self.send_to(method, path, body)
    }

    fn send_to(
        &self,
        method: Method,
        path: Vec<String>,
        body: Option<&Value>,
    ) -> Result<Record, Failure> {
        let http = self.call.http();
        let ask = match method {
            Method::Delete => http.delete(path),
            Method::Patch => http.patch(path),
            Method::Put => http.put(path),
            Method::Get | Method::Head => http.get(path),
            Method::Post => http.post(path),
        };
        let ask = match body {
            Some(body) => ask.json(body),
            None => ask,
        };
        told(&crm::send(ask, &self.about())?)
    }

    /// The parameters as a body.
    fn body(&self) -> Value {
        Value::Object(self.params.clone())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.params.get(name).and_then(Value::as_str)
    }
}

/// An answer of an action: an object, or nothing at all.
fn told(response: &Response) -> Result<Record, Failure> {
    if response.body.is_empty() {
        return Ok(Record::new());
    }
    match response.decode()? {
        Value::Object(map) => Ok(map
            .into_iter()
            .filter(|(key, _)| key != "error")
            .map(shown)
            .collect()),
        other => Ok([("answer".to_owned(), other)].into_iter().collect()),
    }
}

/// A record within an answer is shown like a row of its list.
fn shown((key, value): (String, Value)) -> (String, Value) {
    let entity = match key.as_str() {
        "invoice" => "invoices",
        "estimate" => "estimates",
        "case" | "target_case" | "source_case" => "cases",
        "lead" => "leads",
        "opportunity" => "opportunities",
        "task" => "tasks",
        _ => return (key, shape::reduce(&value, shape::Depth::Record, 1)),
    };
    let row = entity::all()
        .find(|known| known.name == entity)
        .zip(value.as_object())
        .map(|(entity, record)| Value::Object(shape::row(record, entity.row, false)));
    (key, row.unwrap_or(value))
}

/// A preview: a sentence, the record in short, and what a person should know first.
fn what(asked: &Asked<'_>, summary: String, record: &Record, warnings: &[String]) -> Value {
    let mut preview = Map::new();
    preview.insert("summary".to_owned(), summary.into());
    preview.insert("action".to_owned(), asked.action.name.into());
    preview.insert("entity".to_owned(), asked.entity.name.into());
    preview.insert("id".to_owned(), asked.id.into());
    preview.insert(
        "record".to_owned(),
        Value::Object(shape::row(record, asked.entity.row, false)),
    );
    // A change of what the row does not show is a change, too.
    if let Some(updated) = record.get("updated_at") {
        preview.insert("updated_at".to_owned(), updated.clone());
    }
    if !asked.params.is_empty() {
        preview.insert("params".to_owned(), asked.body());
    }
    if !warnings.is_empty() {
        preview.insert("warnings".to_owned(), json!(warnings));
    }
    Value::Object(preview)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_listed_and_has_one_effect() {
        for action in all() {
            for name in [Some(action.name), action.also].into_iter().flatten() {
                assert!(NAMES.contains(&name), "{name}");
            }
            let same = all().filter(|other| other.name == action.name);
            assert!(
                same.clone()
                    .all(|other| other.effect == action.effect && other.also == action.also),
                "{}",
                action.name
            );
            assert_eq!(
                action.effect.needs_confirmation(),
                action.preview.is_some(),
                "{}",
                action.name
            );
            assert!(
                !action.irreversible || action.preview.is_some(),
                "{} is shown first",
                action.name
            );
            for name in action.entities {
                assert!(entity::find(name).is_ok(), "{name}");
            }
        }
        for name in NAMES {
            assert!(
                all().any(|action| action.name == *name || action.also == Some(*name)),
                "{name}"
            );
        }
    }
}
