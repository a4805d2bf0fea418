//! What the matchers of one route say: pointers that are pointers, lists that hold something.
//!
//! Owns the form of what stands in a matcher; whether it fits its tool is the parent's business.

use portcullis_manifest::{Pairs, Route};

use super::super::known;
use super::super::query;
use super::super::route::sources;

pub(super) fn wrong_pointers(route: &Route) -> Vec<String> {
    let when = route.when.keys().map(|p| ("when", p));
    let json = route.json.keys().map(|p| ("json", p));
    let json_same = route.json_same.keys().map(|p| ("json_same", p));
    let only = route.only.keys().filter(|p| !p.is_empty());
    let only = only.map(|p| ("only", p));
    let absent = route.absent.iter().map(|p| ("absent", p));
    let form_json = route.form_json.values().flatten();
    let form_json = form_json.map(|(p, _)| ("form_json", p));
    let form_only = route.form_only.values().flatten();
    let form_only = form_only.filter(|(p, _)| !p.is_empty());
    let form_only = form_only.map(|(p, _)| ("form_only", p));
    let form_same = route.form_same.values().flatten();
    let form_same = form_same.map(|(p, _)| ("form_same", p));
    let lists = route.form_pairs.values().flatten();
    let form_pairs = lists.map(|(p, _)| ("form_pairs", p));
    let pointers = when
        .chain(json)
        .chain(json_same)
        .chain(only)
        .chain(absent)
        .chain(form_json)
        .chain(form_only)
        .chain(form_same)
        .chain(form_pairs)
        .map(|(matcher, pointer)| (matcher, pointer.as_str()));
    let sources = sources(route).map(|(matcher, source)| {
        let pointer = known::made(source).unwrap_or(source);
        (matcher, pointer)
    });
    pointers
        .chain(sources)
        .chain(names(route).filter(|(_, name)| name.starts_with('/')))
        .filter(|(_, pointer)| !is_pointer(pointer))
        .map(|(matcher, pointer)| {
            format!("`{matcher}`: `{pointer}` is no JSON pointer; one begins with `/`")
        })
        .collect()
}

/// The names that members or pairs may have.
fn names(route: &Route) -> impl Iterator<Item = (&'static str, &str)> {
    let members = route.only.values().flatten().map(|name| ("only", name));
    let fields = route.form_only.values().flatten();
    let fields = fields.flat_map(|(_, names)| names);
    let fields = fields.map(|name| ("form_only", name));
    let lists = route.form_pairs.values().flatten();
    let pairs = lists.flat_map(|(_, pairs)| &pairs.only);
    let pairs = pairs.map(|name| ("form_pairs", name));
    members
        .chain(fields)
        .chain(pairs)
        .map(|(matcher, name)| (matcher, name.as_str()))
}

/// A value that a query cannot have, and a key that it may have in two ways.
pub(super) fn wrong_query(route: &Route) -> Vec<String> {
    let Some(query) = &route.query else {
        return Vec::new();
    };
    let broken = query.is.values().flatten();
    let broken = broken
        .filter(|allowed| query::sources(allowed).is_err())
        .map(|allowed| format!("`query`: `{allowed}` has a brace without its other half"));
    let both = query.free.iter().filter(|key| query.is.contains_key(*key));
    let both = both.map(|key| format!("`query`: the key `{key}` is free and has values"));
    broken.chain(both).collect()
}

/// RFC 6901, but for the empty pointer: the whole document is no single value to compare.
pub(super) fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1);
    text.starts_with('/') && escapes.into_iter().all(|rest| rest.starts_with(['0', '1']))
}

pub(super) fn empty_lists(route: &Route) -> Vec<String> {
    let form = route.form.iter().map(|(k, v)| ("form", k, v.is_empty()));
    let json = route.json.iter().map(|(k, v)| ("json", k, v.is_empty()));
    let not = route.not.iter().map(|(k, v)| ("not", k, v.is_empty()));
    let queries = route.query.iter().flat_map(|query| &query.is);
    let queries = queries.map(|(k, v)| ("query", k, v.is_empty()));
    let form_json = route.form_json.iter().map(|(field, pointers)| {
        let empty = pointers.is_empty() || pointers.values().any(Vec::is_empty);
        ("form_json", field, empty)
    });
    let form_only = route.form_only.iter();
    let form_only = form_only.map(|(k, v)| ("form_only", k, v.is_empty()));
    let form_same = route.form_same.iter();
    let form_same = form_same.map(|(k, v)| ("form_same", k, v.is_empty()));
    let form_pairs = route.form_pairs.iter().map(|(field, lists)| {
        let rules = lists.values();
        let says_nothing =
            |pairs: &Pairs| *pairs == Pairs::default() || pairs.is.values().any(Vec::is_empty);
        let empty = lists.is_empty() || rules.into_iter().any(says_nothing);
        ("form_pairs", field, empty)
    });
    form.chain(json)
        .chain(not)
        .chain(queries)
        .chain(form_json)
        .chain(form_only)
        .chain(form_same)
        .chain(form_pairs)
        .filter(|(_, _, empty)| *empty)
        .map(|(matcher, key, _)| format!("`{matcher}`: the list of `{key}` is empty"))
        .collect()
}
