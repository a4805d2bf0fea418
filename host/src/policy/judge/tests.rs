//! Manifests with one fault each, and with many.

use serde_json::{Value, json};

use super::*;

fn manifest(effect: &str, routes: &Value, preview_routes: &Value) -> Manifest {
    serde_json::from_value(json!({
        "manifest": 1, "id": "crm", "version": "0.1.0", "abi": "0.1", "summary": "",
        "credentials": { "api": [{ "name": "key", "recipe": "bearer", "value": "{key}" }] },
        "tools": [{ "name": "t", "title": "", "description": "", "effect": effect,
            "input_schema": {}, "output_schema": {},
            "routes": routes, "preview_routes": preview_routes }]
    }))
    .unwrap()
}

fn said(manifest: &Manifest) -> Vec<String> {
    match judge(manifest) {
        Ok(()) => Vec::new(),
        Err(Problems(list)) => list.iter().map(Problem::to_string).collect(),
    }
}

#[test]
fn single_faults() {
    let reads_only = "only reads must not";
    let post = "needs a `form` or `json` matcher";
    for (effect, route, fault) in [
        (
            "read",
            json!({ "method": "GET", "path": "{e}/{id}", "credential": "api" }),
            None,
        ),
        (
            "read",
            json!({ "method": "POST", "path": "a", "safe": "a query" }),
            None,
        ),
        (
            "read",
            json!({ "method": "POST", "path": "a", "form": { "method": ["get"] } }),
            None,
        ),
        (
            "read",
            json!({ "method": "POST", "path": "a", "json": { "/op": ["get"] } }),
            None,
        ),
        (
            "write",
            json!({ "method": "PUT", "path": "{e}/{id}", "same": { "id": "/id" } }),
            None,
        ),
        ("write", json!({ "method": "POST", "path": "leads/" }), None),
        (
            "read",
            json!({ "method": "PUT", "path": "a" }),
            Some(reads_only),
        ),
        (
            "read",
            json!({ "method": "PATCH", "path": "a" }),
            Some(reads_only),
        ),
        (
            "read",
            json!({ "method": "DELETE", "path": "a", "json": { "/a": [1] } }),
            Some(reads_only),
        ),
        ("read", json!({ "method": "POST", "path": "a" }), Some(post)),
        (
            "read",
            json!({ "method": "POST", "path": "a", "absent": ["/x"] }),
            Some(post),
        ),
        (
            "read",
            json!({ "method": "POST", "path": "a", "form_same": { "f": { "/1": "/a" } } }),
            Some(post),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "safe": " " }),
            Some("has to give a reason"),
        ),
        (
            "write",
            json!({ "method": "DELETE", "path": "a", "safe": "x" }),
            Some("for POST alone"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a{b}" }),
            Some("is no pattern"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a/../b" }),
            Some("is a dot segment"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "{e}", "same": { "id": "/id" } }),
            Some("`same` names `{id}`"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "{e}", "not": { "x": ["a"] } }),
            Some("`not` names `{x}`"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "{e}", "not": { "e": [] } }),
            Some("the list of `e` is empty"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form": { "m": [] } }),
            Some("the list of `m` is empty"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_same": { "m": {} } }),
            Some("the list of `m` is empty"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_pairs": { "m": {} } }),
            Some("the list of `m` is empty"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_pairs": { "m": { "/2": {} } } }),
            Some("the list of `m` is empty"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_pairs": { "m": { "2": { "only": ["a"] } } } }),
            Some("`2` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_pairs": { "m": { "/2/*": { "refuse": ["a"] } } } }),
            None,
        ),
        (
            "write",
            json!({ "method": "GET", "path": "a", "form_pairs": { "m": { "/2": { "only": ["a"] } } } }),
            Some("a GET has no body"),
        ),
        (
            "write",
            json!({ "method": "GET", "path": "a", "json": { "/a": [1] } }),
            Some("a GET has no body"),
        ),
        (
            "write",
            json!({ "method": "HEAD", "path": "a", "form": { "a": ["b"] } }),
            Some("a HEAD has no body"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "json": { "/a": [1] }, "form": { "a": ["b"] } }),
            Some("not both"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "json": { "a": [1] } }),
            Some("`a` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "absent": ["/a~2"] }),
            Some("`/a~2` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "{e}", "same": { "e": "" } }),
            Some("is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "credential": "v8" }),
            Some("the slot `v8`"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "when": { "/e": ["a", null] }, "query": {},
                "only": { "": ["x", "/data", "/rows/*"], "/a/*": [] },
                "json_same": { "/a/*/id": "/ids/*" } }),
            None,
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "json_same": { "/id": "made:/data/id" },
                "query": { "is": { "id": ["eq.{/id}", "cs.{{{made:/id}}}"] }, "free": ["select"] } }),
            None,
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "when": { "e": ["a"] } }),
            Some("`when`: `e` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "when": { "/e": [] } }),
            None,
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_only": { "m": { "a": ["b"] } } }),
            Some("`form_only`: `a` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "only": { "a": ["b"] } }),
            Some("`only`: `a` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "only": { "": ["/a~"] } }),
            Some("`only`: `/a~` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "GET", "path": "a", "only": { "": [] } }),
            Some("a GET has no body"),
        ),
        (
            "write",
            json!({ "method": "PATCH", "path": "a", "query": { "is": { "id": ["eq.{id}"] } } }),
            Some("`query`: `id` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "PATCH", "path": "a", "query": { "is": { "id": ["eq.{/id"] } } }),
            Some("has a brace without its other half"),
        ),
        (
            "write",
            json!({ "method": "PATCH", "path": "a", "query": { "is": { "id": [] } } }),
            Some("`query`: the list of `id` is empty"),
        ),
        (
            "write",
            json!({ "method": "PATCH", "path": "a", "query": { "is": { "id": ["1"] }, "free": ["id"] } }),
            Some("the key `id` is free and has values"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form": { "m": ["x"] }, "query": {} }),
            Some("has no place beside a form"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_json": { "m": { "/1": [] } } }),
            Some("the list of `m` is empty"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_json": { "m": { "1": [0] } } }),
            Some("`form_json`: `1` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "a", "form_pairs": { "m": { "/2": { "among": { "id": "id" } } } } }),
            Some("`form_pairs`: `id` is no JSON pointer"),
        ),
        (
            "write",
            json!({ "method": "PATCH", "path": "{id}", "same": { "id": "made:/id" } }),
            Some("no POST of this tool changes anything"),
        ),
        (
            "write",
            json!({ "method": "POST", "path": "{id}", "same": { "id": "made:id" } }),
            Some("`same`: `id` is no JSON pointer"),
        ),
    ] {
        let found = said(&manifest(effect, &json!([route]), &json!([])));
        match fault {
            None => assert_eq!(found, Vec::<String>::new(), "{route}"),
            Some(fault) => {
                assert_eq!(found.len(), 1, "{found:?}");
                assert!(found[0].contains(fault), "{found:?}");
                assert!(found[0].starts_with("tool `t`, route 1 (`"), "{found:?}");
            }
        }
    }
}

#[test]
fn all_problems_at_once() {
    let mut bad = manifest(
        "destructive",
        &json!([{ "method": "DELETE", "path": "{e}", "credential": "x" }, { "method": "POST", "path": "" }]),
        &json!([{ "method": "DELETE", "path": "{e}" }, { "method": "POST", "path": "a//b" }]),
    );
    bad.live_check =
        serde_json::from_value(json!({ "routes": [{ "method": "PATCH", "path": "a" }] })).unwrap();
    assert_eq!(
        said(&bad),
        [
            "tool `t`, route 1 (`DELETE {e}`): `credential` names the slot `x`, which the manifest does not declare",
            "preview of `t`, route 1 (`DELETE {e}`): DELETE changes records, and a tool, preview, resource or check that only reads must not",
            "preview of `t`, route 2 (`POST a//b`): a POST of a tool, preview, resource or check that only reads needs a `form` or `json` matcher, or `safe` with a reason",
            "preview of `t`, route 2 (`POST a//b`): the path is no pattern: segment 2 is empty",
            "live_check, route 1 (`PATCH a`): PATCH changes records, and a tool, preview, resource or check that only reads must not",
        ]
    );
}

#[test]
fn tools_that_need_a_preview() {
    for (effect, refused) in [
        ("read", false),
        ("write", false),
        ("destructive", true),
        ("outward", true),
    ] {
        let found = said(&manifest(effect, &json!([]), &json!([])));
        assert_eq!(!found.is_empty(), refused, "{found:?}");
    }
}

#[test]
fn cases_are_judged_like_tools() {
    let tool = |cases: Value| {
        json!({
            "manifest": 1, "id": "x", "version": "1.0.0", "abi": "0.1", "summary": "",
            "tools": [{ "name": "t", "title": "", "description": "", "effect": "write",
                "input_schema": {}, "output_schema": {}, "routes": [], "cases": cases }]
        })
    };
    let get = json!({ "method": "GET", "path": "a" });
    let patch = json!({ "method": "PATCH", "path": "a" });
    for (case, wanted) in [
        (
            json!({ "when": { "/a": ["x", null] }, "effect": "write", "routes": [patch] }),
            None,
        ),
        (
            json!({ "when": { "/a": [true] }, "effect": "read", "routes": [get] }),
            None,
        ),
        (
            json!({ "when": { "/a": [1] }, "effect": "read", "routes": [patch] }),
            Some("case 1 of tool `t`, route 1 (`PATCH a`): PATCH changes records"),
        ),
        (
            json!({ "when": { "/a": [1] }, "effect": "write", "routes": [get], "preview_routes": [patch] }),
            Some("preview of case 1 of tool `t`, route 1 (`PATCH a`): PATCH changes records"),
        ),
        (
            json!({ "when": { "/a": [1] }, "effect": "outward", "routes": [patch] }),
            Some("a case that is outward has to declare `preview_routes`"),
        ),
        (
            json!({ "when": { "/a": [1] }, "effect": "destructive", "routes": [], "preview_routes": [get] }),
            Some("its effect destructive is worse than the tool's own, write"),
        ),
        (
            json!({ "when": {}, "effect": "read", "routes": [] }),
            Some("has to name arguments"),
        ),
        (
            json!({ "when": { "/a": [] }, "effect": "read", "routes": [] }),
            Some("has to name arguments"),
        ),
        (
            json!({ "when": { "a": [1] }, "effect": "read", "routes": [] }),
            Some("is no JSON pointer"),
        ),
        (
            json!({ "when": { "/a": [[]] }, "effect": "read", "routes": [] }),
            Some("compares texts"),
        ),
    ] {
        let manifest = serde_json::from_value(tool(json!([case]))).unwrap();
        let judged = judge(&manifest).map_err(|problems| problems.to_string());
        match wanted {
            None => assert_eq!(judged, Ok(()), "{case}"),
            Some(part) => assert!(
                judged.clone().unwrap_err().contains(part),
                "{case}: {judged:?}"
            ),
        }
    }
}

#[test]
fn harmless_posts_are_listed() {
    let listed = harmless_posts(&manifest(
        "read",
        &json!([{ "method": "GET", "path": "a" }, { "method": "POST", "path": "rest.php", "form": { "method": ["get", "count"] } }]),
        &json!([]),
    ));
    assert_eq!(
        listed,
        [HarmlessPost {
            place: "tool `t`".to_owned(),
            route: "POST rest.php".to_owned(),
            why: "method = get or count".to_owned(),
        }]
    );
}
