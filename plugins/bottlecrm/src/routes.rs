//! What each tool may send: one line per entity, for calls that name this entity, with ids bound to
//! the argument that names the record and members bound to those of the arguments.
//!
//! Read by the operator and enforced by the host; nothing here sends anything. The routes of
//! actions stand with the actions.

use portcullis_sdk::{
    Method, Route, RouteExt, delete as delete_route, get as get_route, patch, post, put,
};
use serde_json::Value;

use crate::{
    entity::{Entity, Verb, all},
    fields::{Kind, Link},
};

/// Statuses that do not convert a lead.
const UNCONVERTED: &[&str] = &["assigned", "in process", "recycled", "closed", ""];

pub(crate) fn search() -> Vec<Route> {
    let mut routes = lists();
    routes.extend(boards());
    routes.push(get_route("api/cases/{id}/time-entries"));
    routes.push(get_route("api/time-entries/unbilled"));
    routes.extend(directory());
    routes
}

pub(crate) fn get() -> Vec<Route> {
    let mut routes: Vec<Route> = records().collect();
    routes.push(get_route("api/users/get-teams-and-users"));
    routes
}

/// The record of a resource's address.
pub(crate) fn record_at() -> Vec<Route> {
    let of = |entity: &Entity| record(entity).when("/entity", [entity.name, entity.one]);
    let mut routes: Vec<Route> = with_record().map(of).collect();
    routes.push(
        get_route("api/users/get-teams-and-users")
            .when("/entity", ["people", "person", "teams", "team"]),
    );
    routes
}

pub(crate) fn create() -> Vec<Route> {
    let mut routes: Vec<Route> = all()
        .filter(|entity| entity.create.is_ok())
        .flat_map(|entity| guarded(entity, post(&entity.path.join("/"))))
        .collect();
    // The tags of a new account follow by their ids.
    routes.push(
        patch("api/accounts/{id}")
            .when("/entity", ["accounts"])
            .same("id", "made:/id")
            .query_free(&[])
            .only("", &["tags"]),
    );
    // What was made is looked for and read; its id is not known before.
    routes.extend(reading_back());
    routes.extend(boards());
    routes.extend(lookups());
    routes
}

pub(crate) fn update() -> Vec<Route> {
    let mut routes: Vec<Route> = all()
        .filter_map(|entity| match entity.update {
            Verb::Patch => Some((entity, patch(&one(entity)))),
            Verb::Put => Some((entity, put(&one(entity)))),
            Verb::None(_) => None,
        })
        .flat_map(|(entity, route)| guarded(entity, route.same("id", "/id")))
        .collect();
    routes.extend(records());
    routes.extend(lookups());
    routes
}

pub(crate) fn delete() -> Vec<Route> {
    let deletes = all()
        .filter(|entity| entity.delete.is_ok())
        .map(|entity| of(entity, delete_route(&one(entity)).same("id", "/id")));
    deletes.chain(records()).collect()
}

pub(crate) fn delete_preview() -> Vec<Route> {
    let mut routes: Vec<Route> = records().collect();
    routes.push(get_route("api/time-entries/unbilled"));
    routes
}

pub(crate) fn describe() -> Vec<Route> {
    vec![get_route("schema"), get_route("api/custom-fields")]
}

pub(crate) fn none() -> Vec<Route> {
    Vec::new()
}

pub(crate) fn live_check() -> Vec<Route> {
    let mut routes = vec![
        get_route("api/profile"),
        get_route("api/org/settings"),
        get_route("schema"),
    ];
    routes.extend(
        ["leads", "contacts", "tasks", "cases", "invoices", "tags"]
            .iter()
            .map(|name| get_route(&format!("api/{name}"))),
    );
    routes
}

/// What names are resolved with, and what is asked before something is called unknown.
pub(crate) fn lookups() -> Vec<Route> {
    let mut routes = lists();
    routes.extend(directory());
    routes.push(get_route("api/contacts/{id}"));
    routes
}

/// One record, the one of the argument.
pub(crate) fn records() -> impl Iterator<Item = Route> {
    with_record().map(record)
}

/// One record of one entity, the one of the argument.
pub(crate) fn record(entity: &Entity) -> Route {
    get_route(&one(entity)).same("id", "/id")
}

/// What a parameter's names are resolved with.
pub(crate) fn lookups_of(kind: Kind) -> Vec<Route> {
    match kind {
        Kind::One(Link::Person) | Kind::Many(Link::Person) => vec![
            get_route("api/users/get-teams-and-users"),
            get_route("api/profile"),
        ],
        Kind::One(link) | Kind::Many(link) => vec![
            get_route("api/search"),
            get_route(&format!("api/{}", link.entity())),
        ],
        _ => Vec::new(),
    }
}

fn reading_back() -> impl Iterator<Item = Route> {
    with_record().map(|entity| get_route(&one(entity)))
}

fn with_record() -> impl Iterator<Item = &'static Entity> {
    all().filter(|entity| entity.get.is_ok())
}

fn one(entity: &Entity) -> String {
    format!("{}/{{id}}", entity.path.join("/"))
}

fn lists() -> Vec<Route> {
    let mut paths: Vec<String> = all().map(|entity| entity.path.join("/")).collect();
    paths.retain(|path| path != "api/time-entries");
    paths.dedup();
    paths.iter().map(|path| get_route(path)).collect()
}

fn boards() -> impl Iterator<Item = Route> {
    all()
        .filter(|entity| entity.board.is_some())
        .map(|entity| get_route(&format!("{}/kanban", entity.path.join("/"))))
}

fn directory() -> Vec<Route> {
    vec![get_route("api/profile"), get_route("schema")]
}

/// A write for calls that name the entity.
fn of(entity: &Entity, route: Route) -> Route {
    route.when("/entity", [entity.name]).query_free(&[])
}

/// A body of what the caller named. A PUT of a tag also holds what the tag has.
fn of_data(entity: &Entity, route: Route) -> Route {
    let mut members = vec!["/data"];
    if route.method == Method::Put && entity.name == "tags" {
        members.extend(entity.fields.iter().map(|field| field.name));
    }
    of(entity, route).only("", &members)
}

/// A create or an update never converts a lead and never publishes a solution: those are actions,
/// with an effect of their own.
fn guarded(entity: &Entity, route: Route) -> Vec<Route> {
    let route = of_data(entity, route);
    match entity.name {
        "leads" => {
            let route = route.absent("/is_converted");
            let mut statuses: Vec<Value> =
                UNCONVERTED.iter().map(|&status| status.into()).collect();
            statuses.push(Value::Null);
            vec![
                route.clone().absent("/status"),
                route.json("/status", statuses),
            ]
        }
        "solutions" => vec![route.absent("/is_published")],
        _ => vec![route],
    }
}
