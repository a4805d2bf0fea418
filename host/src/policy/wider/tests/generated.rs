//! Manifests, routes and requests of few names, so that generated ones often meet.

use portcullis_manifest::Method;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// A request without the lifetimes of the real one.
#[derive(Debug, Clone)]
pub struct Sent {
    pub method: Method,
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

/// A manifest with one of everything.
pub fn plain() -> Value {
    json!({
        "manifest": 1, "id": "a", "version": "0.1.0", "abi": "0.1", "summary": "a",
        "base": {"append": "/v1"},
        "secrets": {"key": {"title": "k"}},
        "headers": {"constant": {"apikey": "{key}"}},
        "settings": {"type": "object", "properties": {"zone": {"type": "string"}}},
        "credentials": {"default": [{"name": "session", "needs": ["key"], "recipe": "login",
            "login": {"method": "POST", "path": "login"}, "capture": {"json": "/token"},
            "place": {"header": "authorization", "value": "Bearer {token}"}}]},
        "explained": [{"status": [502], "body": "empty"}],
        "live_check": {"routes": [{"method": "GET", "path": "me"}]},
        "tools": [{
            "name": "remove", "title": "t", "description": "d", "effect": "destructive",
            "meta": {"ui": {"resourceUri": "ui://{connection}/page"}},
            "input_schema": {"type": "object", "required": ["id"], "properties": {
                "id": {"type": "string", "pattern": "^a"}, "kind": {"type": "string"}}},
            "output_schema": {"type": "object"},
            "routes": [{"method": "DELETE", "path": "notes/{id}", "same": {"id": "/id"}}],
            "preview_routes": [{"method": "GET", "path": "notes/{id}"}],
            "cases": [{"when": {"/kind": ["draft"]}, "effect": "write",
                "routes": [{"method": "POST", "path": "drafts", "json": {"/status": ["Draft"]}}]}],
        }],
        "resources": [{"name": "page", "uri": "ui://{connection}/page", "title": "t", "description": "d",
            "mime_type": "text/plain", "routes": [{"method": "GET", "path": "page"}],
            "meta": {"ui": {}}}],
        "prompts": [{"name": "greet", "title": "t", "description": "d",
            "routes": [{"method": "GET", "path": "greeting"}],
            "completes": [{"arguments": ["who"], "routes": [{"method": "GET", "path": "people"}]}]}],
    })
}

/// A manifest whose one tool has these routes.
pub fn with_tool(routes: &[Value]) -> Value {
    let mut manifest = plain();
    manifest["tools"][0]["routes"] = json!(routes);
    manifest
}

fn some<T: Clone + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    subsequence(of, 0..=of.len())
}

/// A map with the entry that a text list makes, or without it.
fn entry(
    key: &'static str,
    of: &'static [&'static str],
) -> impl Strategy<Value = Map<String, Value>> {
    some(of).prop_map(move |values| {
        let mut map = Map::new();
        if !values.is_empty() {
            map.insert(key.to_owned(), json!(values));
        }
        map
    })
}

/// A route of three paths, with some of the matchers.
fn route() -> impl Strategy<Value = Value> {
    let place = (
        select(&["GET", "POST"][..]),
        select(&["a", "a/{id}", "{id}"][..]),
    );
    let matchers = (
        entry("/k", &["x", "y"]),
        prop::option::of((entry("q", &["1", "2"]), some(&["r", "s"]))),
        prop_oneof![
            Just(json!({})),
            entry("/s", &["1", "2"]).prop_map(|json| json!({"json": json})),
            some(&["/s", "/t"]).prop_map(|absent| json!({"absent": absent})),
            some(&["s", "t"]).prop_map(|names| json!({"only": {"": names}})),
            entry("f", &["1", "2"]).prop_map(|form| json!({"form": form})),
        ],
        any::<bool>(),
        entry("id", &["1", "2"]),
        prop::option::of(select(&["one", "two"][..])),
    );
    (place, matchers).prop_map(|((method, path), (when, query, body, same, not, safe))| {
        let mut route = body;
        route["method"] = json!(method);
        route["path"] = json!(path);
        route["when"] = json!(when);
        if let Some((is, free)) = query {
            route["query"] = json!({"is": is, "free": free});
        }
        if path.contains("{id}") {
            route["not"] = json!(not);
            if same {
                route["same"] = json!({"id": "/id"});
            }
        }
        if let (Some(safe), "POST") = (safe, method) {
            route["safe"] = json!(safe);
        }
        route
    })
}

