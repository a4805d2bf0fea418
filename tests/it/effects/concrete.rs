//! Requests made from routes: for a route of a manifest, requests that it allows, each with the
//! arguments of a call in which it does.
//!
//! Every matcher is satisfied in the plainest way; what a route leaves open is filled in several ways,
//! so that a request which one route allows has a chance to be one that another allows too.

use std::collections::BTreeMap;

use portcullis::policy::{Asked, Known, Made};
use portcullis_manifest::{Manifest, Method, Pairs, Route};
use serde_json::{Map, Value, json};

/// A request with the call that it belongs to.
#[derive(Debug, Clone)]
pub struct Concrete {
    pub method: Method,
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub credential: Option<String>,
    pub arguments: Value,
    made: Vec<String>,
}

/// What an earlier request of the call made, wherever a route asks for that.
const MADE: &str = "made1";

/// A text that no route names.
const OTHER: &str = "zebra1";

impl Concrete {
    /// The request as policy sees it.
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            method: self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_deref().map(str::as_bytes),
            credential: self.credential.as_deref(),
        }
    }

    /// What is known of a call with other arguments, which made what this one made.
    pub fn with_known<T>(&self, arguments: &Value, look: impl FnOnce(&Known<'_>) -> T) -> T {
        let mut answer = Value::Null;
        for pointer in &self.made {
            *at(&mut answer, pointer) = json!(MADE);
        }
        let mut made = Made::default();
        made.learn(&self.made, answer.to_string().as_bytes());
        look(&Known {
            arguments,
            made: &made,
        })
    }

    /// The request as a test guest takes it.
    pub fn told(&self) -> Value {
        json!({
            "method": self.method.as_str(),
            "path": self.path,
            "query": self.query,
            "headers": self.headers,
            "body": self.body,
            "credential": self.credential,
            "anonymous": self.credential.is_none(),
        })
    }
}

/// Requests that a route allows: the first one satisfies each of its matchers with the first value that
/// it names, every other one differs in one place.
pub fn requests(route: &Route, manifest: &Manifest) -> Vec<Concrete> {
    let mut all = Vec::new();
    for place in places(route, manifest) {
        all.extend((0..place.ways).map(|way| Draft::new(route, &place.of, way).finish(manifest)));
    }
    all
}

/// Where a request has several ways.
#[derive(PartialEq)]
enum Place {
    When(String),
    Segment(String, Vec<String>),
    Form(String),
    Json(String),
    FormJson(String, String),
    QueryValue(String),
    Credential,
    FreeQuery,
    FreeBody,
}

struct Ways {
    of: Place,
    ways: usize,
}

fn places(route: &Route, manifest: &Manifest) -> Vec<Ways> {
    let ways = |of, ways| Ways { of, ways };
    let mut places = vec![ways(Place::FreeQuery, 2)];
    let when = route.when.iter();
    places.extend(when.map(|(p, values)| ways(Place::When(p.clone()), values.len())));
    for (at, name) in placeholders(route) {
        let words = literals(manifest, at);
        let count = words.len();
        places.push(ways(Place::Segment(name, words), count));
    }
    let form = route.form.iter();
    places.extend(form.map(|(field, values)| ways(Place::Form(field.clone()), values.len())));
    for (field, pointers) in &route.form_json {
        let of = |pointer: &String| Place::FormJson(field.clone(), pointer.clone());
        places.extend(pointers.iter().map(|(p, values)| ways(of(p), values.len())));
    }
    let json = route.json.iter();
    places.extend(json.map(|(p, values)| ways(Place::Json(p.clone()), values.len())));
    let query = route.query.iter().flat_map(|query| &query.is);
    places.extend(query.map(|(key, values)| ways(Place::QueryValue(key.clone()), values.len())));
    if route.credential.is_none() {
        places.push(ways(Place::Credential, manifest.credentials.len() + 1));
    }
    if !route.looks_at_body() && route.method != Method::Get {
        places.push(ways(Place::FreeBody, 3));
    }
    places
}

/// The placeholders that take any text, each with its place in the path.
fn placeholders(route: &Route) -> Vec<(usize, String)> {
    let segments = route.path.split('/').enumerate();
    let name = |segment: &str| Some(segment.strip_prefix('{')?.strip_suffix('}')?.to_owned());
    segments
        .filter_map(|(at, segment)| Some((at, name(segment)?)))
        .filter(|(_, name)| !route.same.contains_key(name))
        .collect()
}

