//! What a route asks of a form: `form`, `form_json`, `form_only`, `form_same` and `form_pairs`.
//!
//! Owns the look into fields that hold JSON. It must not know JSON bodies or paths.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use portcullis_manifest::{Pairs, Route};
use serde_json::Value;

use super::body::{FORM, Form};
use super::json;
use super::known::{Known, every};
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
    /// The value of a pair that has constant ones.
    Other(String),
    /// A pair that has to be there, or its value.
    Differs {
        /// The pair's name.
        name: String,
        /// The source.
        source: String,
    },
    /// The value of a pair that need not be there.
    Elsewhere {
        /// The pair's name.
        name: String,
        /// The source.
        source: String,
    },
}

impl fmt::Display for PairsFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPairs => f.write_str("has to be a list of nothing but `name` and `value`"),
            Self::Twice => f.write_str("holds a name twice"),
            Self::Refused(name) => write!(f, "holds `{name}`, which this tool may not set"),
            Self::NotAmong => f.write_str("holds a name other than those that this tool may set"),
            Self::Other(name) => write!(f, "holds `{name}` with a value that is not allowed"),
            Self::Differs { name, source } => {
                write!(
                    f,
                    "has to hold `{name}` with the value of the argument `{source}`"
                )
            }
            Self::Elsewhere { name, source } => {
                write!(
                    f,
                    "holds `{name}` with a value other than that of the argument `{source}`"
                )
            }
        }
    }
}

