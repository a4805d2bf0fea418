//! What each tool may send. Every v4_1 route pins the method; the records, modules, links and fields
//! that a write names are bound to the arguments, and no write but `delete` can carry `deleted`.
//!
//! Read by the operator and enforced by the host; nothing here sends anything.

use std::collections::BTreeMap;

use portcullis_sdk::{
    Method, Route, RouteExt, delete as delete_route, get as get_route, manifest_types::Pairs, post,
    route,
};
use serde_json::Value;

/// The v4_1 entry point below the base.
pub(crate) const REST: &str = "service/v4_1/rest.php";
/// The credential slot of v4_1.
pub(crate) const V4: &str = "v4";
/// The credential slot of the V8 JSON API.
pub(crate) const V8: &str = "v8";

/// What every tool that looks at records may ask of v4_1.
const READS: &[&str] = &[
    "get_available_modules",
    "get_entry",
    "get_entry_list",
    "get_entries",
    "get_module_fields",
    "get_relationships",
    "get_user_id",
];

pub(crate) fn read() -> Vec<Route> {
    vec![reads(), v8_user()]
}

pub(crate) fn search() -> Vec<Route> {
    vec![
        reads(),
        v8(get_route("Api/V8/module/{module}").same("module", "/module")),
        v8_user(),
    ]
}

pub(crate) fn get() -> Vec<Route> {
    vec![reads(), v8(v8_record(get_route(V8_RECORD))), v8_user()]
}

/// The module of a resource's address, and the modules that a refusal names.
pub(crate) fn schema_of_module() -> Vec<Route> {
    vec![
        told("get_module_fields").form_same(DATA, "/1", "/entity"),
        told("get_available_modules"),
    ]
}

/// The names of the modules, for whoever types one.
pub(crate) fn modules() -> Vec<Route> {
    vec![told("get_available_modules")]
}

/// The record of a resource's address.
pub(crate) fn record_of_module() -> Vec<Route> {
    let record = told("get_entry")
        .form_same(DATA, "/1", "/entity")
        .form_same(DATA, "/2", "/id");
    let over_v8 = get_route(V8_RECORD)
        .same("module", "/entity")
        .same("id", "/id");
    let mut routes = schema_of_module();
    routes.extend([record, told("get_user_id"), v8(over_v8), v8_user()]);
    routes
}

pub(crate) fn count() -> Vec<Route> {
    vec![reads(), v4(&["get_entries_count"])]
}

pub(crate) fn search_text() -> Vec<Route> {
    vec![reads(), v4(&["search_by_module"])]
}

pub(crate) fn dropdowns() -> Vec<Route> {
    vec![v4(&["get_language_definition"])]
}

pub(crate) fn recent() -> Vec<Route> {
    vec![reads(), v4(&["get_last_viewed"])]
}

pub(crate) fn upcoming() -> Vec<Route> {
    vec![reads(), v4(&["get_upcoming_activities"])]
}

pub(crate) fn get_attachment() -> Vec<Route> {
    vec![reads(), v4(&["get_note_attachment"])]
}

pub(crate) fn server_info() -> Vec<Route> {
    vec![reads(), anonymous(), v8_user()]
}

pub(crate) fn create() -> Vec<Route> {
    let [plain, chosen] = new_record(&["/fields"]).map(of_module);
    wet(vec![
        plain,
        chosen,
        v8(v8_write(post(V8_MODULE))),
        reads(),
        v8_user(),
    ])
}

pub(crate) fn update() -> Vec<Route> {
    let pairs = Pairs {
        refuse: names(&["deleted", "new_with_id"]),
        only: names(&["id", "/fields"]),
        same: bound(&[("id", "/id")]),
        ..Pairs::default()
    };
    let patch = v8_write(route(Method::Patch, V8_MODULE)).json_same("/data/id", "/id");
    wet(vec![
        of_module(set_entry(pairs)),
        v8(patch),
        reads(),
        v8_user(),
    ])
}

