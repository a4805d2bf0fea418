//! Requests against routes: what passes, what is sent, and what a refusal says.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::known::Made;
use super::*;

mod bound;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

struct Case {
    method: Method,
    path: &'static str,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<&'static str>,
    credential: Option<&'static str>,
    arguments: Value,
    made: Made,
}

fn case(method: Method, path: &'static str) -> Case {
    Case {
        method,
        path,
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        credential: None,
        arguments: json!({}),
        made: Made::default(),
    }
}

fn post(path: &'static str, media: &str, body: &'static str) -> Case {
    let mut case = case(Method::Post, path);
    case.headers = vec![("content-type".to_owned(), media.to_owned())];
    case.body = Some(body);
    case
}

fn routes(routes: Value) -> RouteSet {
    let routes: Vec<Route> = serde_json::from_value(routes).unwrap();
    RouteSet::compile(&routes).unwrap()
}

fn check<'r>(set: &'r RouteSet, case: &Case) -> Result<Passed<'r>, Refused> {
    let path: Vec<_> = case.path.split('/').map(str::to_owned).collect();
    let asked = Asked {
        method: case.method,
        path: &path,
        query: &case.query,
        headers: &case.headers,
        body: case.body.map(str::as_bytes),
        credential: case.credential,
    };
    let known = Known {
        arguments: &case.arguments,
        made: &case.made,
    };
    set.check(&asked, &known)
}

fn sent(set: &RouteSet, case: &Case) -> String {
    let body = check(set, case).unwrap().body.unwrap();
    String::from_utf8(body.bytes).unwrap()
}

fn why(set: &RouteSet, case: &Case) -> String {
    let text = check(set, case).unwrap_err().to_string();
    let start = "no route of this tool allows the request; the closest is ";
    text.strip_prefix(start).unwrap_or(&text).to_owned()
}

#[test]
fn method_and_path() {
    let set = routes(json!([
        { "method": "GET", "path": "{entity}/{id}" },
        { "method": "PUT", "path": "Account/{id}" }
    ]));
    assert!(
        !check(&set, &case(Method::Get, "Contact/7"))
            .unwrap()
            .state_changing
    );
    let passed = check(&set, &case(Method::Put, "Account/7")).unwrap();
    assert_eq!((passed.route, passed.description), (1, "PUT Account/{id}"));
    assert!(passed.state_changing);
    for (asked, message) in [
        (
            case(Method::Delete, "Account/7"),
            "`GET {entity}/{id}`: its method is GET",
        ),
        (
            case(Method::Put, "Contact/7"),
            "`GET {entity}/{id}`: its method is GET",
        ),
        (
            case(Method::Get, "Contact"),
            "`GET {entity}/{id}`: its path differs",
        ),
        (
            case(Method::Get, "Contact/.."),
            "path segment 2 is a dot segment",
        ),
        (
            case(Method::Get, "Contact/%2e%2e"),
            "path segment 2 holds a percent-encoded dot, slash, backslash, percent sign or control character",
        ),
        (case(Method::Get, "Contact//7"), "path segment 2 is empty"),
    ] {
        assert_eq!(why(&set, &asked), message);
    }
    assert_eq!(
        check(&RouteSet::default(), &case(Method::Get, "a")),
        Err(Refused::NoRoute)
    );
}

#[test]
fn a_read_carries_no_body() {
    let set = routes(json!([{ "method": "GET", "path": "a" }]));
    let mut asked = case(Method::Get, "a");
    asked.body = Some("");
    assert!(check(&set, &asked).is_ok());
    asked.body = Some("x");
    let refused = check(&set, &asked).unwrap_err();
    assert_eq!(refused.to_string(), "a GET request carries no body");
    assert!(refused.is_invalid());
}

#[test]
fn safe_posts_change_nothing() {
    let set = routes(json!([
        { "method": "POST", "path": "search", "safe": "a query in a body" },
        { "method": "DELETE", "path": "search", "safe": "no" }
    ]));
    assert!(
        !check(&set, &case(Method::Post, "search"))
            .unwrap()
            .state_changing
    );
    assert!(
        check(&set, &case(Method::Delete, "search"))
            .unwrap()
            .state_changing
    );
}

