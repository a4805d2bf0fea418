//! The value of one environment variable, by the key that a manifest maps it to.
//!
//! Owns the conversion of text into what the key takes; it must not know which variables there are.
//! Whether a value suits its key beyond its type is checked where files are checked too.

use portcullis_manifest::{EnvRule, Manifest};
use serde_json::Value;

use super::limits::{Limit, Limits};
use super::problem::{Place, shown};
use super::tree::{Node, Tree};

/// The keys that hold text and those that are true or false, beside `limits.*`, `secrets.*` and
/// `settings.*`.
const TEXTS: [&str; 6] = ["url", "prefix", "auth", "identity", "confirm", "log.level"];
const FLAGS: [&str; 2] = ["tls_verify", "log.json"];

/// A prefix and a code after it, spelt as names are; the code alone after an empty prefix.
pub(super) fn with_code(prefix: &str, code: &str) -> String {
    let code = code.trim().to_ascii_lowercase().replace('-', "_");
    if prefix.is_empty() {
        code
    } else {
        format!("{prefix}_{code}")
    }
}

/// What a variable's value stands for.
pub(super) fn convert(
    name: &str,
    value: &str,
    rule: &EnvRule,
    manifest: &Manifest,
) -> Result<Tree, String> {
    let key = rule.set.as_str();
    if TEXTS.contains(&key) {
        return Ok(Tree::Text(value.to_owned()));
    }
    if FLAGS.contains(&key) {
        return flag(value);
    }
    match key.split_once('.') {
        Some(("secrets", _)) => Ok(Tree::Text(format!("env:{name}"))),
        Some(("limits", limit)) => match Limits::TABLE.iter().find(|known| known.key == limit) {
            Some(limit) => bounded(value, rule.times, limit),
            None => Err(unknown(key, manifest)),
        },
        Some(("settings", setting)) => match declared(manifest, setting) {
            Some(schema) => typed(name, value, rule.times, schema),
            None => Err(unknown(key, manifest)),
        },
        _ => Err(unknown(key, manifest)),
    }
}

fn unknown(key: &str, manifest: &Manifest) -> String {
    format!(
        "the manifest of `{}` maps it to `{key}`, which no variable can set; take the variable out",
        manifest.id
    )
}

fn flag(value: &str) -> Result<Tree, String> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(Tree::Flag(true)),
        "false" | "0" | "no" | "off" => Ok(Tree::Flag(false)),
        _ => Err(format!(
            "must be `true` or `false` (`1` or `0`, `yes` or `no`), not `{}`",
            shown(value)
        )),
    }
}

/// A limit in the variable's own unit, e.g. seconds where the limit counts milliseconds.
fn bounded(value: &str, times: Option<u64>, limit: &Limit) -> Result<Tree, String> {
    let times = times.unwrap_or(1).max(1);
    let (least, most) = (limit.least.div_ceil(times), limit.most / times);
    let number = value
        .trim()
        .parse::<u64>()
        .ok()
        .filter(|number| (least..=most).contains(number));
    match number.and_then(|number| i64::try_from(number * times).ok()) {
        Some(number) => Ok(Tree::Whole(number)),
        None if times == 1 => Err(format!("must be {}, not `{}`", limit.range(), shown(value))),
        None => Err(format!(
            "must be a whole number from {least} to {most}, not `{}`",
            shown(value)
        )),
    }
}

fn declared<'m>(manifest: &'m Manifest, setting: &str) -> Option<&'m Value> {
    manifest.settings.as_ref()?.get("properties")?.get(setting)
}

/// The first type of a schema that is not null; text where it names none.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("string"),
        _ => "string",
    }
}

fn typed(name: &str, value: &str, times: Option<u64>, schema: &Value) -> Result<Tree, String> {
    match kind(schema) {
        "string" => Ok(Tree::Text(value.to_owned())),
        "boolean" => flag(value),
        "integer" => whole(value, times.unwrap_or(1)),
        "number" => match value.trim().parse::<serde_json::Number>() {
            Ok(number) => Ok(Tree::Real(number.to_string())),
            Err(_) => Err(format!("must be a number, not `{}`", shown(value))),
        },
        "array" => elements(name, value, schema.get("items").unwrap_or(&Value::Null)),
        other => Err(format!(
            "sets a value of the type `{other}`, which a variable cannot hold; use a configuration file"
        )),
    }
}

