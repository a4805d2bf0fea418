//! Environment-only mode: the variables of the programs that plugins replace, as a tree.
//!
//! Owns which variables make a connection. The manifests' `env` tables tell what a variable sets; it
//! must not know any variable of a plugin by name.

use std::collections::BTreeSet;

use portcullis_manifest::{Effect, EnvRule, Manifest};
use zeroize::Zeroizing;

use super::connections::EFFECTS;
use super::nearest::choose;
use super::problem::{Place, Report};
use super::tree::{Node, Table, Tree};
use super::{Env, collision, unset, variable};

const ALLOW: &str = "PORTCULLIS_ALLOW";
const HTTP: &str = "PORTCULLIS_HTTP";

/// Reads a variable of this process; one that is not Unicode counts as unset.
#[must_use]
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A plugin with those of its variables that are set; an empty one counts as unset.
pub(super) struct Found<'m> {
    pub(super) manifest: &'m Manifest,
    pub(super) set: Vec<(&'m str, &'m EnvRule, Zeroizing<String>)>,
}

impl<'m> Found<'m> {
    fn new(manifest: &'m Manifest, env: Env<'_>) -> Self {
        let value = |name: &str| {
            env(name)
                .filter(|value| !value.trim().is_empty())
                .map(Zeroizing::new)
        };
        let set = manifest
            .env
            .iter()
            .filter_map(|(name, rule)| Some((name.as_str(), rule, value(name)?)))
            .collect();
        Self { manifest, set }
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.set
            .iter()
            .find(|(_, rule, _)| rule.set == key)
            .map(|(_, _, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.set.iter().any(|(set, ..)| *set == name)
    }

    pub(super) fn prefix(&self) -> &str {
        self.value("prefix").unwrap_or(&self.manifest.env_prefix)
    }
}

/// The tree that the variables stand for.
pub(super) fn tree(env: Env<'_>, manifests: &[Manifest], report: &Report) -> Table {
    let (active, idle): (Vec<_>, Vec<_>) = manifests
        .iter()
        .map(|manifest| Found::new(manifest, env))
        .partition(|found| found.value("url").is_some());
    unset::url(&idle, &active, report);
    if active.is_empty() {
        unset::everything(manifests, report);
    }
    let (allow, allowed) = allow(env, report);
    let colliding = collision::among(&active, &allow);
    let mut root = Table::empty(Place::Environment);
    if let Some(address) = env(HTTP).filter(|address| !address.is_empty()) {
        let place = Place::Variable(HTTP.into());
        root.child("server", &Place::Environment)
            .set("http", place, Tree::Text(address));
    }
    for found in &active {
        connect(found, &mut root, report);
        let connection = root
            .child("connections", &Place::Environment)
            .child(&found.manifest.id, &Place::Environment);
        connection.set("allow", allowed.place.clone(), allowed.value.clone());
        if colliding.contains(found.manifest.id.as_str()) {
            collision::prefixed(found, connection, report);
        }
        unset::secrets(found, report);
    }
    root
}

/// Puts every variable of a plugin where its manifest says.
fn connect(found: &Found<'_>, root: &mut Table, report: &Report) {
    let id = &found.manifest.id;
    let connection = root
        .child("connections", &Place::Environment)
        .child(id, &Place::Environment);
    connection.set("plugin", Place::Environment, Tree::Text(id.clone()));
    connection.set(
        "prefix",
        Place::Environment,
        Tree::Text(found.manifest.env_prefix.clone()),
    );
    for (name, rule, value) in &found.set {
        let place = Place::Variable((*name).into());
        match variable::convert(name, value, rule, found.manifest) {
            Ok(value) => target(root, id, &rule.set).set(leaf(&rule.set), place, value),
            Err(message) => {
                report.error(&place, &format!("connections.{id}.{}", rule.set), message);
            }
        }
    }
}

/// The table that a rule's key stands in.
fn target<'t>(root: &'t mut Table, id: &str, key: &str) -> &'t mut Table {
    let everywhere = &Place::Environment;
    match key.split_once('.') {
        Some(("log", _)) => root.child("server", everywhere).child("log", everywhere),
        Some((table, _)) => root
            .child("connections", everywhere)
            .child(id, everywhere)
            .child(table, everywhere),
        None => root.child("connections", everywhere).child(id, everywhere),
    }
}

fn leaf(key: &str) -> &str {
    key.split_once('.').map_or(key, |(_, leaf)| leaf)
}

