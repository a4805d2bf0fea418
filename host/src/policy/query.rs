//! What a route asks of the query: `query`.
//!
//! Owns the values in which sources stand in braces. Some servers read a query as a language, in
//! which a second key widens what the first one names; so what is not named is refused. It must not
//! know bodies or paths.

use portcullis_manifest::Query;

use super::known::{self, Known};
use super::matcher::Miss;

/// Whether a query holds what a route wants and nothing else.
pub(super) fn check(
    rule: &Query,
    pairs: &[(String, String)],
    known: &Known<'_>,
) -> Result<(), Miss> {
    let is_named = |key: &String| rule.is.contains_key(key) || rule.free.contains(key);
    if !pairs.iter().all(|(key, _)| is_named(key)) {
        return Err(Miss::QueryOther);
    }
    for (key, allowed) in &rule.is {
        let mut found = pairs.iter().filter(|(name, _)| name == key);
        let (Some((_, value)), None) = (found.next(), found.next()) else {
            return Err(Miss::QueryKey(key.clone()));
        };
        if !allowed
            .iter()
            .any(|allowed| is_filled(allowed, value, known))
        {
            return Err(Miss::QueryValue(key.clone()));
        }
    }
    Ok(())
}

/// One part of an allowed value.
#[derive(Debug, PartialEq, Eq)]
enum Part<'t> {
    Text(&'t str),
    Source(&'t str),
    Digits,
}

/// Why a text is no allowed value: a brace without its other half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoneBrace;

/// The sources of an allowed value.
pub(super) fn sources(allowed: &str) -> Result<Vec<&str>, LoneBrace> {
    let sources = parts(allowed)?.into_iter().filter_map(|part| match part {
        Part::Source(source) => Some(source),
        Part::Text(_) | Part::Digits => None,
    });
    Ok(sources.collect())
}

fn is_filled(allowed: &str, value: &str, known: &Known<'_>) -> bool {
    parts(allowed).is_ok_and(|parts| fits(&parts, value, known))
}

fn fits(parts: &[Part<'_>], value: &str, known: &Known<'_>) -> bool {
    match parts {
        [] => value.is_empty(),
        [Part::Text(text), more @ ..] => value
            .strip_prefix(text)
            .is_some_and(|rest| fits(more, rest, known)),
        [Part::Digits, more @ ..] => {
            let rest = value.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.len() < value.len() && fits(more, rest, known)
        }
        [Part::Source(source), more @ ..] => known.values(source).into_iter().any(|known_value| {
            known::text(known_value)
                .filter(|text| !text.is_empty())
                .and_then(|text| value.strip_prefix(&text))
                .is_some_and(|rest| fits(more, rest, known))
        }),
    }
}

fn parts(allowed: &str) -> Result<Vec<Part<'_>>, LoneBrace> {
    let mut parts = Vec::new();
    let mut rest = allowed;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, brace) = rest.split_at(at);
        parts.push(Part::Text(text));
        rest = match brace.get(..2) {
            Some("{{" | "}}") => {
                parts.push(Part::Text(&brace[..1]));
                &brace[2..]
            }
            _ => {
                let inner = brace.strip_prefix('{').ok_or(LoneBrace)?;
                let (source, rest) = inner.split_once('}').ok_or(LoneBrace)?;
                parts.push(match source {
                    "#" => Part::Digits,
                    source => Part::Source(source),
                });
                rest
            }
        };
    }
    parts.push(Part::Text(rest));
    parts.retain(|part| *part != Part::Text(""));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::known::Made;
    use super::*;

    fn checked(rule: Value, pairs: &[(&str, &str)]) -> Result<(), Miss> {
        let rule: Query = serde_json::from_value(rule).unwrap();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let arguments = json!({ "id": 7, "name": "a}b", "ids": [1, 2], "empty": "", "on": true });
        let known = Known {
            arguments: &arguments,
            made: &Made::default(),
        };
        check(&rule, &pairs, &known)
    }

    #[test]
    fn a_row_and_nothing_beside_it() {
        let row = || json!({ "is": { "id": ["eq.{/id}"] }, "free": ["select"] });
        assert_eq!(checked(row(), &[("id", "eq.7")]), Ok(()));
        let selected = [("select", "id"), ("id", "eq.7"), ("select", "*")];
        assert_eq!(checked(row(), &selected), Ok(()));
        let (key, value) = (
            Miss::QueryKey("id".to_owned()),
            Miss::QueryValue("id".to_owned()),
        );
        for (pairs, miss) in [
            (&[][..], &key),
            (&[("select", "id")], &key),
            (&[("id", "eq.7"), ("id", "eq.7")], &key),
            (&[("id", "eq.8")], &value),
            (&[("id", "eq.77")], &value),
            (&[("id", "not.eq.7")], &value),
            (&[("id", "neq.7")], &value),
            (&[("id", "gt.0")], &value),
            (&[("id", "in.(7,8)")], &value),
            (&[("id", "eq(any).{7,8}")], &value),
            (&[("id", "eq.{/id}")], &value),
            (&[("id", "")], &value),
        ] {
            assert_eq!(checked(row(), pairs).as_ref(), Err(miss), "{pairs:?}");
        }
        for other in [
            "or",
            "and",
            "not.or",
            "not.and",
            "ID",
            "id ",
            " id",
            "id[]",
            "contacts.id",
            "limit",
            "offset",
            "order",
            "columns",
            "on_conflict",
            "Select",
            "",
        ] {
            let pairs = [("id", "eq.7"), (other, "(id.gt.0)")];
            assert_eq!(checked(row(), &pairs), Err(Miss::QueryOther), "{other}");
        }
    }

    #[test]
    fn an_empty_rule_allows_no_pair() {
        assert_eq!(checked(json!({}), &[]), Ok(()));
        assert_eq!(checked(json!({}), &[("a", "")]), Err(Miss::QueryOther));
    }

    #[test]
    fn values_with_braces() {
        for (allowed, value, ok) in [
            ("*", "*", true),
            ("cs.{{{/id}}}", "cs.{7}", true),
            ("cs.{{{/id}}}", "cs.{8}", false),
            ("eq.{/ids/*}", "eq.2", true),
            ("eq.{/ids/*}", "eq.3", false),
            ("eq.{/name}!", "eq.a}b!", true),
            ("{/id}{/id}", "77", true),
            ("eq.{/missing}", "eq.", false),
            ("eq.{/empty}", "eq.", false),
            ("is.{/on}", "is.true", false),
            ("eq.{#}", "eq.70", true),
            ("eq.{#}", "eq.", false),
            ("eq.{#}", "eq.7,8", false),
            ("eq.{#}", "eq.-7", false),
            ("{#}.{/id}", "12.7", true),
            ("eq.{/id", "eq.7", false),
            ("eq.7}", "eq.7}", false),
            ("", "", true),
        ] {
            let rule = json!({ "is": { "k": [allowed] } });
            assert_eq!(
                checked(rule, &[("k", value)]).is_ok(),
                ok,
                "{allowed} {value}"
            );
        }
        assert_eq!(
            sources("eq.{/id}{{x}}{#}{made:/a}"),
            Ok(vec!["/id", "made:/a"])
        );
        assert_eq!(
            (sources("}"), sources("{é")),
            (Err(LoneBrace), Err(LoneBrace))
        );
    }
}