/// Every word that some route of the manifest has at a place of its path, and one that none has.
fn literals(manifest: &Manifest, at: usize) -> Vec<String> {
    let mut words = vec![OTHER.to_owned()];
    for (_, route) in super::all_routes(manifest) {
        let word = route.path.split('/').nth(at).unwrap_or_default();
        let plain = !word.is_empty() && !word.starts_with('{');
        if plain && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// A request that is being made.
struct Draft<'r> {
    route: &'r Route,
    place: &'r Place,
    way: usize,
    arguments: Value,
    made: Vec<String>,
}

impl<'r> Draft<'r> {
    fn new(route: &'r Route, place: &'r Place, way: usize) -> Self {
        let mut draft = Self {
            route,
            place,
            way,
            arguments: json!({}),
            made: Vec::new(),
        };
        for (pointer, values) in &route.when {
            let value = match draft.pick(values, |place| *place == Place::When(pointer.clone())) {
                Some(value) => value.clone(),
                None => json!(OTHER),
            };
            if !value.is_null() {
                *at(&mut draft.arguments, pointer) = value;
            }
        }
        draft
    }

    /// One of the values that are allowed: the first, but where the ways part.
    fn pick<'v, T>(&self, values: &'v [T], here: impl Fn(&Place) -> bool) -> Option<&'v T> {
        values.get(if here(self.place) { self.way } else { 0 })
    }

    fn finish(mut self, manifest: &Manifest) -> Concrete {
        let path = self.path();
        let query = self.query();
        let (media, body) = self.body();
        let typed = |media: &str| vec![("content-type".to_owned(), media.to_owned())];
        Concrete {
            method: self.route.method,
            path,
            query,
            headers: media.map(typed).unwrap_or_default(),
            body,
            credential: self.credential(manifest),
            arguments: self.arguments,
            made: self.made,
        }
    }

    /// The value of a source; where there is none yet, it gets one.
    fn source(&mut self, source: &str) -> Value {
        if let Some(pointer) = source.strip_prefix("made:") {
            self.made.push(pointer.to_owned());
            return json!(MADE);
        }
        let value = at(&mut self.arguments, source);
        if value.is_null() {
            *value = json!(format!("of{}", source.replace(['/', '*'], "-")));
        }
        value.clone()
    }

    fn path(&mut self) -> Vec<String> {
        let segments = self.route.path.split('/');
        segments
            .map(
                |segment| match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                    None => segment.to_owned(),
                    Some(name) => self.segment(name),
                },
            )
            .collect()
    }

    fn segment(&mut self, name: &str) -> String {
        if let Some(source) = self.route.same.get(name) {
            return text(&self.source(&source.clone()));
        }
        let chosen = match self.place {
            Place::Segment(at, words) if at == name => &words[self.way],
            _ => OTHER,
        };
        let refused = self.route.not.get(name).into_iter().flatten();
        match refused.into_iter().any(|r| r.eq_ignore_ascii_case(chosen)) {
            true => OTHER.to_owned(),
            false => chosen.to_owned(),
        }
    }

    fn query(&mut self) -> Vec<(String, String)> {
        let also = *self.place == Place::FreeQuery && self.way == 1;
        let Some(rule) = &self.route.query else {
            let free = also && !self.route.looks_at_form();
            return match free {
                true => vec![("a".to_owned(), "b".to_owned())],
                false => Vec::new(),
            };
        };
        let mut pairs = Vec::new();
        for (key, values) in &rule.is {
            let here = |place: &Place| *place == Place::QueryValue(key.clone());
            let value = self.pick(values, here).cloned().unwrap_or_default();
            pairs.push((key.clone(), self.filled(&value)));
        }
        if also {
            pairs.extend(rule.free.iter().map(|key| (key.clone(), OTHER.to_owned())));
        }
        pairs
    }

    /// An allowed value of a query, with its sources.
    fn filled(&mut self, allowed: &str) -> String {
        let (mut filled, mut rest) = (String::new(), allowed);
        while let Some(start) = rest.find(['{', '}']) {
            filled.push_str(&rest[..start]);
            rest = &rest[start..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                filled.push_str(&rest[..1]);
                rest = &rest[2..];
                continue;
            }
            let end = rest.find('}').expect("the manifest was judged");
            match &rest[1..end] {
                "#" => filled.push('5'),
                source => filled.push_str(&text(&self.source(source))),
            }
            rest = &rest[end + 1..];
        }
        filled + rest
    }

    fn body(&mut self) -> (Option<&'static str>, Option<String>) {
        const JSON: &str = "application/json";
        const FORM: &str = "application/x-www-form-urlencoded";
        if self.route.looks_at_form() {
            return (Some(FORM), Some(self.form()));
        }
        if self.route.looks_at_json() {
            return (Some(JSON), Some(self.json().to_string()));
        }
        let way = if *self.place == Place::FreeBody {
            self.way
        } else {
            0
        };
        match (self.route.method, way) {
            (Method::Get | Method::Head, _) | (_, 2) => (None, None),
            (_, 1) => (Some(FORM), Some("a=b".to_owned())),
            _ => (Some(JSON), Some(json!({OTHER: 1}).to_string())),
        }
    }

    fn json(&mut self) -> Value {
        let (mut body, route) = (Value::Null, self.route);
        for (pointer, values) in &route.json {
            let here = |place: &Place| *place == Place::Json(pointer.clone());
            *at(&mut body, pointer) = self.pick(values, here).cloned().unwrap_or_default();
        }
        for (pointer, source) in &route.json_same {
            let value = self.source(source);
            *at(&mut body, pointer) = value;
        }
        for (pointer, names) in &route.only {
            self.only(at(&mut body, pointer), names);
        }
        if body.is_null() {
            body = json!({OTHER: 1});
        }
        body
    }

    fn form(&mut self) -> String {
        let route = self.route;
        let mut fields: BTreeMap<&String, Value> = BTreeMap::new();
        for (field, pointers) in &route.form_json {
            for (pointer, values) in pointers {
                let here =
                    |place: &Place| *place == Place::FormJson(field.clone(), pointer.clone());
                let value = self.pick(values, here).cloned().unwrap_or_default();
                *at(fields.entry(field).or_default(), pointer) = value;
            }
        }
        for (field, pointers) in &route.form_same {
            for (pointer, source) in pointers {
                let value = self.source(source);
                *at(fields.entry(field).or_default(), pointer) = value;
            }
        }
        for (field, pointers) in &route.form_only {
            for (pointer, names) in pointers {
                self.only(at(fields.entry(field).or_default(), pointer), names);
            }
        }
        for (field, pointers) in &route.form_pairs {
            for (pointer, pairs) in pointers {
                let list = self.pairs(pairs);
                *at(fields.entry(field).or_default(), pointer) = list;
            }
        }
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (field, values) in &route.form {
            let here = |place: &Place| *place == Place::Form(field.clone());
            form.append_pair(field, self.pick(values, here).map_or("", String::as_str));
        }
        for (field, value) in fields {
            form.append_pair(field, &value.to_string());
        }
        form.finish()
    }

    /// An object with one of the members that it may have.
    fn only(&mut self, object: &mut Value, names: &[String]) {
        if object.is_null() {
            *object = json!({});
        }
        let members: Vec<String> = object
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        for name in members.iter().filter(|name| !names.contains(name)) {
            self.also(names, name);
        }
        // A body may be told to lack what its list would let it have.
        let lacks = |name: &&String| self.route.absent.contains(&format!("/{name}"));
        let Some(name) = names.iter().find(|name| !lacks(name)) else {
            return;
        };
        let name = match name.starts_with('/') {
            true => self.member(name),
            false => name.clone(),
        };
        if object.get(&name).is_none() {
            object[name] = json!(OTHER);
        }
    }

    /// Makes a name one of those that a list names by an object of the arguments, if it names any so.
    fn also(&mut self, names: &[String], name: &str) {
        if let Some(source) = names.iter().find(|name| name.starts_with('/')) {
            let object = at(&mut self.arguments, source);
            if !object.is_object() {
                *object = json!({});
            }
            if object.get(name).is_none() {
                object[name] = json!(1);
            }
        }
    }

    /// The name of a member of an object of the arguments.
    fn member(&mut self, source: &str) -> String {
        let object = at(&mut self.arguments, source);
        if !object.is_object() {
            *object = json!({OTHER: 1});
        }
        let first = object.as_object().and_then(|members| members.keys().next());
        first.cloned().unwrap_or_default()
    }

    fn pairs(&mut self, rule: &Pairs) -> Value {
        let mut pairs: Map<String, Value> = Map::new();
        for (name, source) in &rule.same {
            pairs.insert(name.clone(), self.source(source));
        }
        for (name, values) in &rule.is {
            pairs.insert(name.clone(), values.first().cloned().unwrap_or_default());
        }
        for name in pairs.keys().filter(|name| !rule.only.contains(name)) {
            self.also(&rule.only, name);
        }
        let free = match rule.only.iter().find(|name| !pairs.contains_key(*name)) {
            Some(name) if name.starts_with('/') => Some(self.member(name)),
            Some(name) if rule.among.contains_key(name) => None,
            Some(name) => Some(name.clone()),
            None if rule.only.is_empty() => Some(OTHER.to_owned()),
            None => None,
        };
        if let Some(name) = free {
            pairs.entry(name).or_insert(json!("1"));
        }
        let pair = |(name, value)| json!({"name": name, "value": value});
        pairs.into_iter().map(pair).collect()
    }

    fn credential(&self, manifest: &Manifest) -> Option<String> {
        if let Some(slot) = &self.route.credential {
            return Some(slot.clone());
        }
        let way = if *self.place == Place::Credential {
            self.way
        } else {
            0
        };
        manifest.credentials.keys().nth(way).cloned()
    }
}

/// The text of a value, as a segment or a query has it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The place of a pointer, made where it is missing: a number or a star is a place in a list.
fn at<'v>(value: &'v mut Value, pointer: &str) -> &'v mut Value {
    let mut place = value;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let index = if token == "*" {
            Ok(0)
        } else {
            token.parse::<usize>()
        };
        place = match index {
            Ok(index) => {
                if !place.is_array() {
                    *place = json!([]);
                }
                let list = place.as_array_mut().expect("it is a list");
                while list.len() <= index {
                    list.push(Value::Null);
                }
                &mut list[index]
            }
            Err(_) => {
                if !place.is_object() {
                    *place = json!({});
                }
                &mut place[token]
            }
        };
    }
    place
}
