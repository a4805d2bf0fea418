//! Matchers that bind a request to the arguments of its call: hostile bodies beside good ones.

use super::*;

/// A body under a method, of a call with these arguments.
fn sends(method: Method, path: &'static str, arguments: &Value, body: &Value) -> Case {
    Case {
        method,
        arguments: arguments.clone(),
        ..post(path, JSON, body.to_string().leak())
    }
}

fn with_query(case: Case, pairs: &[(&str, &str)]) -> Case {
    let query = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Case {
        query: query.collect(),
        ..case
    }
}

/// What a call of a form's method sends.
fn called(arguments: &Value, data: &Value) -> Case {
    let data: String = segment::encode(&data.to_string()).collect();
    Case {
        arguments: arguments.clone(),
        ..post(
            "rest.php",
            FORM,
            format!("method=m&rest_data={data}").leak(),
        )
    }
}

#[test]
fn routes_of_some_calls() {
    let set = routes(json!([
        { "method": "POST", "path": "accounts", "when": { "/entity": ["accounts"] } },
        { "method": "POST", "path": "leads", "when": { "/entity": ["leads", null], "/dry": [null, false] } },
        { "method": "POST", "path": "keyed", "when": { "/key": [] } }
    ]));
    for (path, arguments, allowed) in [
        ("accounts", json!({ "entity": "accounts" }), true),
        ("accounts", json!({ "entity": "leads" }), false),
        ("accounts", json!({}), false),
        ("leads", json!({ "entity": "leads" }), true),
        ("leads", json!({}), true),
        ("leads", json!({ "entity": "leads", "dry": true }), false),
        ("keyed", json!({ "key": "x" }), true),
        ("keyed", json!({ "key": false }), true),
        ("keyed", json!({ "key": null }), false),
        ("keyed", json!({}), false),
    ] {
        let asked = sends(Method::Post, path, &arguments, &json!({}));
        assert_eq!(check(&set, &asked).is_ok(), allowed, "{path} {arguments}");
    }
    let other = sends(
        Method::Post,
        "accounts",
        &json!({ "entity": "leads" }),
        &json!({}),
    );
    assert_eq!(
        why(&set, &other),
        "`POST accounts`: `when`: a call with this argument `/entity` has no such route"
    );
}