/// All effects, or those that the operator named.
fn allow(env: Env<'_>, report: &Report) -> (BTreeSet<Effect>, Node) {
    let place = Place::Variable(ALLOW.into());
    let wrong = |message: String| report.error(&place, "allow", message);
    let effects: BTreeSet<Effect> = match env(ALLOW) {
        None => EFFECTS.iter().map(|(_, effect)| *effect).collect(),
        Some(text) if text.trim().is_empty() => {
            wrong("names no effect; write e.g. `read,write`, or unset it to allow all".into());
            [Effect::Read].into() // an empty list would be reported again for each connection
        }
        Some(text) => {
            let words = text.split([',', ' ']).filter(|word| !word.is_empty());
            let chosen = words.map(|word| choose("effect", word, &EFFECTS).map_err(wrong));
            chosen
                .map(|effect| effect.unwrap_or(Effect::Read))
                .collect()
        }
    };
    let nodes = effects.iter().map(|effect| Node {
        place: place.clone(),
        value: Tree::Text(effect.as_str().into()),
    });
    let value = Tree::List(nodes.collect());
    (effects, Node { place, value })
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{ESPOCRM, read, with};

    #[test]
    fn two_variables_are_a_connection_with_plain_names_and_all_effects() {
        let config = read(&ESPOCRM).unwrap();
        let [espocrm] = config.connections.as_slice() else {
            panic!("{config:?}")
        };
        assert_eq!(
            (
                espocrm.name.as_str(),
                espocrm.plugin.as_str(),
                espocrm.prefix.as_str()
            ),
            ("espocrm", "espocrm", "")
        );
        assert_eq!(espocrm.allow.len(), 4);
        assert_eq!(espocrm.secrets["api_key"].expose(), "hunter2");
        assert!(config.warnings.is_empty() && config.server.http.is_none());
    }

    #[test]
    fn the_old_variables_keep_their_meaning() {
        let more = [
            ("ESPOCRM_TIMEOUT_SECS", "60"),
            ("ESPOCRM_TLS_VERIFY", "true"),
            ("SERVER_MAX_LIMIT", "100"),
            ("LOGGING_LEVEL", "WARNING"),
            ("LOGGING_JSON", "1"),
            ("PORTCULLIS_ALLOW", "read, write"),
            ("PORTCULLIS_HTTP", "127.0.0.1:0"),
            ("ESPOCRM_AUTH", ""),
        ];
        let config = read(&with(&more)).unwrap();
        let espocrm = config.connection("espocrm").unwrap();
        assert_eq!(
            (
                espocrm.limits.timeout_ms,
                espocrm.allow.len(),
                espocrm.auth.is_none()
            ),
            (60_000, 2, true)
        );
        assert_eq!(espocrm.settings["max_limit"].to_string(), "100");
        assert_eq!(
            (config.server.log.level.as_deref(), config.server.log.json),
            (Some("warn"), true)
        );
        assert_eq!(config.server.http.unwrap().to_string(), "127.0.0.1:0");
    }

    #[test]
    fn problems_name_their_variable() {
        let more = [
            ("ESPOCRM_TIMEOUT_SECS", "soon"),
            ("ESPOCRM_TLS_VERIFY", "maybe"),
            ("SERVER_MAX_LIMIT", "many"),
            ("LOGGING_LEVEL", "loud"),
            ("PORTCULLIS_ALLOW", "raed"),
            ("PORTCULLIS_HTTP", "0.0.0.0:80"),
            ("SUITECRM_URL", "https://u:hunter2@crm.example.com"),
        ];
        insta::assert_snapshot!(read(&with(&more)).unwrap_err(), @r"
        PORTCULLIS_ALLOW: unknown effect `raed`; did you mean `read`?
        ESPOCRM_TIMEOUT_SECS: must be a whole number from 1 to 600, not `soon`
        ESPOCRM_TLS_VERIFY: must be `true` or `false` (`1` or `0`, `yes` or `no`), not `maybe`
        SERVER_MAX_LIMIT: must be a whole number, not `many`
        warning: environment: connections.espocrm.prefix: several CRMs have tools of the same name, so the names of this one begin with `espocrm_`
        warning: environment: connections.suitecrm.prefix: several CRMs have tools of the same name, so the names of this one begin with `suitecrm_`
        warning: SUITECRM_API_KEY: is not set, so calls to the CRM cannot authenticate
        PORTCULLIS_HTTP: listens beyond this machine, and this release has no authentication for HTTP; use `127.0.0.1` behind a proxy that authenticates, or set `server.insecure_remote = true` in a configuration file
        LOGGING_LEVEL: unknown level `loud`; known here: `off`, `error`, `warn`, `info`, `debug`, `trace`
        SUITECRM_URL: holds a user name or a password; take them out and put them into `secrets`
        7 problems, 3 warnings
        ");
    }

    #[test]
    fn an_empty_allow_is_no_allow_all() {
        let problems = read(&with(&[("PORTCULLIS_ALLOW", " ")]))
            .unwrap_err()
            .to_string();
        assert!(
            problems.starts_with("PORTCULLIS_ALLOW: names no effect"),
            "{problems}"
        );
    }
}
