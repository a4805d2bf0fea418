//! What a route asks of a form: `form`, `form_same` and `form_pairs`.
//!
//! Owns the look into fields that hold JSON. PHP and its kin take the members of an object in the
//! order in which they stand, whatever their names, so a numeric token of a pointer stands for the
//! place in a list and for nothing else. It must not know JSON bodies or paths.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use portcullis_manifest::{Pairs, Route};
use serde_json::Value;

use super::body::{FORM, Form};
use super::json;
use super::matcher::{Bodies, Canonical, Miss};

/// What is wrong with a list of pairs. Names manifest terms alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairsFlaw {
    /// Nothing there, or something else.
    NoPairs,
    /// A name that stands twice.
    Twice,
    /// A name that may not stand there.
    Refused(String),
    /// A name that is not among the only ones.
    NotAmong,
    /// A pair that has to be there, or its value.
    Differs {
        /// The pair's name.
        name: String,
        /// The pointer into the arguments.
        argument: String,
    },
}

impl fmt::Display for PairsFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPairs => f.write_str("has to be a list of nothing but `name` and `value`"),
            Self::Twice => f.write_str("holds a name twice"),
            Self::Refused(name) => write!(f, "holds `{name}`, which this tool may not set"),
            Self::NotAmong => f.write_str("holds a name other than those that this tool may set"),
            Self::Differs { name, argument } => {
                write!(
                    f,
                    "has to hold `{name}` with the value of the argument `{argument}`"
                )
            }
        }
    }
}

/// Whether the form has every field as the route wants it; answers the body as it goes on.
pub(super) fn check(
    route: &Route,
    bodies: &Bodies<'_>,
    arguments: &Value,
) -> Result<Canonical, Miss> {
    let form = bodies.form()?;
    if bodies.beside_query() {
        return Err(Miss::Query);
    }
    for (field, allowed) in &route.form {
        let value = once(form, field)?;
        if !allowed.iter().any(|a| a == value) {
            return Err(Miss::Form(field.clone()));
        }
    }
    let mut canonical = form.clone();
    let fields: BTreeSet<_> = route
        .form_same
        .keys()
        .chain(route.form_pairs.keys())
        .collect();
    for field in fields {
        let value = read(form, field)?;
        same(route, field, &value, arguments)?;
        pairs(route, field, &value, arguments)?;
        canonical.set(field, value.to_string());
    }
    Ok(Canonical {
        bytes: canonical.encode(),
        content_type: FORM,
    })
}

fn once<'f>(form: &'f Form, field: &str) -> Result<&'f str, Miss> {
    form.once(field)
        .ok_or_else(|| Miss::Field(field.to_owned()))
}

fn read(form: &Form, field: &str) -> Result<Value, Miss> {
    json::read(once(form, field)?.as_bytes()).map_err(|error| Miss::FieldJson {
        field: field.to_owned(),
        error,
    })
}

fn same(route: &Route, field: &str, value: &Value, arguments: &Value) -> Result<(), Miss> {
    for (pointer, argument) in route.form_same.get(field).into_iter().flatten() {
        let sent = one(value, pointer);
        if sent.is_none() || sent != arguments.pointer(argument) {
            return Err(Miss::FormSame {
                field: field.to_owned(),
                pointer: pointer.clone(),
                argument: argument.clone(),
            });
        }
    }
    Ok(())
}

fn pairs(route: &Route, field: &str, value: &Value, arguments: &Value) -> Result<(), Miss> {
    for (pointer, rule) in route.form_pairs.get(field).into_iter().flatten() {
        let checked = match every(value, pointer) {
            Some(lists) => lists
                .into_iter()
                .try_for_each(|list| one_list(list, rule, arguments)),
            None => Err(PairsFlaw::NoPairs),
        };
        checked.map_err(|flaw| Miss::FormPairs {
            field: field.to_owned(),
            pointer: pointer.clone(),
            flaw,
        })?;
    }
    Ok(())
}

fn one_list(list: &Value, rule: &Pairs, arguments: &Value) -> Result<(), PairsFlaw> {
    let list = list.as_array().ok_or(PairsFlaw::NoPairs)?;
    let mut seen = BTreeMap::new();
    for pair in list {
        let (name, value) = pair_of(pair).ok_or(PairsFlaw::NoPairs)?;
        let folded = name.to_ascii_lowercase();
        if let Some(refused) = rule
            .refuse
            .iter()
            .find(|r| r.to_ascii_lowercase() == folded)
        {
            return Err(PairsFlaw::Refused(refused.clone()));
        }
        if !rule.only.is_empty() && !rule.only.iter().any(|only| only == name) {
            return Err(PairsFlaw::NotAmong);
        }
        if seen.insert(folded, (name, value)).is_some() {
            return Err(PairsFlaw::Twice);
        }
    }
    for (name, argument) in &rule.same {
        let sent = seen.get(&name.to_ascii_lowercase());
        let sent = sent
            .filter(|(spelt, _)| spelt == name)
            .map(|(_, value)| *value);
        if sent.is_none() || sent != arguments.pointer(argument) {
            return Err(PairsFlaw::Differs {
                name: name.clone(),
                argument: argument.clone(),
            });
        }
    }
    Ok(())
}

