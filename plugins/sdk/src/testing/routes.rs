//! Whether a route matches a request: the host's rules, near enough for a plugin's tests.

use portcullis_manifest::{Pairs, Route};
use serde_json::Value;

use crate::http::Request;

pub(super) fn matches(route: &Route, request: &Request, arguments: &Value) -> bool {
    route.method == request.method
        && path_matches(route, request, arguments)
        && route
            .credential
            .as_ref()
            .is_none_or(|slot| request.credential.as_ref() == Some(slot))
        && (!route.looks_at_json() || json_matches(route, request, arguments))
        && (!route.looks_at_form() || form_matches(route, request, arguments))
}

fn path_matches(route: &Route, request: &Request, arguments: &Value) -> bool {
    let pattern: Vec<&str> = route.path.split('/').collect();
    pattern.len() == request.path.len()
        && pattern
            .iter()
            .zip(&request.path)
            .all(|(expected, segment)| match placeholder(expected) {
                Some(name) => placeholder_holds(route, name, segment, arguments),
                None => expected == segment,
            })
}

fn placeholder(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn placeholder_holds(route: &Route, name: &str, segment: &str, arguments: &Value) -> bool {
    let same = route.same.get(name).is_none_or(|pointer| {
        arguments
            .pointer(pointer)
            .is_some_and(|value| as_text(value) == segment)
    });
    let refused = route.not.get(name).is_some_and(|values| {
        values
            .iter()
            .any(|value| value.eq_ignore_ascii_case(segment))
    });
    same && !refused
}

fn json_matches(route: &Route, request: &Request, arguments: &Value) -> bool {
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
    route.json.iter().all(|(pointer, values)| {
        body.pointer(pointer)
            .is_some_and(|value| values.contains(value))
    }) && route.json_same.iter().all(|(here, there)| {
        body.pointer(here).is_some() && body.pointer(here) == arguments.pointer(there)
    }) && route
        .absent
        .iter()
        .all(|pointer| body.pointer(pointer).is_none())
}

fn form_matches(route: &Route, request: &Request, arguments: &Value) -> bool {
    let pairs = form_pairs(request);
    let single = |field: &str| {
        let mut found = pairs.iter().filter(|(key, _)| key == field);
        found
            .next()
            .filter(|_| found.next().is_none())
            .map(|(_, value)| value.as_str())
    };
    request.query.is_empty()
        && route.form.iter().all(|(field, values)| {
            single(field).is_some_and(|value| values.iter().any(|allowed| allowed == value))
        })
        && route.form_same.iter().all(|(field, pointers)| {
            let inner = single(field).and_then(|text| serde_json::from_str::<Value>(text).ok());
            inner.is_some_and(|inner| {
                pointers.iter().all(|(here, there)| {
                    inner.pointer(here).is_some() && inner.pointer(here) == arguments.pointer(there)
                })
            })
        })
        && route.form_pairs.iter().all(|(field, pointers)| {
            let inner = single(field).and_then(|text| serde_json::from_str::<Value>(text).ok());
            inner.is_some_and(|inner| {
                pointers.iter().all(|(pointer, rule)| {
                    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
                    pairs_hold(&inner, &steps, rule, arguments)
                })
            })
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

/// Whether what stands at the steps is a list of pairs that a rule allows; `*` is each element.
fn pairs_hold(inner: &Value, steps: &[&str], rule: &Pairs, arguments: &Value) -> bool {
    match steps.split_first() {
        Some((&"*", rest)) => inner.as_array().is_some_and(|items| {
            items
                .iter()
                .all(|item| pairs_hold(item, rest, rule, arguments))
        }),
        Some((step, rest)) => inner
            .pointer(&format!("/{step}"))
            .is_some_and(|next| pairs_hold(next, rest, rule, arguments)),
        None => list_holds(inner, rule, arguments).unwrap_or(false),
    }
}

fn list_holds(list: &Value, rule: &Pairs, arguments: &Value) -> Option<bool> {
    let mut seen: Vec<(String, &Value)> = Vec::new();
    for pair in list.as_array()? {
        let pair = pair.as_object().filter(|pair| pair.len() == 2)?;
        let name = pair.get("name")?.as_str()?.to_ascii_lowercase();
        if seen.iter().any(|(known, _)| *known == name) {
            return None;
        }
        seen.push((name, pair.get("value")?));
    }
    let names =
        |list: &[String], name: &str| list.iter().any(|other| other.eq_ignore_ascii_case(name));
    let allowed = seen.iter().all(|(name, _)| {
        !names(&rule.refuse, name) && (rule.only.is_empty() || names(&rule.only, name))
    });
    let bound = rule.same.iter().all(|(name, pointer)| {
        seen.iter().any(|(key, value)| {
            key.eq_ignore_ascii_case(name) && arguments.pointer(pointer) == Some(value)
        })
    });
    Some(allowed && bound)
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
