//! Routes: which requests a tool may send. Matching is the host's business (`policy`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request that a tool may send. All matchers that are present have to hold.
///
/// Several matchers compare with a *source*: a JSON pointer into the tool's arguments, in which `*`
/// stands for any element of a list (a value that is no list counts as its only element); or
/// `made:` and a JSON pointer into the answer, of status 2xx, to an earlier POST of the same call that
/// may have changed something. A source holds when one of its values does. In pointers into bodies
/// `*` stands for every element of a list, all of which have to hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The method, exactly.
    pub method: Method,
    /// Segments joined by `/` below the base; `{name}` matches exactly one segment.
    pub path: String,
    /// JSON pointer into the tool's arguments → values, compared with their type: the calls that
    /// have this route. Null also stands for an argument that is absent, and no value at all for
    /// every argument that is there and not null.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, Vec<Value>>,
    /// What the query holds. Without it query pairs are free, unless a form matcher is present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// Form field → allowed values. The body is then exactly
    /// `application/x-www-form-urlencoded`, the field stands in it once, and no query pair is
    /// allowed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, Vec<String>>,
    /// JSON pointer into the body → allowed values. The body is then exactly `application/json` or
    /// `application/vnd.api+json`, without duplicate keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, Vec<Value>>,
    /// JSON pointer into the body → source; both hold the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub json_same: BTreeMap<String, String>,
    /// JSON pointer into the body, empty for the body itself → the only members that the object
    /// there may have. What begins with `/` is a source: an object of the arguments, each member of
    /// which may stand there too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Vec<String>>,
    /// JSON pointers at which the body must hold nothing, not even null.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// Path placeholder → source; both are equal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub same: BTreeMap<String, String>,
    /// Form field → (JSON pointer into that field's JSON → allowed values).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form_json: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
    /// Form field → (JSON pointer into that field's JSON → the only members that the object there may
    /// have), as in `only`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form_only: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Form field → (JSON pointer into that field's JSON → source).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form_same: BTreeMap<String, BTreeMap<String, String>>,
    /// Form field → (JSON pointer into that field's JSON → what the list of pairs there may hold).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form_pairs: BTreeMap<String, BTreeMap<String, Pairs>>,
    /// Path placeholder → refused values, compared without regard to ASCII case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not: BTreeMap<String, Vec<String>>,
    /// Why a POST changes nothing. Shown to the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe: Option<String>,
    /// The only credential slot that the request may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// What the query of a request may hold: the keys that are named here and no other, spelt exactly
/// so. An empty one allows no pair at all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Key → values, of which it has one; it stands in the query exactly once. `{/id}` in a value
    /// stands for the text or the number of that source, `{#}` for any whole number; `{{` and `}}` are
    /// braces.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub is: BTreeMap<String, Vec<String>>,
    /// Keys whose values, and number, are free.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub free: Vec<String>,
}

/// What a list of `{"name": …, "value": …}` pairs may hold. The list holds nothing but such pairs,
/// and no name twice; names are compared without regard to ASCII case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// Names that may not stand in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refuse: Vec<String>,
    /// The only names that may stand in it; empty for all that are not refused. What begins with `/`
    /// is a source: an object of the arguments, each member of which may stand there too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Name → values; where the pair is there, it has one of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub is: BTreeMap<String, Vec<Value>>,
    /// Name → source; the pair has to be there with that value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub same: BTreeMap<String, String>,
    /// Name → source; where the pair is there, it has that value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub among: BTreeMap<String, String>,
}

impl Route {
    /// A route without matchers.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            when: BTreeMap::new(),
            query: None,
            form: BTreeMap::new(),
            json: BTreeMap::new(),
            json_same: BTreeMap::new(),
            only: BTreeMap::new(),
            absent: Vec::new(),
            same: BTreeMap::new(),
            form_json: BTreeMap::new(),
            form_only: BTreeMap::new(),
            form_same: BTreeMap::new(),
            form_pairs: BTreeMap::new(),
            not: BTreeMap::new(),
            safe: None,
            credential: None,
        }
    }

    /// The first pointer of `when` that does not hold; none if a call with these arguments has the
    /// route.
    #[must_use]
    pub fn unmet(&self, arguments: &Value) -> Option<&str> {
        unmet(&self.when, arguments)
    }

    /// Whether a matcher looks at the body, so that the host parses and re-encodes it.
    #[must_use]
    pub fn looks_at_body(&self) -> bool {
        self.looks_at_form() || self.looks_at_json()
    }

    /// Whether a matcher wants a form body.
    #[must_use]
    pub fn looks_at_form(&self) -> bool {
        !self.form.is_empty()
            || !self.form_json.is_empty()
            || !self.form_only.is_empty()
            || !self.form_same.is_empty()
            || !self.form_pairs.is_empty()
    }

    /// Whether a matcher wants a JSON body.
    #[must_use]
    pub fn looks_at_json(&self) -> bool {
        !self.json.is_empty()
            || !self.json_same.is_empty()
            || !self.only.is_empty()
            || !self.absent.is_empty()
    }
}

/// The first pointer at which arguments hold none of its values. Null also stands for an absent one,
/// and an empty list for every value but null.
pub(crate) fn unmet<'w>(
    when: &'w BTreeMap<String, Vec<Value>>,
    arguments: &Value,
) -> Option<&'w str> {
    let is_unmet = |(pointer, values): &(&String, &Vec<Value>)| {
        let argument = arguments.pointer(pointer).unwrap_or(&Value::Null);
        let is_met = values.contains(argument) || values.is_empty() && !argument.is_null();
        !is_met
    };
    let (pointer, _) = when.iter().find(is_unmet)?;
    Some(pointer)
}
