//! What each tool may send. Every v4_1 route pins the method; what a write names is bound to the
//! arguments, and no write but `delete` can carry `deleted`.
//!
//! Read by the operator and enforced by the host; nothing here sends anything.

use std::collections::BTreeMap;

use portcullis_sdk::{
    Method, Route, RouteExt, delete as delete_route, get as get_route, manifest_types::Pairs, post,
    route,
};

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
    let [plain, chosen] = new_record().map(of_module);
    vec![
        plain,
        chosen,
        v8(post("Api/V8/module")
            .json_same("/data/type", "/module")
            .absent("/data/attributes/deleted")),
        reads(),
        v8_user(),
    ]
}

pub(crate) fn update() -> Vec<Route> {
    let pairs = Pairs {
        refuse: names(&["deleted", "new_with_id"]),
        same: BTreeMap::from([("id".to_owned(), "/id".to_owned())]),
        ..Pairs::default()
    };
    let patch = route(Method::Patch, "Api/V8/module")
        .json_same("/data/type", "/module")
        .json_same("/data/id", "/id")
        .absent("/data/attributes/deleted");
    vec![of_module(set_entry(pairs)), v8(patch), reads(), v8_user()]
}

pub(crate) fn delete() -> Vec<Route> {
    let pairs = Pairs {
        only: names(&["id", "deleted"]),
        same: BTreeMap::from([("id".to_owned(), "/id".to_owned())]),
        ..Pairs::default()
    };
    vec![
        of_module(set_entry(pairs)),
        v8(v8_record(delete_route(V8_RECORD))),
        reads(),
        v8_user(),
    ]
}

/// One at a time with a chosen id, or all in one request.
pub(crate) fn bulk_upsert() -> Vec<Route> {
    let mut all = of_module(bare(&["set_entries"]));
    all.form_pairs.insert(
        "rest_data".to_owned(),
        BTreeMap::from([(
            "/2/*".to_owned(),
            Pairs {
                refuse: names(&["deleted", "new_with_id"]),
                ..Pairs::default()
            },
        )]),
    );
    let [_, chosen] = new_record().map(of_module);
    vec![all.credential(V4), chosen, reads(), anonymous()]
}

pub(crate) fn relate() -> Vec<Route> {
    let link = v8_record(post("Api/V8/module/{module}/{id}/relationships/{link}"));
    vec![
        set_relationship(),
        v8(link.same("link", "/link_field")),
        reads(),
        v8_user(),
    ]
}

pub(crate) fn unrelate() -> Vec<Route> {
    let link = v8_record(delete_route(
        "Api/V8/module/{module}/{id}/relationships/{link}/{related}",
    ));
    vec![
        set_relationship(),
        v8(link.same("link", "/link_field")),
        reads(),
        v8_user(),
    ]
}

/// Creates a call and links its contacts.
pub(crate) fn log_call() -> Vec<Route> {
    let [plain, chosen] = new_record();
    vec![plain, chosen, v4(&["set_relationship"]), reads()]
}

/// Creates a task or a note.
pub(crate) fn new_activity() -> Vec<Route> {
    let [plain, chosen] = new_record();
    vec![plain, chosen, reads()]
}

pub(crate) fn set_attachment() -> Vec<Route> {
    let mut route = bare(&["set_note_attachment"]);
    bind(&mut route, "/1/id", "/id");
    vec![route.credential(V4), reads()]
}

pub(crate) fn live_check() -> Vec<Route> {
    vec![anonymous(), reads(), v8_user()]
}

const V8_RECORD: &str = "Api/V8/module/{module}/{id}";

/// What looks at records. A tool that writes has it too, and a lost answer to it leaves no change in
/// doubt.
fn reads() -> Route {
    v4(READS).safe("each of these methods only reads")
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

fn set_relationship() -> Route {
    let mut route = of_module(v4(&["set_relationship"]));
    bind(&mut route, "/2", "/id");
    bind(&mut route, "/3", "/link_field");
    route
}

fn set_entry(pairs: Pairs) -> Route {
    let mut route = v4(&["set_entry"]);
    route.form_pairs.insert(
        "rest_data".to_owned(),
        BTreeMap::from([("/2".to_owned(), pairs)]),
    );
    route
}

/// A new record, with an id of the CRM's choice or with one of ours. The second comes only with
/// `new_with_id`, without which it would change the record of that id; any text but an empty one
/// means yes there, so the route can ask for the caller's key.
fn new_record() -> [Route; 2] {
    let plain = Pairs {
        refuse: names(&["deleted", "id", "new_with_id"]),
        ..Pairs::default()
    };
    let chosen = Pairs {
        refuse: names(&["deleted"]),
        same: BTreeMap::from([("new_with_id".to_owned(), "/idempotency_key".to_owned())]),
        ..Pairs::default()
    };
    [set_entry(plain), set_entry(chosen)]
}

fn of_module(mut route: Route) -> Route {
    bind(&mut route, "/1", "/module");
    route
}

fn bind(route: &mut Route, here: &str, there: &str) {
    route
        .form_same
        .entry("rest_data".to_owned())
        .or_default()
        .insert(here.to_owned(), there.to_owned());
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

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}