#[test]
fn not_and_same_and_credential() {
    let set = routes(
        json!([{ "method": "POST", "path": "{entity}/{id}", "credential": "api",
        "not": { "entity": ["Email", "MassAction"] }, "same": { "id": "/id" } }]),
    );
    let ask = |path, credential, arguments| Case {
        credential,
        arguments,
        ..case(Method::Post, path)
    };
    let api = Some("api");
    assert!(check(&set, &ask("Lead/7", api, json!({ "id": "7" }))).is_ok());
    assert!(check(&set, &ask("Lead/7", api, json!({ "id": 7 }))).is_ok());
    let not = "`POST {entity}/{id}`: `not`: the segment `{entity}` has a refused value";
    let same = "`POST {entity}/{id}`: `same`: the segment `{id}` differs from the argument `/id`";
    let slot = "`POST {entity}/{id}`: `credential`: the request has to use the slot `api`";
    for (asked, message) in [
        (ask("Email/7", api, json!({ "id": "7" })), not),
        (ask("EMAIL/7", api, json!({ "id": "7" })), not),
        (ask("massaction/7", api, json!({ "id": "7" })), not),
        (ask("Lead/8", api, json!({ "id": "7" })), same),
        (ask("Lead/true", api, json!({ "id": true })), same),
        (ask("Lead/7", api, json!({})), same),
        (ask("Lead/7", api, json!({ "id": 7.0 })), same),
        (ask("Lead/7", None, json!({ "id": "7" })), slot),
        (ask("Lead/7", Some("other"), json!({ "id": "7" })), slot),
    ] {
        assert_eq!(why(&set, &asked), message);
    }
}

