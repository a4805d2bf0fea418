//! What each tool may send: fixed paths, one line per table and function.
//!
//! Read by the operator and enforced by the host; nothing here sends anything. PostgREST names a
//! row in the query (`id=eq.7`), which routes do not look at; `rest` writes that filter alone.

use portcullis_sdk::{
    Case, Effect, Method, Route, RouteExt, delete as delete_route, get as get_route, patch, post,
    route,
};

use crate::tables;

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

pub(crate) fn list() -> Vec<Route> {
    with(lists(), who())
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
    let function =
        post("rest/v1/rpc/crm_mcp_schema").safe("it reads the catalogue, and is declared stable");
    with(lists(), vec![function, table("configuration")])
}

pub(crate) fn query() -> Vec<Route> {
    vec![
        post("rest/v1/rpc/crm_mcp_query")
            .json_same("/sql", "/sql")
            .safe(READS_ONLY),
    ]
}

/// A change for good.
pub(crate) fn mutate() -> Vec<Route> {
    vec![statement(false)]
}

/// A change that is rolled back.
pub(crate) fn mutate_dry() -> Vec<Route> {
    vec![statement(true)]
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
    let rows = written().map(|name| post(&format!("rest/v1/{name}")));
    let follow_up = ["contacts", "deals"].map(changed);
    with(with(rows.collect(), follow_up.into()), judged())
}

pub(crate) fn update() -> Vec<Route> {
    with(written().map(changed).collect(), judged())
}

pub(crate) fn complete_task() -> Vec<Route> {
    vec![
        table("tasks"),
        changed("tasks").absent("/contact_id").absent("/text"),
    ]
}

pub(crate) fn deals() -> Vec<Route> {
    vec![
        table("deals"),
        changed("deals").absent("/name").absent("/amount"),
    ]
}

pub(crate) fn move_deal() -> Vec<Route> {
    with(deals(), vec![table("configuration")])
}

pub(crate) fn tag() -> Vec<Route> {
    vec![
        table("contacts_summary"),
        table("contacts"),
        table("tags"),
        post("rest/v1/tags"),
        changed("contacts")
            .absent("/email_jsonb")
            .absent("/company_id"),
    ]
}

pub(crate) fn merge() -> Vec<Route> {
    let function = post("rest/v1/rpc/merge_contacts")
        .json_same("/loser_id", "/loser_id")
        .json_same("/winner_id", "/winner_id");
    vec![function, table("contacts_summary")]
}

pub(crate) fn delete() -> Vec<Route> {
    let rows = written().map(|name| delete_route(&format!("rest/v1/{name}")));
    with(rows.collect(), lists())
}

pub(crate) fn live_check() -> Vec<Route> {
    let functions = vec![
        post("rest/v1/rpc/crm_mcp_schema").safe("it reads the catalogue, and is declared stable"),
        post("rest/v1/rpc/crm_mcp_query").safe(READS_ONLY),
        post("rest/v1/rpc/crm_mcp_mutate").json("/dry_run", [true]),
    ];
    let about = vec![
        get_route("auth/v1/settings"),
        get_route("storage/v1/object/public/attachments/{name}"),
        table("configuration"),
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

fn written() -> impl Iterator<Item = &'static str> {
    tables::ALL
        .iter()
        .filter(|entity| entity.writable.is_ok())
        .map(|entity| entity.name)
}

fn statement(dry_run: bool) -> Route {
    post("rest/v1/rpc/crm_mcp_mutate")
        .json("/dry_run", [dry_run])
        .json_same("/sql", "/sql")
}

fn table(name: &str) -> Route {
    route(Method::Get, &format!("rest/v1/{name}"))
}

fn changed(name: &str) -> Route {
    patch(&format!("rest/v1/{name}")).absent("/id")
}

fn with(mut some: Vec<Route>, more: Vec<Route>) -> Vec<Route> {
    for route in more {
        if !some.contains(&route) {
            some.push(route);
        }
    }
    some
}