fn pair_of(pair: &Value) -> Option<(&str, &Value)> {
    let members = pair.as_object().filter(|members| members.len() == 2)?;
    Some((members.get("name")?.as_str()?, members.get("value")?))
}

/// The value at a pointer.
fn one<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    tokens(pointer).try_fold(value, |value, token| member(value, &token))
}

/// The values at a pointer in which `*` stands for every element of a list.
fn every<'v>(value: &'v Value, pointer: &str) -> Option<Vec<&'v Value>> {
    let mut found = vec![value];
    for token in tokens(pointer) {
        let mut next = Vec::new();
        for value in found {
            match (token.as_str(), value) {
                ("*", Value::Array(elements)) => next.extend(elements),
                ("*", _) => return None,
                (token, value) => next.push(member(value, token)?),
            }
        }
        found = next;
    }
    Some(found)
}

fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    let tokens = pointer.split('/').skip(1);
    tokens.map(|token| token.replace("~1", "/").replace("~0", "~"))
}

fn member<'v>(value: &'v Value, token: &str) -> Option<&'v Value> {
    match value {
        Value::Array(elements) => elements.get(token.parse::<usize>().ok()?),
        Value::Object(members) if token.parse::<u64>().is_err() => members.get(token),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(value: Value) -> Pairs {
        serde_json::from_value(value).unwrap()
    }

    fn checked(rule_of: Value, list: &Value) -> Result<(), String> {
        let arguments = json!({ "id": "7", "n": 7 });
        one_list(list, &rule(rule_of), &arguments).map_err(|flaw| flaw.to_string())
    }

    #[test]
    fn lists_of_pairs() {
        let writes = || json!({ "refuse": ["deleted"], "same": { "id": "/id" } });
        let id = json!({ "name": "id", "value": "7" });
        assert_eq!(
            checked(writes(), &json!([id, { "name": "x", "value": [1] }])),
            Ok(())
        );
        for (list, wanted) in [
            (json!({ "id": "7" }), "nothing but"),
            (json!([["id", "7"]]), "nothing but"),
            (
                json!([id, { "name": "deleted", "value": 0 }]),
                "may not set",
            ),
            (
                json!([id, { "name": "DELETED", "value": 0 }]),
                "may not set",
            ),
            (
                json!([id, { "name": "x", "value": 1, "y": 2 }]),
                "nothing but",
            ),
            (json!([id, { "name": 5, "value": 1 }]), "nothing but"),
            (json!([id, { "name": "x" }]), "nothing but"),
            (json!([id, { "name": "ID", "value": "8" }]), "twice"),
            (json!([{ "name": "id", "value": "8" }]), "argument `/id`"),
            (json!([{ "name": "Id", "value": "7" }]), "argument `/id`"),
            (json!([]), "argument `/id`"),
        ] {
            let flaw = checked(writes(), &list).unwrap_err();
            assert!(flaw.contains(wanted), "{list}: {flaw}");
        }
        let delete = || json!({ "only": ["id", "deleted"] });
        assert_eq!(
            checked(delete(), &json!([id, { "name": "deleted", "value": "1" }])),
            Ok(())
        );
        assert!(checked(delete(), &json!([id, { "name": "name", "value": "" }])).is_err());
        assert!(checked(delete(), &json!([id, { "name": "Deleted", "value": "1" }])).is_err());
    }

    #[test]
    fn places() {
        let arguments = json!([null, "Accounts", [[1], [2]], { "1": "x", "a": { "b": 3 } }]);
        assert_eq!(one(&arguments, "/1"), Some(&json!("Accounts")));
        assert_eq!(one(&arguments, "/3/a/b"), Some(&json!(3)));
        assert_eq!(
            every(&arguments, "/2/*"),
            Some(vec![&json!([1]), &json!([2])])
        );
        assert_eq!(every(&json!([[], []]), "/0/*"), Some(vec![]));
        for pointer in ["/9", "/3/1", "/a", "/1/*", "/3/*"] {
            assert_eq!(every(&arguments, pointer), None, "{pointer}");
        }
        // An object in place of the list of arguments: PHP 7 would go by the order alone.
        let object = json!({ "session": null, "1": "Accounts", "2": [] });
        assert_eq!((one(&object, "/1"), every(&object, "/2")), (None, None));
    }
}