fn whole(value: &str, times: u64) -> Result<Tree, String> {
    let number = value.trim().parse::<i64>().ok();
    number
        .and_then(|number| number.checked_mul(i64::try_from(times).ok()?))
        .map(Tree::Whole)
        .ok_or_else(|| format!("must be a whole number, not `{}`", shown(value)))
}

/// A list with commas.
fn elements(name: &str, value: &str, schema: &Value) -> Result<Tree, String> {
    let place = || Place::Variable(name.into());
    let element = |text: &str| {
        Ok(Node {
            place: place(),
            value: typed(name, text, None, schema)?,
        })
    };
    value
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(element)
        .collect::<Result<_, _>>()
        .map(Tree::List)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::manifest;

    fn converted(key: &str, times: Option<u64>, value: &str) -> Result<Tree, String> {
        convert(
            "X",
            value,
            &EnvRule {
                times,
                ..EnvRule::of(key)
            },
            &manifest("espocrm"),
        )
    }

    #[test]
    fn values_by_the_type_of_their_key() {
        for (key, times, value, expected) in [
            ("url", None, "x", Tree::Text("x".into())),
            (
                "secrets.api_key",
                None,
                "hunter2",
                Tree::Text("env:X".into()),
            ),
            ("tls_verify", None, "No", Tree::Flag(false)),
            ("log.json", None, "1", Tree::Flag(true)),
            ("limits.timeout_ms", Some(1000), "30", Tree::Whole(30_000)),
            ("limits.timeout_ms", None, " 500 ", Tree::Whole(500)),
            ("settings.max_limit", None, "200", Tree::Whole(200)),
            ("settings.max_limit", Some(60), "2", Tree::Whole(120)),
            ("settings.ratio", None, "0.10", Tree::Real("0.10".into())),
            ("settings.strict", None, "yes", Tree::Flag(true)),
            (
                "settings.time_zone",
                None,
                "Europe/Berlin",
                Tree::Text("Europe/Berlin".into()),
            ),
        ] {
            assert_eq!(converted(key, times, value), Ok(expected), "{key} {value}");
        }
        assert!(
            matches!(converted("settings.modules", None, "a, b,").unwrap(), Tree::List(nodes) if nodes.len() == 2)
        );
    }

    #[test]
    fn values_that_do_not_fit() {
        for (key, times, value, expected) in [
            (
                "tls_verify",
                None,
                "maybe",
                "must be `true` or `false` (`1` or `0`, `yes` or `no`), not `maybe`",
            ),
            (
                "limits.timeout_ms",
                Some(1000),
                "soon",
                "must be a whole number from 1 to 600, not `soon`",
            ),
            (
                "limits.timeout_ms",
                Some(1000),
                "0",
                "must be a whole number from 1 to 600, not `0`",
            ),
            (
                "limits.timeout_ms",
                Some(1000),
                "18446744073709551615",
                "must be a whole number from 1 to 600, not",
            ),
            (
                "limits.timeout_ms",
                None,
                "-5",
                "must be a whole number of milliseconds from 100 to 600000, not `-5`",
            ),
            (
                "limits.timeout",
                None,
                "5",
                "the manifest of `espocrm` maps it to `limits.timeout`",
            ),
            (
                "settings.max_limit",
                None,
                "many",
                "must be a whole number, not `many`",
            ),
            (
                "settings.max_limit",
                Some(u64::MAX),
                "2",
                "must be a whole number",
            ),
            (
                "settings.ratio",
                None,
                "half",
                "must be a number, not `half`",
            ),
            (
                "settings.nested",
                None,
                "{}",
                "sets a value of the type `object`",
            ),
            (
                "settings.absent",
                None,
                "x",
                "the manifest of `espocrm` maps it to `settings.absent`",
            ),
            (
                "plugin",
                None,
                "x",
                "the manifest of `espocrm` maps it to `plugin`",
            ),
        ] {
            let message = converted(key, times, value).unwrap_err();
            assert!(message.starts_with(expected), "{key} {value}: {message}");
        }
    }
}
