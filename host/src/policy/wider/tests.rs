//! Properties of the comparison over generated manifests, and tables of single changes.

mod generated;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use super::*;
use crate::policy::asks::RouteLine;
use crate::policy::{Asked, Known, Made, RouteSet};
use generated::{Sent, family, manifest, request, with_tool};

fn asks(manifest: &Value) -> Asks {
    let manifest = serde_json::from_value(manifest.clone()).unwrap();
    let imports = ["portcullis:plugin/http@0.1.0", "wasi:io/streams@0.2.9"];
    let exports = ["portcullis:plugin/plugin@0.1.0"];
    Asks::of(
        &manifest,
        &imports.map(str::to_owned),
        &exports.map(str::to_owned),
    )
}

/// Every way to take one thing away, with its name.
fn without_one(asks: &Asks) -> Vec<(String, Asks)> {
    fn sets(
        all: &mut Vec<(String, Asks)>,
        from: &Asks,
        what: &str,
        of: fn(&mut Asks) -> &mut BTreeSet<String>,
    ) {
        for entry in of(&mut from.clone()).clone() {
            let mut less = from.clone();
            of(&mut less).remove(&entry);
            all.push((format!("{what} {entry}"), less));
        }
    }
    fn maps<T: Clone>(
        all: &mut Vec<(String, Asks)>,
        from: &Asks,
        what: &str,
        of: fn(&mut Asks) -> &mut BTreeMap<String, T>,
    ) {
        for entry in of(&mut from.clone()).keys() {
            let mut less = from.clone();
            of(&mut less).remove(entry);
            all.push((format!("{what} {entry}"), less));
        }
    }
    let mut all = Vec::new();
    sets(&mut all, asks, "import", |a| &mut a.imports);
    sets(&mut all, asks, "export", |a| &mut a.exports);
    sets(&mut all, asks, "secret", |a| &mut a.secrets);
    sets(&mut all, asks, "shown secret", |a| &mut a.shown_secrets);
    sets(&mut all, asks, "explained", |a| &mut a.explained);
    sets(&mut all, asks, "send", |a| &mut a.headers.send);
    sets(&mut all, asks, "receive", |a| &mut a.headers.receive);
    maps(&mut all, asks, "setting", |a| &mut a.settings);
    maps(&mut all, asks, "credential", |a| &mut a.credentials);
    maps(&mut all, asks, "tool", |a| &mut a.tools);
    maps(&mut all, asks, "resource", |a| &mut a.resources);
    maps(&mut all, asks, "prompt", |a| &mut a.prompts);
    if asks.live_check.is_some() {
        let less = Asks {
            live_check: None,
            ..asks.clone()
        };
        all.push(("live_check".to_owned(), less));
    }
    for (name, tool) in &asks.tools {
        for alias in &tool.aliases {
            let mut less = asks.clone();
            less.tools.get_mut(name).unwrap().aliases.remove(alias);
            all.push((format!("alias {alias}"), less));
        }
    }
    all
}

/// Every way to take one route of a tool away, and whether no other route is of its method and path.
fn without_a_route(asks: &Asks) -> Vec<(bool, Asks)> {
    let mut all = Vec::new();
    for (name, tool) in &asks.tools {
        for line in &tool.routes {
            let mut less = asks.clone();
            let routes = &mut less.tools.get_mut(name).unwrap().routes;
            routes.remove(line);
            let (method, path) = (line.route().method, &line.route().path);
            let is_alike = |r: &RouteLine| r.route().method == method && r.route().path == *path;
            all.push((!routes.iter().any(is_alike), less));
        }
    }
    all
}

