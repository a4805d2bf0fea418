//! By the rules alone: every request that a changing tool may send, held against the routes of every
//! function that only reads.

use std::collections::BTreeSet;

use portcullis::policy::{Passed, Refused, RouteSet, harmless_posts};
use portcullis_manifest::Manifest;
use serde_json::{Value, json};

use super::concrete::{Concrete, requests};
use super::{CRMS, Group, changes, groups, manifest};

/// Every request that a function of the manifest may send to change something.
pub fn attacks(manifest: &Manifest) -> Vec<(String, Concrete)> {
    let mut attacks = Vec::new();
    for group in groups(manifest).into_iter().filter(|group| !group.reads) {
        let own = compiled(&group);
        for route in group.routes.iter().filter(|route| changes(route)) {
            let place = format!(
                "{} {} of {}",
                route.method.as_str(),
                route.path,
                group.place
            );
            let allowed = requests(route, manifest).into_iter().filter(|request| {
                request.with_known(&request.arguments, |known| {
                    own.check(&request.asked(), known).is_ok()
                })
            });
            let allowed: Vec<_> = allowed.map(|request| (place.clone(), request)).collect();
            let first = requests(route, manifest).first().map(Concrete::told);
            assert!(
                !allowed.is_empty(),
                "no request was made for {place}: {first:?}"
            );
            attacks.extend(allowed);
        }
    }
    attacks
}

fn compiled(group: &Group<'_>) -> RouteSet {
    RouteSet::compile(group.routes).unwrap_or_else(|error| panic!("{}: {error}", group.place))
}

/// The requests of changing tools that functions which read would let through.
fn through(manifest: &Manifest) -> BTreeSet<String> {
    let attacks = attacks(manifest);
    let mut found = BTreeSet::new();
    for group in groups(manifest).into_iter().filter(|group| group.reads) {
        let routes = compiled(&group);
        let calls = calls(&group, manifest);
        for (place, request) in &attacks {
            for arguments in &calls {
                let arguments = both(arguments, &request.arguments);
                let by = request.with_known(&arguments, |known| passes(&routes, request, known));
                if let Some(by) = by {
                    found.insert(format!("{place} passes {by} of {}", group.place));
                }
            }
        }
    }
    found
}

fn passes(
    routes: &RouteSet,
    request: &Concrete,
    known: &portcullis::policy::Known<'_>,
) -> Option<String> {
    let passed: Result<Passed<'_>, Refused> = routes.check(&request.asked(), known);
    passed.ok().map(|passed| passed.description.to_owned())
}

/// Calls in which a function has its routes: arguments of all kinds that its matchers ask for.
fn calls(group: &Group<'_>, manifest: &Manifest) -> Vec<Value> {
    let mut calls = vec![json!({})];
    for route in group.routes {
        for request in requests(route, manifest) {
            if !calls.contains(&request.arguments) {
                calls.push(request.arguments);
            }
        }
    }
    calls
}

/// Arguments of two calls; where both say something, the first one counts.
fn both(first: &Value, second: &Value) -> Value {
    match (first, second) {
        (Value::Object(first), Value::Object(second)) => {
            let mut all = second.clone();
            for (key, value) in first {
                let below = second
                    .get(key)
                    .map_or(value.clone(), |other| both(value, other));
                all.insert(key.clone(), below);
            }
            Value::Object(all)
        }
        _ => first.clone(),
    }
}

#[tokio::test]
async fn nothing_that_changes_a_crm_passes_where_only_reading_is_meant() {
    for id in CRMS {
        let manifest = manifest(id).await;
        let found: Vec<String> = through(&manifest).into_iter().collect();
        assert_eq!(found, Vec::<String>::new(), "{id}");
    }
}

#[tokio::test]
async fn what_may_be_posted_where_only_reading_is_meant_is_known() {
    for id in CRMS {
        let manifest = manifest(id).await;
        let places = groups(&manifest);
        let reading = |place: &str| {
            let plain = place.replace("tool ", "").replace('`', "");
            places
                .iter()
                .any(|group| group.reads && group.place == plain)
        };
        let posts = harmless_posts(&manifest).into_iter();
        let posts = posts.filter(|post| reading(&post.place));
        // By route and reason, each with its functions: a new reason is a line, a new tool a word.
        let mut known: std::collections::BTreeMap<String, Vec<String>> = Default::default();
        for post in posts {
            let line = format!("{}: {}", post.route, post.why);
            known
                .entry(line)
                .or_default()
                .push(post.place.replace('`', ""));
        }
        let shown: Vec<String> = known
            .into_iter()
            .map(|(route, places)| format!("{route}\n    {}", places.join(", ")))
            .collect();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("harmless_{id}"), shown.join("\n")));
    }
}

#[test]
fn a_manifest_that_lets_a_change_through_is_found() {
    // The test of the test: a preview whose route is as wide as the change that it should only show.
    let route = json!({"method": "POST", "path": "rest", "form": {"method": ["set"]}});
    let tool = json!({
        "name": "remove", "title": "", "description": "", "effect": "destructive",
        "input_schema": {}, "output_schema": {}, "routes": [route], "preview_routes": [route],
    });
    let manifest: Manifest = serde_json::from_value(json!({
        "manifest": 1, "id": "wide", "version": "1", "abi": "0.1", "summary": "", "tools": [tool],
    }))
    .expect("a manifest");
    let found = through(&manifest);
    let wanted = "POST rest of remove passes POST rest of preview of remove";
    assert!(found.contains(wanted), "{found:?}");
}