pub(crate) fn delete() -> Vec<Route> {
    let pairs = Pairs {
        only: names(&["id", "deleted"]),
        is: BTreeMap::from([("deleted".to_owned(), vec!["1".into()])]),
        same: bound(&[("id", "/id")]),
        ..Pairs::default()
    };
    wet(vec![
        of_module(set_entry(pairs)),
        v8(v8_record(delete_route(V8_RECORD)).query_free(&[])),
        reads(),
        v8_user(),
    ])
}

/// One at a time with a chosen id, or all in one request.
pub(crate) fn bulk_upsert() -> Vec<Route> {
    let pairs = Pairs {
        refuse: names(&["deleted", "new_with_id"]),
        only: names(&["id", "/records/*"]),
        among: bound(&[("id", "/records/*/id")]),
        ..Pairs::default()
    };
    let all = of_module(v4(&["set_entries"])).form_pairs(DATA, "/2/*", pairs);
    let [_, chosen] = new_record(&["/records/*"]).map(of_module);
    wet(vec![all, chosen, reads(), anonymous()])
}

pub(crate) fn relate() -> Vec<Route> {
    let link = v8_link(post("Api/V8/module/{module}/{id}/relationships/{link}"))
        .json_same("/data/id", "/related_ids/*")
        .only("", &["data"])
        .only("/data", &["type", "id"]);
    wet(vec![of_link(LINK), link, reads(), v8_user()])
}

pub(crate) fn unrelate() -> Vec<Route> {
    let link = v8_link(delete_route(
        "Api/V8/module/{module}/{id}/relationships/{link}/{related}",
    ))
    .same("related", "/related_ids/*");
    wet(vec![of_link(UNLINK), link, reads(), v8_user()])
}

/// Creates a call and links its contacts: with the call that this one made, or with that of the
/// caller's key, which an earlier one may have made.
pub(crate) fn log_call() -> Vec<Route> {
    let fields = [
        "name",
        "date_start",
        "status",
        "direction",
        "duration_hours",
        "duration_minutes",
        "description",
        "assigned_user_id",
        "parent_type",
        "parent_id",
    ];
    let links = set_relationship(LINK)
        .form_json(DATA, "/1", ["Calls"])
        .form_json(DATA, "/3", ["contacts"])
        .form_same(DATA, "/4/*", "/contact_ids/*");
    let mut routes = new_activity("Calls", &fields, &[("parent_id", "/account_ids/*")]);
    routes.push(links.clone().form_same(DATA, "/2", "made:/id"));
    routes.push(links.given("/idempotency_key"));
    wet(routes)
}

pub(crate) fn create_task() -> Vec<Route> {
    let fields = [
        "name",
        "status",
        "priority",
        "date_due",
        "date_start",
        "description",
        "assigned_user_id",
        "contact_id",
        "parent_type",
        "parent_id",
    ];
    new_activity("Tasks", &fields, ABOUT)
}

pub(crate) fn create_note() -> Vec<Route> {
    let fields = [
        "name",
        "description",
        "parent_type",
        "parent_id",
        "contact_id",
        "assigned_user_id",
    ];
    new_activity("Notes", &fields, ABOUT)
}

/// Creates a record of one module, about what the arguments say.
fn new_activity(module: &str, fields: &[&str], about: &[(&str, &str)]) -> Vec<Route> {
    let of_module = |mut route: Route| {
        for pairs in route.form_pairs.values_mut().flat_map(BTreeMap::values_mut) {
            pairs.among = bound(about);
        }
        route.form_json(DATA, "/1", [module])
    };
    let [plain, chosen] = new_record(fields).map(of_module);
    wet(vec![plain, chosen, reads()])
}

pub(crate) fn set_attachment() -> Vec<Route> {
    let route = v4(&["set_note_attachment"])
        .form_only(DATA, "/1", &["id", "filename", "file"])
        .form_same(DATA, "/1/id", "/id")
        .form_same(DATA, "/1/filename", "/filename")
        .form_same(DATA, "/1/file", "/file_base64");
    wet(vec![route, reads()])
}

pub(crate) fn live_check() -> Vec<Route> {
    vec![anonymous(), reads(), v8_user()]
}

