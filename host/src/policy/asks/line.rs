//! A route as one line that a person reads and the host reads back, e.g.
//! `POST Email {"json":{"/status":["Draft"]}}`.

use std::cmp::Ordering;
use std::fmt;

use portcullis_manifest::Route;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A route that is known by its line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RouteLine {
    line: String,
    route: Route,
}

/// A text that is no line of a route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no route; one is a method, a path and, where it is limited, its matchers as JSON"
)]
pub struct NoRoute(String);

impl RouteLine {
    /// The line of a route: the same for the same route, in whatever order its matchers were written.
    #[must_use]
    pub fn new(route: &Route) -> Self {
        let mut line = format!("{} {}", route.method.as_str(), route.path);
        if let Value::Object(mut members) = json!(route) {
            members.retain(|key, _| !is_place(key));
            if !members.is_empty() {
                line.push(' ');
                line.push_str(&super::text(Value::Object(members)));
            }
        }
        Self {
            line,
            route: route.clone(),
        }
    }

    /// The route.
    #[must_use]
    pub const fn route(&self) -> &Route {
        &self.route
    }

    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.line
    }
}

fn is_place(key: &str) -> bool {
    matches!(key, "method" | "path")
}

impl TryFrom<String> for RouteLine {
    type Error = NoRoute;

    fn try_from(line: String) -> Result<Self, NoRoute> {
        match read(&line) {
            Some(route) => Ok(Self::new(&route)),
            None => Err(NoRoute(line.chars().take(200).collect())),
        }
    }
}

/// A brace within a path is followed by a name, and one that begins JSON by a quotation mark.
fn read(line: &str) -> Option<Route> {
    let (method, rest) = line.split_once(' ')?;
    let (path, matchers) = match rest.find(" {\"") {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, "{}"),
    };
    let mut members: Map<String, Value> = serde_json::from_str(matchers).ok()?;
    if members.keys().any(|key| is_place(key)) {
        return None;
    }
    members.insert("method".to_owned(), json!(method));
    members.insert("path".to_owned(), json!(path));
    serde_json::from_value(Value::Object(members)).ok()
}

impl From<RouteLine> for String {
    fn from(line: RouteLine) -> Self {
        line.line
    }
}

impl fmt::Display for RouteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl PartialEq for RouteLine {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line
    }
}

impl Eq for RouteLine {}

impl PartialOrd for RouteLine {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RouteLine {
    fn cmp(&self, other: &Self) -> Ordering {
        self.line.cmp(&other.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_back_as_it_was_written() {
        for route in [
            json!({"method": "GET", "path": ""}),
            json!({"method": "GET", "path": "notes/{id}/"}),
            json!({"method": "POST", "path": "Email", "json": {"/status": ["Draft", 1.50, null]}}),
            json!({"method": "POST", "path": "", "form": {"method": ["get \" { \"x"]}, "safe": "it \"reads\""}),
            json!({"method": "PATCH", "path": "{entity}/{id}", "same": {"id": "/id"}, "not": {"entity": ["Import"]},
                "query": {"is": {"a": ["{/id}"]}, "free": ["b"]}, "credential": "v8"}),
        ] {
            let route: Route = serde_json::from_value(route).unwrap();
            let line = RouteLine::new(&route);
            let again = RouteLine::try_from(line.to_string()).unwrap();
            assert_eq!((again.route(), again.as_str()), (&route, line.as_str()));
        }
        let two = [
            "{\"not\":{},\"same\":{\"a\":\"/a\"}}",
            "{\"same\":{\"a\":\"/a\"}}",
        ];
        let [one, other] = two.map(|m| RouteLine::try_from(format!("GET {{a}} {m}")).unwrap());
        assert_eq!(one, other);
    }

    #[test]
    fn what_is_no_route_is_refused() {
        for line in [
            "",
            "GET",
            "FETCH a",
            "GET a {\"bogus\":1}",
            "GET a {\"method\":\"POST\"}",
            "GET a {\"same\":{",
            "get a",
        ] {
            assert!(RouteLine::try_from(line.to_owned()).is_err(), "{line}");
        }
    }
}