proptest! {
    // Each case compares dozens of manifests.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_is_not_more(asks in manifest()) {
        let asks = self::asks(&asks);
        prop_assert_eq!(differences(&asks, &asks), Vec::new());
    }

    #[test]
    fn taking_anything_away_is_less_and_giving_it_back_is_more(asks in manifest()) {
        let asks = self::asks(&asks);
        for (what, less) in without_one(&asks) {
            prop_assert!(!is_wider(&asks, &less), "{}", what);
            prop_assert!(!differences(&asks, &less).is_empty(), "{}", what);
            prop_assert!(is_wider(&less, &asks), "{}", what);
        }
        for (is_only, less) in without_a_route(&asks) {
            prop_assert!(!is_wider(&asks, &less));
            prop_assert!(is_wider(&less, &asks) || !is_only);
        }
    }

    #[test]
    fn less_of_less_is_less(asks in manifest(), first in any::<prop::sample::Index>(), second in any::<prop::sample::Index>()) {
        let all = self::asks(&asks);
        let less = without_one(&all);
        prop_assume!(!less.is_empty());
        let (_, less) = first.get(&less);
        let least = without_one(less);
        prop_assume!(!least.is_empty());
        prop_assert!(!is_wider(&all, &second.get(&least).1));
    }

    #[test]
    fn what_is_not_more_than_what_is_not_more_is_not_more(routes in family()) {
        let all: Vec<Asks> = routes.iter().map(|r| asks(&with_tool(std::slice::from_ref(r)))).collect();
        for (one, two, three) in triples(&all) {
            let chain = !is_wider(one, two) && !is_wider(two, three);
            prop_assert!(!chain || !is_wider(one, three));
        }
    }

    /// What it is for: a plugin that does not ask for more cannot send what could not be sent before.
    #[test]
    fn what_is_not_more_sends_nothing_new(
        routes in family(),
        requests in prop::collection::vec(request(), 30),
    ) {
        for before in &routes {
            let before_asks = asks(&with_tool(std::slice::from_ref(before)));
            for now in &routes {
                if is_wider(&before_asks, &asks(&with_tool(std::slice::from_ref(now)))) {
                    continue;
                }
                let (before, now) = (compiled(before), compiled(now));
                for sent in &requests {
                    prop_assert!(!passes(&now, sent) || passes(&before, sent), "{:?}", sent);
                }
            }
        }
    }
}

fn triples(all: &[Asks]) -> impl Iterator<Item = (&Asks, &Asks, &Asks)> {
    let pairs = all
        .iter()
        .flat_map(|one| all.iter().map(move |two| (one, two)));
    pairs.flat_map(|(one, two)| all.iter().map(move |three| (one, two, three)))
}

fn compiled(route: &Value) -> RouteSet {
    RouteSet::compile(&[serde_json::from_value(route.clone()).unwrap()]).unwrap()
}

fn passes(routes: &RouteSet, (arguments, sent): &(Value, Sent)) -> bool {
    let made = Made::default();
    let known = Known {
        arguments,
        made: &made,
    };
    let asked = Asked {
        method: sent.method,
        path: &sent.path,
        query: &sent.query,
        headers: &sent.headers,
        body: sent.body.as_deref(),
        credential: None,
    };
    routes.check(&asked, &known).is_ok()
}

/// The generated cases reach the answers that they are about.
#[test]
fn generated_routes_are_often_related_and_requests_often_pass() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut narrower, mut passing) = (0, 0);
    for _ in 0..200 {
        let routes = family().new_tree(&mut runner).unwrap().current();
        let all: Vec<Asks> = routes
            .iter()
            .map(|r| asks(&with_tool(std::slice::from_ref(r))))
            .collect();
        for (one, two, _) in triples(&all) {
            narrower += usize::from(one != two && !is_wider(one, two));
        }
        let sent = prop::collection::vec(request(), 30)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let passes =
            |sent: &(Value, Sent)| routes.iter().any(|route| passes(&compiled(route), sent));
        passing += sent.iter().filter(|sent| passes(sent)).count();
    }
    assert!(narrower > 20 && passing > 20, "{narrower} {passing}");
}

/// A tool with one route, and the same with the route changed.
fn changed(route: &Value, other: &Value) -> Vec<Difference> {
    differences(
        &asks(&with_tool(std::slice::from_ref(route))),
        &asks(&with_tool(std::slice::from_ref(other))),
    )
}