/// The form field with a method's arguments by their place; the first is the session.
const DATA: &str = "rest_data";
/// What `set_relationship` takes last: whether it takes a link away.
const LINK: u8 = 0;
const UNLINK: u8 = 1;
/// What a task or a note is about.
const ABOUT: &[(&str, &str)] = &[
    ("parent_type", "/parent_type"),
    ("parent_id", "/parent_id"),
    ("contact_id", "/contact_id"),
];
const V8_MODULE: &str = "Api/V8/module";
const V8_RECORD: &str = "Api/V8/module/{module}/{id}";

/// What looks at records. A tool that writes has it too, and a lost answer to it leaves no change in
/// doubt.
fn reads() -> Route {
    v4(READS).safe("each of these methods only reads")
}

/// One method that only reads.
fn told(method: &str) -> Route {
    v4(&[method]).safe("the method only reads")
}

/// What changes something is not for a dry run.
fn wet(routes: Vec<Route>) -> Vec<Route> {
    let changes = |route: &Route| route.method != Method::Get && route.safe.is_none();
    let bind = |route: Route| match changes(&route) {
        true => route.when("/dry_run", [Value::Null, false.into()]),
        false => route,
    };
    routes.into_iter().map(bind).collect()
}

/// A v4_1 route that lets these methods through with the session.
fn v4(methods: &[&str]) -> Route {
    bare(methods).credential(V4)
}

fn anonymous() -> Route {
    bare(&["get_server_info"]).safe("it only tells the release and the time")
}

fn bare(methods: &[&str]) -> Route {
    post(REST)
        .form("method", methods)
        .form("input_type", &["JSON"])
        .form("response_type", &["JSON"])
}

/// Makes links or takes them away, without values of their own.
fn set_relationship(delete: u8) -> Route {
    v4(&["set_relationship"])
        .form_json(DATA, "/5", [Value::Array(Vec::new())])
        .form_json(DATA, "/6", [delete])
}

/// Links of the argument's record with the argument's others.
fn of_link(delete: u8) -> Route {
    of_module(set_relationship(delete))
        .form_same(DATA, "/2", "/id")
        .form_same(DATA, "/3", "/link_field")
        .form_same(DATA, "/4/*", "/related_ids/*")
}

fn set_entry(pairs: Pairs) -> Route {
    v4(&["set_entry"]).form_pairs(DATA, "/2", pairs)
}

/// A new record, with an id of the CRM's choice or with one of ours. The second comes only with
/// `new_with_id`, without which it would change the record of that id; any text but an empty one
/// means yes there, so the route can ask for the caller's key.
fn new_record(fields: &[&str]) -> [Route; 2] {
    let plain = Pairs {
        refuse: names(&["deleted", "id", "new_with_id"]),
        only: names(fields),
        ..Pairs::default()
    };
    let chosen = Pairs {
        refuse: names(&["deleted"]),
        only: names(&[&["id", "new_with_id"], fields].concat()),
        same: bound(&[("new_with_id", "/idempotency_key")]),
        ..Pairs::default()
    };
    [set_entry(plain), set_entry(chosen)]
}

fn of_module(route: Route) -> Route {
    route.form_same(DATA, "/1", "/module")
}

fn v8(route: Route) -> Route {
    route.credential(V8)
}

fn v8_user() -> Route {
    v8(get_route("Api/V8/current-user"))
}

fn v8_record(route: Route) -> Route {
    route.same("module", "/module").same("id", "/id")
}

/// A link of the argument's record.
fn v8_link(route: Route) -> Route {
    v8(v8_record(route).same("link", "/link_field").query_free(&[]))
}

/// A resource of the argument's module with the argument's fields.
fn v8_write(route: Route) -> Route {
    route
        .query_free(&[])
        .json_same("/data/type", "/module")
        .only("", &["data"])
        .only("/data", &["type", "id", "attributes"])
        .only("/data/attributes", &["/fields"])
        .absent("/data/attributes/deleted")
}

fn bound(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, source): &(&str, &str)| ((*name).to_owned(), (*source).to_owned());
    list.iter().map(owned).collect()
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}
