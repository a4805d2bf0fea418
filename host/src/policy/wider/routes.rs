//! Two sets of routes: which request could be sent now that could not be sent before?
//!
//! A route is covered by an approved one of the same method and path that asks for no more: each of its
//! matchers is there, and as tight. What two approved routes allow together is not considered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use portcullis_manifest::{Pairs, Query, Route};

use super::Found;
use crate::policy::asks::RouteLine;

/// Compares what somebody may send.
pub(super) fn compare(
    who: &str,
    approved: &BTreeSet<RouteLine>,
    asked: &BTreeSet<RouteLine>,
    found: &mut Found,
) {
    for line in asked.difference(approved) {
        let mut looser = Vec::new();
        for before in approved.iter().filter(|before| is_alike(before, line)) {
            looser.push(loosened(before.route(), line.route()));
        }
        if looser.iter().any(Option::is_none) {
            continue;
        }
        found.more(match looser.into_iter().flatten().next() {
            Some(how) => format!("{who}: `{}` is less limited: {how}", place(line)),
            None => new(who, line),
        });
    }
    for line in approved.difference(asked) {
        let alike = || asked.iter().filter(|now| is_alike(now, line));
        if alike().any(|now| loosened(now.route(), line.route()).is_none()) {
            continue;
        }
        let place = place(line);
        found.less(match alike().next() {
            Some(now) => format!("{who}: `{place}` is more limited: `{now}`, before `{line}`"),
            None => format!("{who} does not send `{line}` any more"),
        });
    }
}

fn new(who: &str, line: &RouteLine) -> String {
    match &line.route().safe {
        Some(reason) => {
            format!("{who} may send `{line}`, which is said to change nothing, because: {reason}")
        }
        None => format!("{who} may send `{line}`"),
    }
}

fn is_alike(one: &RouteLine, other: &RouteLine) -> bool {
    let (one, other) = (one.route(), other.route());
    one.method == other.method && one.path == other.path
}

fn place(line: &RouteLine) -> String {
    crate::policy::route::describe(line.route())
}

/// How a route allows more than an approved one of the same method and path; none if it does not.
fn loosened(approved: &Route, asked: &Route) -> Option<String> {
    let Route {
        // The same, see `is_alike`.
        method: _,
        path: _,
        when,
        query,
        form,
        json,
        json_same,
        only,
        absent,
        same,
        form_json,
        form_only,
        form_same,
        form_pairs,
        not,
        safe,
        credential,
    } = approved;
    self::safe(safe.as_deref(), asked.safe.as_deref())
        .or_else(|| fixed_slot(credential.as_deref(), asked.credential.as_deref()))
        .or_else(|| self::when(when, &asked.when))
        .or_else(|| self::query(query.as_ref(), asked.query.as_ref()))
        .or_else(|| values("the form field", form, &asked.form))
        .or_else(|| values("the body at", json, &asked.json))
        .or_else(|| values("the members at", only, &asked.only))
        .or_else(|| sources("the body at", json_same, &asked.json_same))
        .or_else(|| sources("the path's", same, &asked.same))
        .or_else(|| refused("the body may now hold something at", absent, &asked.absent))
        .or_else(|| excluded(not, &asked.not))
        .or_else(|| {
            nested(form_json, &asked.form_json, |b, n| {
                values("its JSON at", b, n)
            })
        })
        .or_else(|| {
            nested(form_only, &asked.form_only, |b, n| {
                values("its members at", b, n)
            })
        })
        .or_else(|| {
            nested(form_same, &asked.form_same, |b, n| {
                sources("its JSON at", b, n)
            })
        })
        .or_else(|| nested(form_pairs, &asked.form_pairs, pairs_by_pointer))
}

fn safe(before: Option<&str>, now: Option<&str>) -> Option<String> {
    match (before, now) {
        // What it answers then counts as made by the call, which other routes may be limited to.
        (Some(_), None) => Some("it is no longer said to change nothing".to_owned()),
        (before, Some(now)) if before != Some(now) => {
            Some(format!("it is said to change nothing, because: {now}"))
        }
        _ => None,
    }
}

fn fixed_slot(before: Option<&str>, now: Option<&str>) -> Option<String> {
    let before = before.filter(|before| now != Some(*before))?;
    Some(format!(
        "it is not bound to the credential `{before}` any more"
    ))
}

/// Each place where values were limited still is, to no other values.
fn values<V: PartialEq + Display>(
    what: &str,
    before: &BTreeMap<String, Vec<V>>,
    now: &BTreeMap<String, Vec<V>>,
) -> Option<String> {
    before.iter().find_map(|(place, allowed)| {
        let Some(now) = now.get(place) else {
            return Some(format!(
                "{what} `{place}` may be anything, before {}",
                list(allowed)
            ));
        };
        let other = now.iter().find(|value| !allowed.contains(value))?;
        Some(format!(
            "{what} `{place}` may also be {other}, before {}",
            list(allowed)
        ))
    })
}

