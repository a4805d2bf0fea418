//! A body that a route's matchers look at.
//!
//! An input is the number of a route and the content type, each on a line, then the body. The routes
//! use every matcher on bodies; the arguments of the call are fixed.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use portcullis::policy::{Asked, Canonical, Known, Made, RouteSet};
use portcullis_manifest::{Method, Route};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{first_line, kind};
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "body",
    about: "bodies under a matcher: what the matcher saw is what is sent, and every reader sees the same",
    run,
    words: &[
        "application/x-www-form-urlencoded\n",
        "application/json\n",
        "application/vnd.api+json\n",
        "method=get_entry_list",
        "&method=set_entry",
        "&METHOD=",
        "&method[]=",
        "rest_data=",
        "%6dethod",
        "+",
        "\"id\":\"7\"",
        "\"deleted\":1",
        "\\u0064eleted",
        "{\"name\":\"id\",\"value\":\"7\"}",
        "$serde_json::private::Number",
        "1e400",
        "{\"type\":\"note\"",
        "\u{feff}",
    ],
};

static ARGUMENTS: LazyLock<Value> = LazyLock::new(
    || json!({ "id": "7", "name": "Ada", "n": 7, "rows": [{ "id": "1", "a": 1 }, { "id": "2" }] }),
);

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let route = |matchers: Value| {
        let mut route = json!({ "method": "POST", "path": "rest.php" });
        for (key, value) in matchers.as_object().expect("an object") {
            route[key] = value.clone();
        }
        serde_json::from_value(route).expect("a route")
    };
    vec![
        route(json!({ "form": { "method": ["get_entry_list", "get entry!"] } })),
        route(
            json!({ "form": { "method": ["a"] }, "form_json": { "rest_data": { "/1": ["Accounts", 7] } },
            "form_same": { "rest_data": { "/2": "/id", "/3/*/id": "/rows/*/id" } } }),
        ),
        route(
            json!({ "form_pairs": { "rest_data": { "/2": { "refuse": ["deleted"], "same": { "id": "/id" } } } } }),
        ),
        route(
            json!({ "form_pairs": { "d": { "": { "only": ["id", "/rows/*"], "among": { "id": "/rows/*/id" }, "is": { "done": [true, 1.0] } } } } }),
        ),
        route(json!({ "form_only": { "d": { "": ["id", "name"], "/name": ["first"] } } })),
        route(json!({ "json": { "/type": ["note", 7, null], "/data/kind": [{ "a": [1] }] } })),
        route(
            json!({ "json_same": { "/id": "/id", "/rows/*/id": "/rows/*/id" }, "only": { "": ["id", "rows", "/rows/*"] }, "absent": ["/deleted", "/data/deleted"] }),
        ),
        route(
            json!({ "only": { "/data/attributes": ["name"] }, "absent": ["/data/id"], "json": { "/data/type": ["Account"] } }),
        ),
    ]
});

static COMPILED: LazyLock<Vec<RouteSet>> = LazyLock::new(|| {
    let one = |route: &Route| RouteSet::compile(std::slice::from_ref(route)).expect("it compiles");
    ROUTES.iter().map(one).collect()
});

fn run(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(160)]).into_owned();
    let (number, rest) = first_line(&text);
    let (content_type, _) = first_line(rest);
    let number = number.bytes().next().map_or(0, usize::from) % ROUTES.len();
    let body = after_lines(bytes);
    let (route, set) = (&ROUTES[number], &COMPILED[number]);
    match passed(set, content_type, body) {
        Err(refused) => format!("{number} {}", kind(&refused)),
        Ok(canonical) => {
            let again = passed(set, canonical.content_type, &canonical.bytes);
            assert_eq!(again.as_ref(), Ok(&canonical), "encoding again changes it");
            if route.looks_at_form() {
                form(route, body, &canonical);
            } else {
                json_body(route, body, &canonical);
            }
            format!("{number} passes, {} bytes", canonical.bytes.len().ilog2())
        }
    }
}

fn after_lines(bytes: &[u8]) -> &[u8] {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n').skip(2);
    parts.next().unwrap_or_default()
}

fn passed(set: &RouteSet, content_type: &str, body: &[u8]) -> Result<Canonical, String> {
    let path = ["rest.php".to_owned()];
    let headers = [("Content-Type".to_owned(), content_type.to_owned())];
    let asked = Asked {
        method: Method::Post,
        path: &path,
        query: &[],
        headers: &headers,
        body: Some(body),
        credential: None,
    };
    let made = Made::default();
    let known = Known {
        arguments: &ARGUMENTS,
        made: &made,
    };
    match set.check(&asked, &known) {
        Ok(passed) => Ok(passed.body.expect("a body that was looked at is replaced")),
        Err(refused) => Err(refused.to_string()),
    }
}

/// A form as an unrelated reader takes it, before and after.
fn form(route: &Route, before: &[u8], after: &Canonical) {
    assert_eq!(after.content_type, "application/x-www-form-urlencoded");
    assert!(after.bytes.is_ascii(), "a form is ASCII");
    let pairs = |bytes: &[u8]| -> Vec<(String, String)> {
        form_urlencoded::parse(bytes).into_owned().collect()
    };
    let (before, after) = (pairs(before), pairs(&after.bytes));
    let json: HashSet<&String> = route
        .form_json
        .keys()
        .chain(route.form_only.keys())
        .chain(route.form_same.keys())
        .chain(route.form_pairs.keys())
        .collect();
    assert_eq!(before.len(), after.len(), "a field was lost or came");
    for ((name, old), (same, new)) in before.iter().zip(&after) {
        assert_eq!(name, same);
        match json.contains(name) {
            true => same_json(old.as_bytes(), new.as_bytes()),
            false => assert_eq!(old, new),
        }
    }
    let base = |name: &str| {
        name.split('[')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    for field in route.form.keys().chain(json) {
        let found: Vec<_> = after
            .iter()
            .filter(|(name, _)| base(name) == base(field))
            .collect();
        assert_eq!(found.len(), 1, "{field} stands once, in every spelling");
        if let Some(allowed) = route.form.get(field) {
            assert!(allowed.contains(&found[0].1), "{field} has another value");
        }
    }
}

fn json_body(route: &Route, before: &[u8], after: &Canonical) {
    same_json(before, &after.bytes);
    let body: Value = serde_json::from_slice(&after.bytes).expect("it is JSON");
    for (pointer, allowed) in &route.json {
        let value = body.pointer(pointer).expect("what was compared is sent");
        assert!(allowed.contains(value), "{pointer} has another value");
    }
    for pointer in &route.absent {
        assert_eq!(body.pointer(pointer), None, "{pointer} is sent");
    }
}

/// The same values for a reader that takes the first of two equal keys and one that takes the last.
fn same_json(before: &[u8], after: &[u8]) {
    let value = |bytes| serde_json::from_slice::<Value>(bytes).expect("it is JSON");
    assert_eq!(value(before), value(after), "another value is sent");
    assert_eq!(
        value(after).to_string().as_bytes(),
        after,
        "it is written in one way"
    );
    serde_json::from_slice::<Once>(after).expect("no key stands twice");
}

/// JSON of which no object has a key twice, by a reader that is not the host's.
struct Once;

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Once)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without equal keys")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(Self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            entries.next_value::<Self>()?;
            if !keys.insert(key) {
                return Err(serde::de::Error::custom("a key stands twice"));
            }
        }
        Ok(Self)
    }
}