#[test]
fn a_row_of_a_table() {
    let set = routes(
        json!([{ "method": "PATCH", "path": "rest/v1/{table}", "same": { "table": "/entity" },
        "query": { "is": { "id": ["eq.{/id}"] } }, "only": { "": ["/data", "updated_at"] } }]),
    );
    let arguments = json!({ "entity": "contacts", "id": 7, "data": { "title": "x", "tags": [1] } });
    let change = |path, pairs: &[(&str, &str)], body: Value| {
        with_query(sends(Method::Patch, path, &arguments, &body), pairs)
    };
    let row = ("id", "eq.7");
    let good = change(
        "rest/v1/contacts",
        &[row],
        json!({ "title": "y", "updated_at": null }),
    );
    assert_eq!(sent(&set, &good), r#"{"title":"y","updated_at":null}"#);
    let at = "`PATCH rest/v1/{table}`: ";
    let other_key = "`query`: it holds a key other than those that the route names";
    let other_member =
        "`only`: the body has to be an object of no members but those that the route names";
    let body = || json!({ "title": "y" });
    for (asked, message) in [
        (
            change("rest/v1/companies", &[row], body()),
            "`same`: the segment `{table}` differs from the argument `/entity`",
        ),
        (
            change("rest/v1/contacts", &[], body()),
            "`query`: the key `id` has to stand exactly once",
        ),
        (
            change("rest/v1/contacts", &[row, row], body()),
            "`query`: the key `id` has to stand exactly once",
        ),
        (
            change("rest/v1/contacts", &[("id", "gt.0")], body()),
            "`query`: the key `id` has a value that is not allowed",
        ),
        (
            change("rest/v1/contacts", &[row, ("or", "(id.gt.0)")], body()),
            other_key,
        ),
        (
            change("rest/v1/contacts", &[row, ("columns", "sales_id")], body()),
            other_key,
        ),
        (
            change("rest/v1/contacts", &[row], json!({ "id": 8 })),
            other_member,
        ),
        (
            change("rest/v1/contacts", &[row], json!({ "Title": 8 })),
            other_member,
        ),
        (
            change("rest/v1/contacts", &[row], json!([{ "title": 8 }])),
            other_member,
        ),
        (
            change("rest/v1/contacts", &[row], json!(null)),
            other_member,
        ),
    ] {
        assert_eq!(why(&set, &asked), format!("{at}{message}"));
    }
}

#[test]
fn members_below_the_body() {
    let set = routes(json!([{ "method": "PATCH", "path": "a", "only": {
        "": ["data"], "/data": ["id", "attributes"], "/data/attributes": ["/fields"] } },
        { "method": "POST", "path": "send", "only": { "": [] } },
        { "method": "POST", "path": "rows", "only": { "/rows/*": ["/rows/*"] } }]));
    let arguments = json!({ "fields": { "name": "A" }, "rows": [{ "a": 1 }, { "b": 2 }] });
    for (path, body, allowed) in [
        (
            "a",
            json!({ "data": { "id": 1, "attributes": { "name": "B" } } }),
            true,
        ),
        ("a", json!({ "data": { "id": 1, "attributes": {} } }), true),
        (
            "a",
            json!({ "data": { "id": 1, "attributes": { "owner": "B" } } }),
            false,
        ),
        (
            "a",
            json!({ "data": { "id": 1, "relationships": {}, "attributes": {} } }),
            false,
        ),
        ("a", json!({ "data": { "id": 1 } }), false),
        (
            "a",
            json!({ "data": { "attributes": {} }, "meta": {} }),
            false,
        ),
        ("send", json!({}), true),
        ("send", json!({ "to": "x" }), false),
        ("send", json!([]), false),
        ("rows", json!({ "rows": [{ "a": 1, "b": 1 }, {}] }), true),
        ("rows", json!({ "rows": [] }), true),
        ("rows", json!({ "rows": [{ "a": 1 }, { "c": 1 }] }), false),
        ("rows", json!({ "rows": { "0": { "a": 1 } } }), false),
        ("rows", json!({}), false),
    ] {
        let method = if path == "a" {
            Method::Patch
        } else {
            Method::Post
        };
        let asked = sends(method, path, &arguments, &body);
        assert_eq!(check(&set, &asked).is_ok(), allowed, "{path} {body}");
    }
}

#[test]
fn links_and_their_direction() {
    let set = routes(
        json!([{ "method": "POST", "path": "rest.php", "form": { "method": ["m"] },
        "form_json": { "rest_data": { "/5": [[]], "/6": [0] } },
        "form_same": { "rest_data": { "/1": "/module", "/4/*": "/ids/*" } } }]),
    );
    let many = json!({ "module": "Calls", "ids": ["a", "b"] });
    let one = json!({ "module": "Calls", "ids": "a" });
    let link =
        |ids: Value, more: Value, flag: Value| json!([null, "Calls", "7", "l", ids, more, flag]);
    for (arguments, ids, more, flag, allowed) in [
        (&many, json!(["a", "b"]), json!([]), json!(0), true),
        (&many, json!(["b"]), json!([]), json!(0), true),
        (&one, json!(["a"]), json!([]), json!(0), true),
        (&many, json!(["a", "c"]), json!([]), json!(0), false),
        (&one, json!(["b"]), json!([]), json!(0), false),
        (&many, json!("a"), json!([]), json!(0), false),
        (&many, json!({ "0": "a" }), json!([]), json!(0), false),
        (&many, json!(["a"]), json!([]), json!(1), false),
        (&many, json!(["a"]), json!([]), json!("0"), false),
        (&many, json!(["a"]), json!([]), json!(null), false),
        (
            &many,
            json!(["a"]),
            json!([{ "name": "x", "value": "y" }]),
            json!(0),
            false,
        ),
        (&many, json!(["a"]), json!({}), json!(0), false),
    ] {
        let data = link(ids, more, flag);
        assert_eq!(
            check(&set, &called(arguments, &data)).is_ok(),
            allowed,
            "{data}"
        );
    }
    let short = called(&many, &json!([null, "Calls", "7", "l", ["a"], []]));
    assert_eq!(
        why(&set, &short),
        "`POST rest.php`: `form_json`: `/6` of the field `rest_data` is missing or has a value that is not allowed"
    );
}

#[test]
fn members_of_an_object_in_a_form() {
    let set = routes(
        json!([{ "method": "POST", "path": "rest.php", "form": { "method": ["m"] },
        "form_only": { "rest_data": { "/1": ["id", "/file"] } } }]),
    );
    let arguments = json!({ "file": { "name": "a" } });
    for (note, allowed) in [
        (json!({ "id": "1", "name": "a" }), true),
        (json!({ "id": "1", "related_module_id": "2" }), false),
        (json!([{ "id": "1" }]), false),
        (json!(null), false),
    ] {
        let data = json!([null, note]);
        assert_eq!(
            check(&set, &called(&arguments, &data)).is_ok(),
            allowed,
            "{data}"
        );
    }
    assert_eq!(
        why(&set, &called(&arguments, &json!([]))),
        "`POST rest.php`: `form_only`: `/1` of the field `rest_data` has to be an object of no members but those that the route names"
    );
}

#[test]
fn rows_of_a_bulk_call() {
    let set = routes(
        json!([{ "method": "POST", "path": "rest.php", "form": { "method": ["m"] },
        "form_pairs": { "rest_data": { "/2/*": { "refuse": ["deleted"], "only": ["id", "/rows/*"],
            "among": { "id": "/rows/*/id" } } } } }]),
    );
    let arguments = json!({ "rows": [{ "id": "1", "name": "a" }, { "name": "b", "phone": "2" }] });
    let pair = |name: &str, value: &str| json!({ "name": name, "value": value });
    for (rows, allowed) in [
        (
            json!([[pair("id", "1"), pair("name", "x")], [pair("phone", "y")]]),
            true,
        ),
        (json!([]), true),
        (
            json!([[pair("name", "x")], [pair("id", "2"), pair("name", "x")]]),
            false,
        ),
        (json!([[pair("id", "1"), pair("owner", "x")]]), false),
        (json!([[pair("id", "1"), pair("deleted", "1")]]), false),
        (json!([pair("id", "1")]), false),
        (json!({ "0": [pair("id", "1")] }), false),
    ] {
        let data = json!([null, "Leads", rows]);
        assert_eq!(
            check(&set, &called(&arguments, &data)).is_ok(),
            allowed,
            "{data}"
        );
    }
}

#[test]
fn only_what_this_call_made() {
    let set = routes(json!([
        { "method": "POST", "path": "accounts" },
        { "method": "POST", "path": "search", "safe": "it reads" },
        { "method": "GET", "path": "accounts" },
        { "method": "PATCH", "path": "accounts/{id}", "same": { "id": "made:/id" } }
    ]));
    let arguments = json!({ "id": "mine" });
    let change = |made: &[&str]| {
        let mut asked = sends(Method::Patch, "accounts/new", &arguments, &json!({}));
        for answer in made {
            asked.made.learn(&["/id".to_owned()], answer.as_bytes());
        }
        asked
    };
    assert_eq!(
        why(&set, &change(&[])),
        "`PATCH accounts/{id}`: `same`: the segment `{id}` differs from the argument `made:/id`"
    );
    assert!(check(&set, &change(&[r#"{"id":"old"}"#])).is_err());
    assert!(check(&set, &change(&[r#"{"id":"old"}"#, r#"{"id":"new"}"#])).is_ok());
    for (method, path, teaches) in [
        (Method::Post, "accounts", &["/id"][..]),
        (Method::Post, "search", &[]),
        (Method::Get, "accounts", &[]),
    ] {
        let asked = case(method, path);
        assert_eq!(check(&set, &asked).unwrap().teaches, teaches, "{path}");
    }
    let taught = change(&[r#"{"id":"new"}"#]);
    assert!(check(&set, &taught).unwrap().teaches.is_empty());
}
