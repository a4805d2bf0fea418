//! What each tool may send: fixed paths, one line per table and function.
//!
//! Read by the operator and enforced by the host; nothing here sends anything. PostgREST names a
//! row in the query (`id=eq.7`) and reads the rest of it as a language (`or=(…)`, `columns=…`), so a
//! write has the filter that is named here and no other key.

use portcullis_sdk::{
    Case, Effect, Method, Route, RouteExt, delete as delete_route, get as get_route, patch, post,
    route,
};

use serde_json::Value;

use crate::{entity::Entity, tables};

/// Columns that a new row gets without being asked for.
const FILLED_IN: &[&str] = &[
    "first_seen",
    "last_seen",
    "tags",
    "avatar",
    "type",
    "status",
    "index",
    "contact_ids",
    "color",
];
/// What the caller's columns are called in the table.
const CALLED: &[&str] = &["/data", "email_jsonb", "phone_jsonb"];
/// Rows that a function touches unless told otherwise, as `sql` has them.
const FEW: u32 = 20;
const SOME: u32 = 200;

const READS_ONLY: &str =
    "the installed function makes its transaction read only before it runs the statement";

pub(crate) fn lists() -> Vec<Route> {
    let names = tables::ALL
        .iter()
        .flat_map(|entity| [entity.name, entity.view]);
    let mut paths: Vec<&str> = names.collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().map(table).collect()
}

/// The row of a resource's address, and the names behind the ids in it.
pub(crate) fn record_at() -> Vec<Route> {
    let row = |entity: &Entity| {
        let row = this(table(entity.view)).query_free(&["select"]);
        row.when("/entity", [entity.name])
    };
    let rows = tables::ALL.iter().map(row).collect();
    let names = vec![
        table("tags").when("/entity", ["contacts"]),
        table("contacts").when("/entity", ["deals"]),
    ];
    with(rows, names)
}

pub(crate) fn list() -> Vec<Route> {
    with(judged(), who())
}

pub(crate) fn whoami() -> Vec<Route> {
    with(who(), vec![table("sales")])
}

pub(crate) fn timeline() -> Vec<Route> {
    with(lists(), vec![table("activity_log")])
}

pub(crate) fn pipeline() -> Vec<Route> {
    let tables = ["deals", "configuration", "sales"];
    with(tables.map(table).into(), who())
}

pub(crate) fn overdue() -> Vec<Route> {
    with(["tasks", "sales"].map(table).into(), who())
}

pub(crate) fn duplicates() -> Vec<Route> {
    ["contacts", "companies"].map(table).into()
}

pub(crate) fn schema() -> Vec<Route> {
    with(lists(), vec![catalogue(), table("configuration")])
}

pub(crate) fn query() -> Vec<Route> {
    let ask = || function("crm_mcp_query", &["sql", "max_rows"]).safe(READS_ONLY);
    statement(ask, SOME).into()
}

/// A change for good.
pub(crate) fn mutate() -> Vec<Route> {
    change_by(false)
}

/// A change that is rolled back.
pub(crate) fn mutate_dry() -> Vec<Route> {
    change_by(true)
}

/// A dry run reads, and it is one unless told otherwise.
pub(crate) fn mutate_cases() -> Vec<Case> {
    vec![Case {
        when: [("/dry_run".to_owned(), vec![true.into(), ().into()])].into(),
        effect: Effect::Read,
        routes: mutate_dry(),
        preview_routes: Vec::new(),
    }]
}

pub(crate) fn create() -> Vec<Route> {
    let rows = named(post).map(|row| new_row(row, &[CALLED, FILLED_IN].concat()));
    // What the CRM's pages do afterwards.
    let contact = patch("rest/v1/contacts")
        .when("/entity", ["tasks", "contact_notes"])
        .query("id", &["eq.{/data/contact_id}"])
        .only("", &["last_seen", "status"]);
    let places = places().when("/entity", ["deals"]);
    let follow_up = with(vec![contact, places], judged());
    with(rows.collect(), follow_up)
}

pub(crate) fn update() -> Vec<Route> {
    let columns = [CALLED, &["updated_at"]].concat();
    let rows = named(patch).map(|row| this(row).only("", &columns).absent("/id"));
    with(rows.collect(), judged())
}