#[test]
fn each_matcher_that_is_looser_is_more_and_tighter_is_less() {
    let path = json!({"method": "POST", "path": "{e}/{id}"});
    for (tight, loose) in [
        (
            json!({"when": {"/k": ["x"]}}),
            json!({"when": {"/k": ["x", "y"]}}),
        ),
        (json!({"when": {"/k": ["x"]}}), json!({"when": {"/k": []}})),
        (json!({"when": {"/k": []}}), json!({})),
        (
            json!({"when": {"/k": ["x"]}}),
            json!({"when": {"/other": ["x"]}}),
        ),
        (json!({"query": {}}), json!({})),
        (json!({"query": {}}), json!({"query": {"free": ["a"]}})),
        (
            json!({"query": {"is": {"a": ["1"]}}}),
            json!({"query": {"free": ["a"]}}),
        ),
        (
            json!({"query": {"is": {"a": ["1"]}}}),
            json!({"query": {"is": {"a": ["1", "2"]}}}),
        ),
        (
            json!({"query": {"is": {"a": ["1"], "b": ["1"]}}}),
            json!({"query": {"is": {"b": ["1"]}}}),
        ),
        (
            json!({"form": {"m": ["get"]}}),
            json!({"form": {"m": ["get", "set"]}}),
        ),
        (
            json!({"form": {"m": ["get"], "n": ["1"]}}),
            json!({"form": {"m": ["get"]}}),
        ),
        (
            json!({"json": {"/s": ["Draft"]}}),
            json!({"json": {"/s": ["Draft", null]}}),
        ),
        (
            json!({"json_same": {"/a": "/a"}}),
            json!({"json_same": {"/a": "/b"}}),
        ),
        (
            json!({"only": {"": ["a"]}}),
            json!({"only": {"": ["a", "b"]}}),
        ),
        (json!({"absent": ["/a", "/b"]}), json!({"absent": ["/a"]})),
        (json!({"same": {"id": "/id"}}), json!({})),
        (
            json!({"same": {"id": "/id"}}),
            json!({"same": {"id": "/other"}}),
        ),
        (
            json!({"form_json": {"r": {"/1": ["a"]}}}),
            json!({"form_json": {"r": {"/1": ["a", "b"]}}}),
        ),
        (
            json!({"form_only": {"r": {"/2": ["a"]}}}),
            json!({"form_only": {"r": {"/2": ["b"]}}}),
        ),
        (
            json!({"form_same": {"r": {"/1": "/m"}}}),
            json!({"form_same": {"r": {}}}),
        ),
        (
            json!({"form_pairs": {"r": {"/2": {"refuse": ["deleted"]}}}}),
            json!({"form_pairs": {"r": {"/2": {}}}}),
        ),
        (
            json!({"form_pairs": {"r": {"/2": {"only": ["a"]}}}}),
            json!({"form_pairs": {"r": {"/2": {}}}}),
        ),
        (
            json!({"form_pairs": {"r": {"/2": {"is": {"a": [1]}}}}}),
            json!({"form_pairs": {"r": {"/2": {"is": {"a": [1, 2]}}}}}),
        ),
        (
            json!({"form_pairs": {"r": {"/2": {"same": {"id": "/id"}}}}}),
            json!({"form_pairs": {"r": {"/2": {"among": {"id": "/id"}}}}}),
        ),
        (
            json!({"not": {"e": ["Email", "Import"]}}),
            json!({"not": {"e": ["Email"]}}),
        ),
        (json!({}), json!({"safe": "it only searches"})),
        (
            json!({"safe": "it only searches"}),
            json!({"safe": "it only reads"}),
        ),
        (json!({"credential": "v8"}), json!({})),
        (json!({"credential": "v8"}), json!({"credential": "v4"})),
    ] {
        let route = |more: &Value| {
            let mut route = path.clone();
            for (key, value) in more.as_object().unwrap() {
                route[key] = value.clone();
            }
            route
        };
        let (tight, loose) = (route(&tight), route(&loose));
        let more = changed(&tight, &loose);
        assert!(
            more[0].widens && more[0].text.contains("less limited"),
            "{loose} {more:?}"
        );
        let free = changed(&path, &tight);
        let is_safe = tight.get("safe").is_some();
        assert_eq!(free.iter().any(|d| d.widens), is_safe, "{tight}");
    }
}