/// Routes of one place: one, and others that have some of its matchers and some of their own.
pub fn family() -> impl Strategy<Value = Vec<Value>> {
    let others = prop::collection::vec((route(), any::<u8>()), 3);
    (route(), others).prop_map(|(first, others)| {
        let related = |(mut other, keeps): (Value, u8)| {
            other["method"] = first["method"].clone();
            other["path"] = first["path"].clone();
            for (at, (key, value)) in first.as_object().into_iter().flatten().enumerate() {
                if keeps >> (at % 8) & 1 == 1 {
                    other[key] = value.clone();
                }
            }
            if first["path"] == "a" {
                other["not"] = json!({});
                other["same"] = json!({});
            }
            other
        };
        let others: Vec<Value> = others.into_iter().map(related).collect();
        std::iter::once(first.clone()).chain(others).collect()
    })
}

fn tool(name: &'static str) -> impl Strategy<Value = Value> {
    let routes = prop::collection::vec(route(), 0..3);
    let previews = prop::collection::vec(route(), 0..2);
    let effect = select(&["read", "write", "destructive", "outward"][..]);
    (effect, routes, previews, some(&["alias", "other"])).prop_map(
        move |(effect, routes, previews, aliases)| {
            json!({
                "name": name, "title": "t", "description": "d", "effect": effect,
                "aliases": aliases, "routes": routes, "preview_routes": previews,
                "input_schema": {"type": "object", "properties": {
                    "id": {"type": "string"}, "k": {"type": "string"}}},
                "output_schema": {"type": "object"},
            })
        },
    )
}

/// A manifest with some of everything.
pub fn manifest() -> impl Strategy<Value = Value> {
    let tools = (prop::option::of(tool("one")), prop::option::of(tool("two")));
    let lists = (
        some(&["prefer", "range"]),
        some(&["etag", "link"]),
        some(&["zone", "page"]),
        some(&["key", "user"]),
        some(&["key", "user"]),
    );
    (tools, lists, 0..3_usize, any::<[bool; 3]>()).prop_map(
        |((one, two), (send, receive, settings, secrets, shown), logins, [page, check, none])| {
            let mut manifest = plain();
            manifest["tools"] = json!(one.into_iter().chain(two).collect::<Vec<_>>());
            manifest["headers"]["send"] = json!(send);
            manifest["headers"]["receive"] = json!(receive);
            let settings = settings
                .into_iter()
                .map(|name| (name.to_owned(), json!({"type": "string"})));
            manifest["settings"]["properties"] = Value::Object(settings.collect());
            let secret = |name: &str| json!({"title": name, "scrub": !shown.contains(&name)});
            let secrets = secrets
                .iter()
                .map(|name| ((*name).to_owned(), secret(name)));
            manifest["secrets"] = Value::Object(secrets.collect());
            let login = &manifest["credentials"]["default"][0];
            let named = |at: usize| {
                let mut login = login.clone();
                login["name"] = json!(format!("login{at}"));
                login
            };
            let logins: Vec<_> = (0..logins).map(named).collect();
            manifest["credentials"] = match logins.is_empty() {
                true => json!({}),
                false => json!({"default": logins}),
            };
            if !page {
                manifest["resources"] = json!([]);
                manifest["prompts"] = json!([]);
            }
            if !check {
                manifest["live_check"] = Value::Null;
            }
            if none {
                manifest["explained"] = json!([]);
            }
            manifest
        },
    )
}

/// Arguments of a call, and one request of it.
pub fn request() -> impl Strategy<Value = (Value, Sent)> {
    let arguments = (
        prop::option::of(select(&["x", "y"][..])),
        select(&["1", "2", "3"][..]),
    );
    let arguments = arguments.prop_map(|(k, id)| json!({"k": k, "id": id}));
    let path = select(&["a", "a/1", "a/2", "a/3", "1", "2", "3"][..]);
    let query = prop::collection::vec(
        (select(&["q", "r", "s"][..]), select(&["1", "2"][..])),
        0..3,
    );
    let body = prop_oneof![
        Just(None),
        (some(&["s", "t"]), select(&["1", "2"][..])).prop_map(|(names, value)| {
            let members = names
                .into_iter()
                .map(|name| (name.to_owned(), json!(value)));
            let body = Value::Object(members.collect()).to_string();
            Some(("application/json", body))
        }),
        select(&["f=1", "f=2", "g=1"][..])
            .prop_map(|body| Some(("application/x-www-form-urlencoded", body.to_owned()))),
    ];
    (arguments, any::<bool>(), path, query, body).prop_map(|(arguments, get, path, query, body)| {
        let body = body.filter(|_| !get);
        let headers = body
            .iter()
            .map(|(kind, _)| ("content-type".to_owned(), (*kind).to_owned()));
        let sent = Sent {
            method: if get { Method::Get } else { Method::Post },
            path: path.split('/').map(str::to_owned).collect(),
            query: query
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            headers: headers.collect(),
            body: body.map(|(_, body)| body.into_bytes()),
        };
        (arguments, sent)
    })
}