/// Like `values`, but that no value at all stands for everything that is not null.
fn when(
    before: &BTreeMap<String, Vec<serde_json::Value>>,
    now: &BTreeMap<String, Vec<serde_json::Value>>,
) -> Option<String> {
    let is_narrower = |allowed: &Vec<serde_json::Value>, now: &Vec<serde_json::Value>| match (
        allowed.is_empty(),
        now.is_empty(),
    ) {
        (true, _) => !now.contains(&serde_json::Value::Null),
        (false, true) => false,
        (false, false) => now.iter().all(|value| allowed.contains(value)),
    };
    before
        .iter()
        .find_map(|(place, allowed)| match now.get(place) {
            Some(now) if is_narrower(allowed, now) => None,
            Some(now) => Some(format!(
                "it is open when the argument `{place}` is {}, before {}",
                list(now),
                list(allowed)
            )),
            None => Some(format!(
                "it does not depend on the argument `{place}` any more"
            )),
        })
}

fn sources(
    what: &str,
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Option<String> {
    before
        .iter()
        .find_map(|(place, source)| match now.get(place) {
            Some(now) if now == source => None,
            Some(now) => Some(format!(
                "{what} `{place}` is what `{now}` holds, before `{source}`"
            )),
            None => Some(format!(
                "{what} `{place}` may be anything, before what `{source}` holds"
            )),
        })
}

fn refused(what: &str, before: &[String], now: &[String]) -> Option<String> {
    let gone = before.iter().find(|entry| !now.contains(entry))?;
    Some(format!("{what} `{gone}`"))
}

fn excluded(
    before: &BTreeMap<String, Vec<String>>,
    now: &BTreeMap<String, Vec<String>>,
) -> Option<String> {
    let none = Vec::new();
    before.iter().find_map(|(place, values)| {
        let now = now.get(place).unwrap_or(&none);
        refused(&format!("the path's `{place}` may now be"), values, now)
    })
}

fn query(before: Option<&Query>, now: Option<&Query>) -> Option<String> {
    let Query { is, free } = before?;
    let Some(now) = now else {
        return Some("its query may hold anything".to_owned());
    };
    let is_new = |key: &&String| !is.contains_key(*key) && !free.contains(key);
    if let Some(key) = now.is.keys().chain(&now.free).find(is_new) {
        return Some(format!("its query may also hold `{key}`"));
    }
    if let Some(key) = now.free.iter().find(|key| is.contains_key(*key)) {
        return Some(format!("`{key}` of its query may be anything"));
    }
    // One that had to be there and may be missing now was checked by no other rule.
    values("in its query", is, &now.is)
}

fn nested<T>(
    before: &BTreeMap<String, T>,
    now: &BTreeMap<String, T>,
    looser: impl Fn(&T, &T) -> Option<String>,
) -> Option<String> {
    before
        .iter()
        .find_map(|(field, before)| match now.get(field) {
            Some(now) => Some(format!(
                "the form field `{field}`: {}",
                looser(before, now)?
            )),
            None => Some(format!("the form field `{field}` may be anything")),
        })
}

fn pairs_by_pointer(
    before: &BTreeMap<String, Pairs>,
    now: &BTreeMap<String, Pairs>,
) -> Option<String> {
    before
        .iter()
        .find_map(|(place, before)| match now.get(place) {
            Some(now) => Some(format!("the list at `{place}`: {}", pairs(before, now)?)),
            None => Some(format!("the list at `{place}` may hold anything")),
        })
}

fn pairs(before: &Pairs, now: &Pairs) -> Option<String> {
    let Pairs {
        refuse,
        only,
        is,
        same,
        among,
    } = before;
    let other = match (only.is_empty(), now.only.is_empty()) {
        (true, _) => None,
        (false, true) => Some("any name may stand in it".to_owned()),
        (false, false) => {
            let other = now.only.iter().find(|name| !only.contains(name));
            other.map(|name| format!("`{name}` may stand in it"))
        }
    };
    other
        .or_else(|| refused("it may now hold", refuse, &now.refuse))
        .or_else(|| values("the value of", is, &now.is))
        .or_else(|| sources("the value of", same, &now.same))
        .or_else(|| sources("the value of", among, &now.among))
}

fn list<V: Display>(values: &[V]) -> String {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    match values.as_slice() {
        [] => "anything but null".to_owned(),
        _ => values.join(" or "),
    }
}
