//! Whether a route matches a request: the host's rules, near enough for a plugin's tests.

use portcullis_manifest::{Method, Pairs, Query, Route};
use serde_json::Value;

use crate::http::Request;

/// What no query holds: any whole number, at the end of a value.
const NUMBER: &str = "\0number";

/// Whether a route lets a request of a call with these arguments through, as its first request.
#[must_use]
pub fn route_matches(route: &Route, request: &Request, arguments: &Value) -> bool {
    let known = Known {
        arguments,
        made: &[],
    };
    matches(route, request, &known)
}

/// A request with the default credential and a JSON body, or with none, for asking what routes allow.
#[must_use]
pub fn json_request(
    method: Method,
    path: &str,
    query: &[(&str, &str)],
    body: Option<&Value>,
) -> Request {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Request {
        method,
        path: path.split('/').map(str::to_owned).collect(),
        query: query.iter().map(pair).collect(),
        headers: Vec::new(),
        body: body.map(|body| body.to_string().into_bytes()),
        credential: Some("default".to_owned()),
    }
}

/// What a request is compared with.
pub(super) struct Known<'a> {
    pub(super) arguments: &'a Value,
    /// The answers of status 2xx to earlier POSTs of the call.
    pub(super) made: &'a [Value],
}

impl Known<'_> {
    fn values(&self, source: &str) -> Vec<&Value> {
        match source.strip_prefix("made:") {
            Some(pointer) => self
                .made
                .iter()
                .filter_map(|answer| answer.pointer(pointer))
                .collect(),
            None => any(self.arguments, source),
        }
    }

    fn has(&self, source: &str, value: &Value) -> bool {
        self.values(source).contains(&value)
    }

    fn has_text(&self, source: &str, text: &str) -> bool {
        self.values(source)
            .into_iter()
            .any(|value| as_text(value) == text)
    }

    fn has_only(&self, value: &Value, names: &[String]) -> bool {
        value
            .as_object()
            .is_some_and(|object| object.keys().all(|name| self.is_listed(names, name)))
    }

    fn is_listed(&self, list: &[String], name: &str) -> bool {
        let of_source = |value: &&Value| value.get(name).is_some();
        list.iter().any(|entry| match entry.starts_with('/') {
            true => self.values(entry).iter().any(of_source),
            false => entry == name,
        })
    }
}

/// Values of the arguments; `*` is any element, and what is no list is its only one.
fn any<'v>(value: &'v Value, pointer: &str) -> Vec<&'v Value> {
    match pointer.split_once("/*") {
        None => value.pointer(pointer).into_iter().collect(),
        Some((list, rest)) => match value.pointer(list) {
            Some(Value::Array(items)) => items.iter().flat_map(|item| any(item, rest)).collect(),
            Some(single) => any(single, rest),
            None => Vec::new(),
        },
    }
}

/// Values of a body; `*` is every element, and none is left out.
fn every<'v>(value: &'v Value, pointer: &str) -> Option<Vec<&'v Value>> {
    let Some((list, rest)) = pointer.split_once("/*") else {
        return Some(vec![value.pointer(pointer)?]);
    };
    let items = value.pointer(list)?.as_array()?;
    let found: Option<Vec<_>> = items.iter().map(|item| every(item, rest)).collect();
    Some(found?.into_iter().flatten().collect())
}

pub(super) fn matches(route: &Route, request: &Request, known: &Known<'_>) -> bool {
    route.method == request.method
        && route.unmet(known.arguments).is_none()
        && path_matches(route, request, known)
        && route
            .credential
            .as_ref()
            .is_none_or(|slot| request.credential.as_ref() == Some(slot))
        && route
            .query
            .as_ref()
            .is_none_or(|query| query_matches(query, request, known))
        && (!route.looks_at_json() || json_matches(route, request, known))
        && (!route.looks_at_form() || form_matches(route, request, known))
}

fn path_matches(route: &Route, request: &Request, known: &Known<'_>) -> bool {
    let pattern: Vec<&str> = route.path.split('/').collect();
    pattern.len() == request.path.len()
        && pattern
            .iter()
            .zip(&request.path)
            .all(|(expected, segment)| match placeholder(expected) {
                Some(name) => placeholder_holds(route, name, segment, known),
                None => expected == segment,
            })
}

fn placeholder(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn placeholder_holds(route: &Route, name: &str, segment: &str, known: &Known<'_>) -> bool {
    let same = route
        .same
        .get(name)
        .is_none_or(|source| known.has_text(source, segment));
    let refused = route.not.get(name).is_some_and(|values| {
        values
            .iter()
            .any(|value| value.eq_ignore_ascii_case(segment))
    });
    same && !refused
}

fn query_matches(query: &Query, request: &Request, known: &Known<'_>) -> bool {
    let is_named = |key: &String| query.is.contains_key(key) || query.free.contains(key);
    request.query.iter().all(|(key, _)| is_named(key))
        && query.is.iter().all(|(key, allowed)| {
            let found: Vec<_> = request.query.iter().filter(|(k, _)| k == key).collect();
            let is_filled = |value: &str| {
                let texts = allowed.iter().flat_map(|allowed| filled(allowed, known));
                texts.into_iter().any(|text| is_text(&text, value))
            };
            found.len() == 1 && is_filled(&found[0].1)
        })
}

/// Whether a value is a text that may end in any whole number.
fn is_text(text: &str, value: &str) -> bool {
    match text.strip_suffix(NUMBER) {
        Some(start) => value.strip_prefix(start).is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        }),
        None => text == value,
    }
}

