//! No permit is wider than the manifest or than the operator's file, whatever both hold.

use std::sync::Arc;

use portcullis_manifest::{Effect, Method, Route, Tool};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::grant::tests::{any_effect, any_rule};
use super::{
    Asked, Confirmation, Confirmed, Grant, Known, Made, Principal, RouteSet, Way, authorize,
    authorize_preview,
};
use crate::names::ConnectionName;

fn any_method() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
    ])
}

fn any_routes() -> impl Strategy<Value = Vec<Route>> {
    let path = prop::sample::select(vec!["a", "a/b", "a/{id}", "{e}/{id}", "{e}/b/", "{e}"]);
    let route = (any_method(), path).prop_map(|(method, path)| Route::new(method, path));
    prop::collection::vec(route, 0..4)
}

fn any_path() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("a|b|c|7|\\.\\.|a/b|\\{id\\}|", 0..4)
}

/// What a route says, read once more and in another way than the host's.
fn fits(route: &Route, method: Method, path: &[String]) -> bool {
    let pattern: Vec<&str> = route.path.split('/').collect();
    let segment = |(pattern, segment): (&&str, &String)| match pattern.strip_prefix('{') {
        Some(_) => !segment.is_empty() && segment != ".." && !segment.contains('/'),
        None => pattern == segment,
    };
    route.method == method && pattern.len() == path.len() && pattern.iter().zip(path).all(segment)
}

fn lets(routes: &RouteSet, method: Method, path: &[String]) -> bool {
    let asked = Asked {
        method,
        path,
        query: &[],
        headers: &[],
        body: None,
        credential: None,
    };
    let known = Known {
        arguments: &Value::Null,
        made: &Made::default(),
    };
    routes.check(&asked, &known).is_ok()
}

fn declared(name: &str, effect: Effect, routes: &[Route], previews: &[Route]) -> Tool {
    serde_json::from_value(json!({
        "name": name, "title": "", "description": "", "effect": effect,
        "input_schema": {}, "output_schema": {}, "routes": routes, "preview_routes": previews
    }))
    .unwrap()
}

proptest! {
    #[test]
    fn a_permit_opens_what_both_sides_allow_and_nothing_else(
        name in "[ab]{1,3}",
        (effect, of_case) in (any_effect(), any_effect()),
        rule in any_rule(),
        (routes, previews, routes_of_case) in (any_routes(), any_routes(), any_routes()),
        is_case in any::<bool>(),
        (method, path) in (any_method(), any_path()),
    ) {
        let mut tool = declared(&name, effect, &routes, &previews);
        tool.cases = serde_json::from_value(json!([
            { "when": { "/action": ["x"] }, "effect": of_case, "routes": routes_of_case }
        ])).unwrap();
        let rule = Arc::new(rule);
        let grant = Grant::meet(&ConnectionName::new("sales").unwrap(), &tool, &rule).unwrap();
        let call = grant.for_call(&json!({ "action": if is_case { "x" } else { "y" } }));
        let (effect, routes) = if is_case { (of_case, &routes_of_case) } else { (effect, &routes) };
        let previews = if is_case { &[][..] } else { &previews };
        let caller = Principal::stdio();
        let by_hand = Confirmation::Given(Confirmed::new(&caller, &call, Way::Human));
        let allowed = rule.allow.contains(&effect) && rule.tools.matches(&name);
        let permit = authorize(&caller, &call, by_hand);
        prop_assert_eq!(permit.is_ok(), allowed);
        if let Ok(permit) = permit {
            let wanted = routes.iter().any(|route| fits(route, method, &path));
            prop_assert_eq!(lets(permit.routes(), method, &path), wanted, "{:?} {:?}", method, path);
        }
        if let Ok(permit) = authorize_preview(&caller, &call) {
            let wanted = previews.iter().any(|route| fits(route, method, &path));
            prop_assert_eq!(lets(permit.routes(), method, &path), wanted, "{:?} {:?}", method, path);
        }
    }
}