#[test]
fn every_other_change_is_more() {
    let plain = generated::plain();
    for (pointer, value) in [
        ("/abi", json!("0.2")),
        ("/base", json!({"append": "/api"})),
        ("/headers/constant", json!({"apikey": "{other}"})),
        ("/headers/constant", json!({})),
        ("/headers/constant/more", json!("x")),
        ("/secrets/key/scrub", json!(false)),
        ("/settings/properties/zone", json!({"type": "integer"})),
        ("/credentials/default/0/login/path", json!("elsewhere")),
        (
            "/credentials/default/0/capture",
            json!({"header": "x-token"}),
        ),
        ("/credentials/default/0/refused_means_not_done", json!(true)),
        ("/tools/0/effect", json!("write")),
        ("/tools/0/effect", json!("outward")),
        (
            "/tools/0/meta",
            json!({"ui": {"resourceUri": "ui://other"}}),
        ),
        (
            "/tools/0/input_schema/properties/id",
            json!({"type": "string"}),
        ),
        ("/tools/0/input_schema/required", json!([])),
        ("/tools/0/cases/0/effect", json!("destructive")),
        ("/tools/0/cases/0/when", json!({"/kind": ["other"]})),
        ("/tools/0/cases", json!([])),
        ("/tools/0/cases/0/routes/0/json", json!({})),
        ("/tools/0/preview_routes/0/path", json!("elsewhere")),
        ("/resources/0/uri", json!("ui://{connection}/other")),
        ("/resources/0/mime_type", json!("text/html")),
        (
            "/resources/0/meta",
            json!({"ui": {"csp": {"connectDomains": ["https://elsewhere.example"]}}}),
        ),
        ("/resources/0/routes/0/path", json!("elsewhere")),
        ("/live_check/routes/0/path", json!("elsewhere")),
        ("/explained/0/status", json!([500])),
    ] {
        let mut other = plain.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match other.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => other.pointer_mut(parent).unwrap()[key] = value.clone(),
        }
        let found = differences(&asks(&plain), &asks(&other));
        assert!(found.iter().any(|d| d.widens), "{pointer} {value}");
    }
}

#[test]
fn what_is_said() {
    let (plain, mut other) = (generated::plain(), generated::plain());
    other["headers"]["send"] = json!(["prefer"]);
    other["secrets"]["more"] = json!({"title": "more"});
    other["credentials"]["default"][0]["login"]["path"] = json!("elsewhere");
    other["tools"][0]["effect"] = json!("write");
    other["tools"][0]["routes"] = json!([
        {"method": "DELETE", "path": "notes/{id}"},
        {"method": "POST", "path": "search", "safe": "it only searches"},
    ]);
    other["resources"] = json!([]);
    let found = differences(&asks(&plain), &asks(&other));
    let lines: Vec<_> = found
        .iter()
        .map(|d| format!("{} {}", if d.widens { "+" } else { "-" }, d.text))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    + the host signs its requests with the secret `more`, which the plugin does not see
    + it may set the header `prefer` of requests
    + the credential `default` is applied in another way: {"capture":{"json":"/token"},"login":{"method":"POST","path":"elsewhere"},"name":"session","needs":["key"],"place":{"header":"authorization","value":"Bearer {token}"},"recipe":"login","sessions":1}, before {"capture":{"json":"/token"},"login":{"method":"POST","path":"login"},"name":"session","needs":["key"],"place":{"header":"authorization","value":"Bearer {token}"},"recipe":"login","sessions":1}
    + the tool `remove` changes records, before it was one that makes changes that cannot be undone, and it is not confirmed before it runs any more
    + the tool `remove`: `DELETE notes/{id}` is less limited: the path's `id` may be anything, before what `/id` holds
    + the tool `remove` may send `POST search {"safe":"it only searches"}`, which is said to change nothing, because: it only searches
    - the resource `page`, read at ui://{connection}/page as text/plain, sending `GET page`
    "#);
}