/// The texts that a value of the query can be; [`NUMBER`] stands for any whole number.
fn filled(allowed: &str, known: &Known<'_>) -> Vec<String> {
    let Some(at) = allowed.find(['{', '}']) else {
        return vec![allowed.to_owned()];
    };
    let (before, brace) = allowed.split_at(at);
    let (here, rest) = match brace.get(..2) {
        Some("{{" | "}}") => (vec![brace[..1].to_owned()], &brace[2..]),
        _ => {
            let halves = brace[1..].split_once('}');
            let (source, rest) = halves.expect("a brace has its other half");
            let texts = match source {
                "#" => vec![NUMBER.to_owned()],
                source => known.values(source).into_iter().map(as_text).collect(),
            };
            (texts, rest)
        }
    };
    let ends = filled(rest, known);
    here.iter()
        .flat_map(|here| ends.iter().map(move |end| format!("{before}{here}{end}")))
        .collect()
}

fn json_matches(route: &Route, request: &Request, known: &Known<'_>) -> bool {
    let is_json = request
        .headers
        .iter()
        .filter(|(name, _)| name == "content-type")
        .all(|(_, value)| {
            matches!(
                value.as_str(),
                "application/json" | "application/vnd.api+json"
            )
        });
    let Some(body) = request.json().filter(|_| is_json) else {
        return false;
    };
    let all = |pointer: &str, holds: &dyn Fn(&Value) -> bool| {
        every(&body, pointer).is_some_and(|found| found.into_iter().all(holds))
    };
    route.json.iter().all(|(pointer, values)| {
        body.pointer(pointer)
            .is_some_and(|value| values.contains(value))
    }) && route
        .json_same
        .iter()
        .all(|(here, source)| all(here, &|value| known.has(source, value)))
        && route
            .only
            .iter()
            .all(|(here, names)| all(here, &|value| known.has_only(value, names)))
        && route
            .absent
            .iter()
            .all(|pointer| body.pointer(pointer).is_none())
}

fn form_matches(route: &Route, request: &Request, known: &Known<'_>) -> bool {
    let pairs = form_pairs(request);
    let single = |field: &str| {
        let mut found = pairs.iter().filter(|(key, _)| key == field);
        found
            .next()
            .filter(|_| found.next().is_none())
            .map(|(_, value)| value.as_str())
    };
    let all = |field: &str, pointer: &str, holds: &dyn Fn(&Value) -> bool| {
        let inner = single(field).and_then(|text| serde_json::from_str::<Value>(text).ok());
        inner.is_some_and(|inner| {
            every(&inner, pointer).is_some_and(|found| found.into_iter().all(holds))
        })
    };
    request.query.is_empty()
        && route.form.iter().all(|(field, values)| {
            single(field).is_some_and(|value| values.iter().any(|allowed| allowed == value))
        })
        && route.form_json.iter().all(|(field, pointers)| {
            let holds = |(here, values): (&String, &Vec<Value>)| {
                all(field, here, &|value| values.contains(value))
            };
            pointers.iter().all(holds)
        })
        && route.form_only.iter().all(|(field, pointers)| {
            let holds = |(here, names): (&String, &Vec<String>)| {
                all(field, here, &|value| known.has_only(value, names))
            };
            pointers.iter().all(holds)
        })
        && route.form_same.iter().all(|(field, pointers)| {
            let holds = |(here, source): (&String, &String)| {
                all(field, here, &|value| known.has(source, value))
            };
            pointers.iter().all(holds)
        })
        && route.form_pairs.iter().all(|(field, pointers)| {
            let holds = |(here, rule): (&String, &Pairs)| {
                all(field, here, &|list| {
                    list_holds(list, rule, known).unwrap_or(false)
                })
            };
            pointers.iter().all(holds)
        })
}

/// The fields of a form body, decoded.
pub(super) fn form_pairs(request: &Request) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default()).into_owned();
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// Whether a list of pairs is one that a rule allows.
fn list_holds(list: &Value, rule: &Pairs, known: &Known<'_>) -> Option<bool> {
    let mut seen: Vec<(&str, &Value)> = Vec::new();
    for pair in list.as_array()? {
        let pair = pair.as_object().filter(|pair| pair.len() == 2)?;
        let name = pair.get("name")?.as_str()?;
        if seen.iter().any(|(key, _)| key.eq_ignore_ascii_case(name)) {
            return None;
        }
        seen.push((name, pair.get("value")?));
    }
    let is_refused = |name: &str| rule.refuse.iter().any(|r| r.eq_ignore_ascii_case(name));
    let allowed = seen.iter().all(|(name, _)| {
        !is_refused(name) && (rule.only.is_empty() || known.is_listed(&rule.only, name))
    });
    let found = |name: &String| {
        let pair = seen.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        pair.copied()
    };
    let same = rule.same.iter().all(|(name, source)| {
        found(name).is_some_and(|(key, value)| key == name && known.has(source, value))
    });
    let is = rule.is.iter().all(|(name, values)| {
        found(name).is_none_or(|(key, value)| key == name && values.contains(value))
    });
    let among = rule.among.iter().all(|(name, source)| {
        found(name).is_none_or(|(key, value)| key == name && known.has(source, value))
    });
    Some(allowed && is && same && among)
}

fn as_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()) * 16 + hex(rest.next()),
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: Option<u8>) -> u8 {
    digit
        .and_then(|byte| char::from(byte).to_digit(16))
        .and_then(|digit| u8::try_from(digit).ok())
        .unwrap_or(0)
}