pub(crate) fn complete_task() -> Vec<Route> {
    let task = this(patch("rest/v1/tasks")).only("", &["done_date"]);
    vec![table("tasks"), task]
}

pub(crate) fn move_deal() -> Vec<Route> {
    deals(&["stage", "index", "updated_at"])
}

pub(crate) fn archive_deal() -> Vec<Route> {
    deals(&["archived_at", "index", "updated_at"])
}

/// The deal of the argument, and the places of the others on the board.
fn deals(columns: &[&str]) -> Vec<Route> {
    let deal = this(patch("rest/v1/deals")).only("", columns);
    vec![table("deals"), deal, places(), table("configuration")]
}

/// The place of any one deal on the board. Which deals make room follows from what the CRM holds.
fn places() -> Route {
    patch("rest/v1/deals")
        .query("id", &["eq.{#}"])
        .only("", &["index"])
}

pub(crate) fn tag() -> Vec<Route> {
    vec![
        table("contacts_summary"),
        table("contacts"),
        table("tags"),
        new_row(post("rest/v1/tags"), &["name", "color"]),
        this(patch("rest/v1/contacts")).only("", &["tags"]),
    ]
}

pub(crate) fn merge() -> Vec<Route> {
    let function = function("merge_contacts", &["loser_id", "winner_id"])
        .json_same("/loser_id", "/loser_id")
        .json_same("/winner_id", "/winner_id");
    vec![function, table("contacts_summary")]
}

pub(crate) fn delete() -> Vec<Route> {
    let rows = named(delete_route).map(|row| this(row).query("select", &["id"]));
    with(rows.collect(), lists())
}

pub(crate) fn live_check() -> Vec<Route> {
    let functions = vec![
        catalogue(),
        function("crm_mcp_query", &["sql", "max_rows"]).safe(READS_ONLY),
        function("crm_mcp_mutate", &["sql", "max_rows", "dry_run"]).json("/dry_run", [true]),
    ];
    let about = vec![
        get_route("auth/v1/settings"),
        get_route("storage/v1/object/public/attachments/{name}"),
        table("activity_log"),
    ];
    with(with(list(), functions), about)
}

/// Where values and references are judged.
fn judged() -> Vec<Route> {
    with(lists(), vec![table("configuration")])
}

fn who() -> Vec<Route> {
    vec![get_route("auth/v1/user")]
}

/// The tables that are written, each for calls that name it.
fn named(verb: fn(&str) -> Route) -> impl Iterator<Item = Route> {
    let written = tables::ALL.iter().filter(|entity| entity.writable.is_ok());
    written
        .map(move |entity| verb(&format!("rest/v1/{}", entity.name)).when("/entity", [entity.name]))
}

fn change_by(dry_run: bool) -> Vec<Route> {
    let ask =
        || function("crm_mcp_mutate", &["sql", "max_rows", "dry_run"]).json("/dry_run", [dry_run]);
    statement(ask, FEW).into()
}

fn catalogue() -> Route {
    post("rest/v1/rpc/crm_mcp_schema").safe("it reads the catalogue, and is declared stable")
}

/// The caller's statement, and the caller's number of rows or the usual one.
fn statement(ask: impl Fn() -> Route, usual: u32) -> [Route; 2] {
    let ask = || ask().json_same("/sql", "/sql");
    [
        ask().given("/max_rows").json_same("/max_rows", "/max_rows"),
        ask()
            .when("/max_rows", [Value::Null])
            .json("/max_rows", [usual]),
    ]
}

/// A function with these parameters.
fn function(name: &str, parameters: &[&str]) -> Route {
    post(&format!("rest/v1/rpc/{name}"))
        .query_free(&[])
        .only("", parameters)
}

/// The row of the argument `id`, and no other.
fn this(route: Route) -> Route {
    route.query("id", &["eq.{/id}"])
}

/// A row that was not there before: with an id, PostgREST can be told to change the one that is.
fn new_row(route: Route, columns: &[&str]) -> Route {
    route.query_free(&[]).only("", columns).absent("/id")
}

fn table(name: &str) -> Route {
    route(Method::Get, &format!("rest/v1/{name}"))
}

fn with(mut some: Vec<Route>, more: Vec<Route>) -> Vec<Route> {
    for route in more {
        if !some.contains(&route) {
            some.push(route);
        }
    }
    some
}