#[test]
fn json_bodies() {
    let set = routes(json!([{ "method": "POST", "path": "Email",
        "json": { "/status": ["Draft"], "/n": [1] }, "absent": ["/to"] }]));
    let ask = |body| post("Email", JSON, body);
    assert_eq!(
        sent(
            &set,
            &ask(r#" {"n":1, "status":"Dr\u0061ft", "big":1.000000000000000000001}"#)
        ),
        r#"{"n":1,"status":"Draft","big":1.000000000000000000001}"#
    );
    let json = "`POST Email`: `json`: `/status` is missing or has a value that is not allowed";
    let absent = "`POST Email`: `absent`: the body must hold nothing at `/to`";
    for (asked, message) in [
        (ask(r#"{"n":1,"status":"Sending"}"#), json),
        (ask(r#"{"n":1,"status":["Draft"]}"#), json),
        (ask(r#"{"n":1}"#), json),
        (
            ask(r#"[1,"Draft"]"#),
            "`POST Email`: `json`: `/n` is missing or has a value that is not allowed",
        ),
        (
            ask(r#"{"n":1.0,"status":"Draft"}"#),
            "`POST Email`: `json`: `/n` is missing or has a value that is not allowed",
        ),
        (ask(r#"{"n":1,"status":"Draft","to":"a"}"#), absent),
        (ask(r#"{"n":1,"status":"Draft","to":null}"#), absent),
        (
            ask(r#"{"n":1,"status":"Draft","status":"Sending"}"#),
            "`POST Email`: the body cannot be read: an object has the same key twice",
        ),
        (
            ask("{"),
            "`POST Email`: the body cannot be read: it is not JSON (line 1, column 1)",
        ),
        (
            post("Email", "text/json", "{}"),
            "`POST Email`: the content type has to be exactly one `application/json` or `application/vnd.api+json`",
        ),
        (
            case(Method::Post, "Email"),
            "`POST Email`: there is no body",
        ),
    ] {
        assert_eq!(why(&set, &asked), message);
    }
}

#[test]
fn form_bodies() {
    let set = routes(json!([{ "method": "POST", "path": "rest.php",
        "form": { "method": ["set_entry"] }, "form_same": { "rest_data": { "/1": "/module", "/2": "/id" } } }]));
    let ask = |body| Case {
        arguments: json!({ "module": "Leads", "id": 7 }),
        ..post("rest.php", FORM, body)
    };
    let passed = ask("method=set_entry&rest_data=[null,%22Leads%22,7, 1.50]");
    assert_eq!(
        sent(&set, &passed),
        "method=set_entry&rest_data=%5Bnull%2C%22Leads%22%2C7%2C1.50%5D"
    );
    let once = "`POST rest.php`: `form`: the field `method` has to stand exactly once";
    let differs = "`POST rest.php`: `form_same`: `/1` of the field `rest_data` differs from the argument `/module`";
    for (asked, message) in [
        (
            ask("method=get_entry&rest_data=[]"),
            "`POST rest.php`: `form`: the field `method` has a value that is not allowed",
        ),
        (ask("method=set_entry&method=x"), once),
        (ask("method=set_entry&method[]=x"), once),
        (ask("rest_data=[]"), once),
        (
            ask("method=set_entry"),
            "`POST rest.php`: `form`: the field `rest_data` has to stand exactly once",
        ),
        (ask("method=set_entry&rest_data=[0,%22Users%22,7]"), differs),
        (ask("method=set_entry&rest_data=[]"), differs),
        (
            ask("method=set_entry&rest_data=x"),
            "`POST rest.php`: the field `rest_data` cannot be read: it is not JSON (line 1, column 1)",
        ),
        (
            ask("method=set_entry&rest_data={%221%22:%22Leads%22,%222%22:7,%222%22:8}"),
            "`POST rest.php`: the field `rest_data` cannot be read: an object has the same key twice",
        ),
        (
            ask("method=set_entry&+method=x"),
            "`POST rest.php`: a form field's name holds characters other than letters, digits, `_`, `-` and brackets",
        ),
        (
            Case {
                query: vec![("method".to_owned(), "x".to_owned())],
                ..ask("method=set_entry")
            },
            "`POST rest.php`: `form`: no query pair is allowed beside a form",
        ),
        (
            Case {
                headers: vec![],
                ..ask("method=set_entry")
            },
            "`POST rest.php`: the content type has to be exactly one `application/x-www-form-urlencoded`",
        ),
    ] {
        assert_eq!(why(&set, &asked), message);
    }
}

#[test]
fn lists_of_pairs_in_a_form() {
    let set = routes(json!([{ "method": "POST", "path": "rest.php",
        "form": { "method": ["set_entry"] }, "form_same": { "rest_data": { "/1": "/module" } },
        "form_pairs": { "rest_data": { "/2": { "refuse": ["deleted"], "same": { "id": "/id" } } } } }]));
    let ask = |data: Value| Case {
        arguments: json!({ "module": "Leads", "id": "7" }),
        ..post(
            "rest.php",
            FORM,
            format!(
                "method=set_entry&rest_data={}",
                segment::encode(&data.to_string()).collect::<String>()
            )
            .leak(),
        )
    };
    let id = || json!({ "name": "id", "value": "7" });
    let good = ask(json!([null, "Leads", [id(), { "name": "status", "value": "New" }]]));
    assert!(check(&set, &good).is_ok());
    let refused = "`POST rest.php`: `form_pairs`: `/2` of the field `rest_data` ";
    for (data, message) in [
        (
            json!([null, "Leads", [id(), { "name": "deleted", "value": "1" }]]),
            "holds `deleted`, which this tool may not set",
        ),
        (
            json!([null, "Leads", [{ "name": "id", "value": "8" }]]),
            "has to hold `id` with the value of the argument `/id`",
        ),
        (
            json!([null, "Leads", { "id": "7", "deleted": 1 }]),
            "has to be a list of nothing but `name` and `value`",
        ),
        (
            json!([null, "Leads"]),
            "has to be a list of nothing but `name` and `value`",
        ),
    ] {
        assert_eq!(why(&set, &ask(data)), format!("{refused}{message}"));
    }
    // PHP 7 takes an object's members in their order, whatever their names.
    let object = json!({ "0": null, "a": "Leads", "b": [{ "name": "deleted", "value": 1 }], "1": "Leads", "2": [id()] });
    assert_eq!(
        why(&set, &ask(object)),
        "`POST rest.php`: `form_same`: `/1` of the field `rest_data` differs from the argument `/module`"
    );
}

#[test]
fn documents_of_json_api() {
    let set = routes(
        json!([{ "method": "PATCH", "path": "Api/V8/module", "absent": ["/data/attributes/deleted"] }]),
    );
    let document = |body| Case {
        method: Method::Patch,
        ..post("Api/V8/module", "application/vnd.api+json", body)
    };
    let passed = check(&set, &document(r#"{"data":{"attributes":{"name":"A"}}}"#)).unwrap();
    assert_eq!(
        passed.body.unwrap().content_type,
        "application/vnd.api+json"
    );
    for (body, passes) in [
        (r#"{"data":{"attributes":{"deleted":1}}}"#, false),
        (r#"{"data":[{"attributes":{"deleted":1}}]}"#, false),
        (r#"[{"data":{"attributes":{"deleted":1}}}]"#, false),
        (r#"{"data":{"attributes":[{"deleted":1}]}}"#, false),
        (r#"{"data":{"attributes":null}}"#, true),
        (r#"{"data":{}}"#, true),
    ] {
        assert_eq!(check(&set, &document(body)).is_ok(), passes, "{body}");
    }
    let set = routes(
        json!([{ "method": "PATCH", "path": "Api/V8/module", "json_same": { "/data/id": "/id" } }]),
    );
    let of = |body| Case {
        arguments: json!({ "id": "7" }),
        ..document(body)
    };
    assert!(check(&set, &of(r#"{"data":{"id":"7"}}"#)).is_ok());
    for body in [
        r#"{"data":{"id":"8"}}"#,
        r#"{"data":{"id":7}}"#,
        r#"{"data":{}}"#,
    ] {
        assert_eq!(
            why(&set, &of(body)),
            "`PATCH Api/V8/module`: `json_same`: `/data/id` of the body differs from the argument `/id`"
        );
    }
}

#[test]
fn one_route_suffices_and_the_closest_is_named() {
    let set = routes(json!([
        { "method": "POST", "path": "{entity}", "not": { "entity": ["Email"] } },
        { "method": "POST", "path": "Email", "json": { "/status": ["Draft"] } }
    ]));
    assert_eq!(
        check(&set, &post("Email", JSON, r#"{"status":"Draft"}"#))
            .unwrap()
            .route,
        1
    );
    assert_eq!(
        why(&set, &post("Email", JSON, r#"{"status":"Sending"}"#)),
        "`POST Email`: `json`: `/status` is missing or has a value that is not allowed"
    );
    let verbatim = check(&set, &post("Note", "text/plain", "{")).unwrap();
    assert_eq!(verbatim.body, None);
}

/// What a lenient server makes of a form: blanks and dots in names become underscores, brackets
/// are cut, the last value wins.
fn lenient(body: &[u8], field: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(body).into_owned();
    let name = |raw: &str| {
        let raw = raw
            .trim_start()
            .split(['[', '\0'])
            .next()
            .unwrap()
            .to_owned();
        raw.replace([' ', '.'], "_").to_ascii_lowercase()
    };
    pairs
        .filter(|(raw, _)| name(raw) == field)
        .map(|(_, value)| value)
        .last()
}

proptest! {
    #[test]
    fn what_a_lenient_server_reads_is_what_was_allowed(
        body in "(&|=|\\+|%20|%00|%6d|m|M|_|\\.|\\[|\\]|m_d=get&?|m_d=set&?|m\\.d=set&?){1,6}",
    ) {
        let set = routes(json!([{ "method": "POST", "path": "a", "form": { "m_d": ["get"] } }]));
        let mut asked = post("a", FORM, "");
        asked.body = Some(body.clone().leak());
        if let Ok(passed) = check(&set, &asked) {
            let sent = passed.body.unwrap().bytes;
            prop_assert_eq!(lenient(&sent, "m_d"), Some("get".to_owned()), "{}", body);
        }
    }

    #[test]
    fn what_another_json_reader_reads_is_what_was_allowed(
        entries in prop::collection::vec(("status|\\\\u0073tatus|Status|x", "\"Draft\"|\"Sent\"|\\{\"status\":1\\}|null"), 0..4),
    ) {
        let set = routes(json!([{ "method": "POST", "path": "a", "json": { "/status": ["Draft"] } }]));
        let entries: Vec<_> = entries.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
        let mut asked = post("a", JSON, "");
        asked.body = Some(format!("{{{}}}", entries.join(",")).leak());
        if let Ok(passed) = check(&set, &asked) {
            let sent: Value = serde_json::from_slice(&passed.body.unwrap().bytes).unwrap();
            prop_assert_eq!(&sent["status"], "Draft");
        }
    }
}