/// Whether the form has every field as the route wants it; answers the body as it goes on.
pub(super) fn check(
    route: &Route,
    bodies: &Bodies<'_>,
    known: &Known<'_>,
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
        .form_json
        .keys()
        .chain(route.form_only.keys())
        .chain(route.form_same.keys())
        .chain(route.form_pairs.keys())
        .collect();
    for field in fields {
        let value = read(form, field)?;
        constants(route, field, &value)?;
        only(route, field, &value, known)?;
        same(route, field, &value, known)?;
        pairs(route, field, &value, known)?;
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

fn constants(route: &Route, field: &str, value: &Value) -> Result<(), Miss> {
    for (pointer, allowed) in route.form_json.get(field).into_iter().flatten() {
        let is_allowed = |sent: &&Value| allowed.contains(sent);
        if !every(value, pointer).is_some_and(|sent| sent.iter().all(is_allowed)) {
            return Err(Miss::FormJson {
                field: field.to_owned(),
                pointer: pointer.clone(),
            });
        }
    }
    Ok(())
}

fn only(route: &Route, field: &str, value: &Value, known: &Known<'_>) -> Result<(), Miss> {
    for (pointer, names) in route.form_only.get(field).into_iter().flatten() {
        if !known.has_only(value, pointer, names) {
            return Err(Miss::FormOnly {
                field: field.to_owned(),
                pointer: pointer.clone(),
            });
        }
    }
    Ok(())
}

fn same(route: &Route, field: &str, value: &Value, known: &Known<'_>) -> Result<(), Miss> {
    for (pointer, source) in route.form_same.get(field).into_iter().flatten() {
        let is_known = |sent: &&Value| known.has(source, sent);
        if !every(value, pointer).is_some_and(|sent| sent.iter().all(is_known)) {
            return Err(Miss::FormSame {
                field: field.to_owned(),
                pointer: pointer.clone(),
                from: source.clone(),
            });
        }
    }
    Ok(())
}

fn pairs(route: &Route, field: &str, value: &Value, known: &Known<'_>) -> Result<(), Miss> {
    for (pointer, rule) in route.form_pairs.get(field).into_iter().flatten() {
        let checked = match every(value, pointer) {
            Some(lists) => lists
                .into_iter()
                .try_for_each(|list| one_list(list, rule, known)),
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

fn one_list(list: &Value, rule: &Pairs, known: &Known<'_>) -> Result<(), PairsFlaw> {
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
        if !rule.only.is_empty() && !known.is_listed(&rule.only, name) {
            return Err(PairsFlaw::NotAmong);
        }
        if seen.insert(folded, (name, value)).is_some() {
            return Err(PairsFlaw::Twice);
        }
    }
    bound(rule, &seen, known)
}

/// Pairs whose values are constants or come from sources. One whose name is in other letters is
/// refused, since the server may take it for that pair.
fn bound(
    rule: &Pairs,
    seen: &BTreeMap<String, (&str, &Value)>,
    known: &Known<'_>,
) -> Result<(), PairsFlaw> {
    let found = |name: &String| seen.get(&name.to_ascii_lowercase());
    let holds = |name: &String, source: &String, (spelt, value): (&str, &Value)| {
        spelt == name && known.has(source, value)
    };
    for (name, allowed) in &rule.is {
        if !found(name).is_none_or(|(spelt, value)| spelt == name && allowed.contains(value)) {
            return Err(PairsFlaw::Other(name.clone()));
        }
    }
    for (name, source) in &rule.same {
        if !found(name).is_some_and(|pair| holds(name, source, *pair)) {
            return Err(PairsFlaw::Differs {
                name: name.clone(),
                source: source.clone(),
            });
        }
    }
    for (name, source) in &rule.among {
        if !found(name).is_none_or(|pair| holds(name, source, *pair)) {
            return Err(PairsFlaw::Elsewhere {
                name: name.clone(),
                source: source.clone(),
            });
        }
    }
    Ok(())
}

fn pair_of(pair: &Value) -> Option<(&str, &Value)> {
    let members = pair.as_object().filter(|members| members.len() == 2)?;
    Some((members.get("name")?.as_str()?, members.get("value")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::known::Made;
    use super::*;

    fn rule(value: Value) -> Pairs {
        serde_json::from_value(value).unwrap()
    }

    fn checked(rule_of: Value, list: &Value) -> Result<(), String> {
        let arguments = json!({
            "id": "7", "n": 7,
            "rows": [{ "id": "1", "name": "a" }, { "id": "2", "deleted": "1" }]
        });
        let known = Known {
            arguments: &arguments,
            made: &Made::default(),
        };
        one_list(list, &rule(rule_of), &known).map_err(|flaw| flaw.to_string())
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
    fn pairs_that_may_be_there() {
        let rows = || json!({ "only": ["id", "/rows/*"], "refuse": ["deleted"], "among": { "id": "/rows/*/id" } });
        let id = |id: &str| json!({ "name": "id", "value": id });
        let name = json!({ "name": "name", "value": "x" });
        for list in [
            json!([]),
            json!([name]),
            json!([id("1"), name]),
            json!([id("2")]),
        ] {
            assert_eq!(checked(rows(), &list), Ok(()), "{list}");
        }
        for (list, wanted) in [
            (json!([id("3"), name]), "other than that of the argument"),
            (json!([{ "name": "id", "value": 1 }]), "other than that"),
            (json!([{ "name": "ID", "value": "1" }]), "other than those"),
            (
                json!([{ "name": "phone", "value": "1" }]),
                "other than those",
            ),
            (json!([{ "name": "deleted", "value": "1" }]), "may not set"),
        ] {
            let flaw = checked(rows(), &list).unwrap_err();
            assert!(flaw.contains(wanted), "{list}: {flaw}");
        }
        let gone = || json!({ "is": { "deleted": ["1", 1] } });
        assert_eq!(
            checked(gone(), &json!([{ "name": "deleted", "value": 1 }])),
            Ok(())
        );
        assert_eq!(checked(gone(), &json!([id("1")])), Ok(()));
        for (name, value) in [
            ("deleted", json!("0")),
            ("deleted", json!(null)),
            ("Deleted", json!(1)),
        ] {
            let flaw = checked(gone(), &json!([{ "name": name, "value": value }])).unwrap_err();
            assert_eq!(
                flaw, "holds `deleted` with a value that is not allowed",
                "{name} {value}"
            );
        }
        let open = json!({ "among": { "id": "/rows/*/id" } });
        assert!(checked(open, &json!([{ "name": "ID", "value": "1" }])).is_err());
    }
}
