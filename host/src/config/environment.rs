//! Environment-only mode: the variables of the programs that plugins replace, as a tree.
//!
//! Owns which variables make a connection. The manifests' `env` tables tell what a variable sets; it
//! must not know any variable of a plugin by name.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use portcullis_manifest::{Effect, EnvRule, Manifest};
use zeroize::Zeroizing;

use super::connections::EFFECTS;
use super::listener::{Offered, Transport};
use super::nearest::choose;
use super::problem::{Place, Report};
use super::tree::{Node, Table, Tree};
use super::{Asked, Env, collision, entities, listener, unset, variable};

const ALLOW: &str = "PORTCULLIS_ALLOW";
const HTTP: &str = "PORTCULLIS_HTTP";
const HOSTS: &str = "PORTCULLIS_ALLOWED_HOSTS";
const STATE: &str = "PORTCULLIS_STATE";
const AUTH: &str = "PORTCULLIS_AUTH";

/// The key of a variable that means nothing here.
const IGNORED: &str = "ignored";

/// Reads a variable of this process; one that is not Unicode counts as unset.
#[must_use]
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A plugin with those of its variables that are set; an empty one counts as unset.
pub(super) struct Found<'m> {
    pub(super) manifest: &'m Manifest,
    pub(super) set: Vec<(Cow<'m, str>, &'m EnvRule, Zeroizing<String>)>,
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
            .filter_map(|(name, rule)| Some((name.as_str().into(), rule, value(name)?)))
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
        self.set.iter().any(|(set, ..)| set == name)
    }

    /// The value of a key and the variable that has it or would have it: what is set, or the rule's
    /// default.
    pub(super) fn given(&self, key: &str) -> Option<(&str, &str)> {
        let set = self.set.iter().find(|(_, rule, _)| rule.set == key);
        let default = || {
            let mut rules = self.manifest.env.iter().filter(|(_, rule)| rule.set == key);
            rules.find_map(|(name, rule)| Some((name.as_str(), rule.default.as_deref()?)))
        };
        set.map(|(name, _, value)| (&**name, value.as_str()))
            .or_else(default)
    }

    /// What stands before the names of tools.
    pub(super) fn prefix(&self) -> Cow<'_, str> {
        let of_manifest = self.manifest.env_prefix.as_str();
        match (self.value("prefix"), self.value("code")) {
            (Some(prefix), _) => prefix.into(),
            (None, Some(code)) => variable::with_code(of_manifest, code).into(),
            (None, None) => of_manifest.into(),
        }
    }
}

/// The tree that the variables stand for, and the address that they offer. A file of entities takes the
/// place of the variables of the plugin that reads it, as far as it says the same.
pub(super) fn tree(
    env: Env<'_>,
    manifests: &[Manifest],
    file: Option<&Path>,
    asked: Asked,
    report: &Report,
) -> (Table, Offered) {
    let over_http = asked == Asked::Http || env(HTTP).is_some_and(|address| !address.is_empty());
    let reader = file.and_then(|_| entities::reader(manifests));
    let (active, idle): (Vec<_>, Vec<_>) = manifests
        .iter()
        .filter(|manifest| reader.is_none_or(|(reader, _)| reader.id != manifest.id))
        .map(|manifest| Found::new(manifest, env))
        .partition(|found| found.value("url").is_some());
    let told = unset::url(&idle, &active, report);
    if active.is_empty() && file.is_none() && !told {
        unset::everything(manifests, report);
    }
    let (allow, allowed) = allow(env, report);
    let colliding = collision::among(&active, &allow);
    let mut root = Table::empty(Place::Environment);
    let mut offered = active.iter().find_map(listener::address);
    for found in &active {
        let id = &found.manifest.id;
        connect(found, id, &found.prefix(), &mut root, report);
        let connection = root
            .child("connections", &Place::Environment)
            .child(id, &Place::Environment);
        connection.set("allow", allowed.place.clone(), allowed.value.clone());
        if colliding.contains(id.as_str()) {
            collision::prefixed(found, connection, report);
        }
        if found.transport(report) == Transport::Http {
            if found.can_forward() {
                listener::forward(found, id, connection, report);
            }
            listener::listen(found, &mut root, report);
            unset::secrets(found, id, report);
        } else if over_http && found.has_no_account() {
            let identity = Tree::Text("forward".into());
            connection.set("identity", Place::Environment, identity);
        } else {
            unset::secrets(found, id, report);
        }
        unset::constants(found, id, report);
        listener::name(found, &mut root, report);
        ignored(found, report);
    }
    if let Some(file) = file {
        match reader {
            Some((manifest, entities)) => {
                let found = Found::new(manifest, env);
                offered = listener::address(&found).or(offered);
                let said = (&allowed, report);
                entities::connections(file, &found, entities, env, &mut root, said);
            }
            None => {
                let message = "no plugin of this build reads a file of entities";
                report.error(&Place::File(file.into()), "", message);
            }
        }
    }
    for (variable, key) in [(HTTP, "http"), (STATE, "state"), (AUTH, "auth")] {
        if let Some(text) = env(variable).filter(|text| !text.is_empty()) {
            let place = Place::Variable(variable.into());
            root.child("server", &Place::Environment)
                .set(key, place, Tree::Text(text));
        }
    }
    if let Some(names) = env(HOSTS).filter(|names| !names.trim().is_empty()) {
        let place = Place::Variable(HOSTS.into());
        let server = root.child("server", &Place::Environment);
        server.set("allowed_hosts", place.clone(), listed(&names, &place));
    }
    (root, offered)
}

/// Words with commas or blanks between them.
fn listed(text: &str, place: &Place) -> Tree {
    let words = text.split([',', ' ']).filter(|word| !word.is_empty());
    let nodes = words.map(|word| Node {
        place: place.clone(),
        value: Tree::Text(word.to_owned()),
    });
    Tree::List(nodes.collect())
}

/// Puts every variable of a plugin where its manifest says, for the connection of a name.
pub(super) fn connect(
    found: &Found<'_>,
    name: &str,
    prefix: &str,
    root: &mut Table,
    report: &Report,
) {
    let connection = root
        .child("connections", &Place::Environment)
        .child(name, &Place::Environment);
    let id = &found.manifest.id;
    connection.set("plugin", Place::Environment, Tree::Text(id.clone()));
    let by = found.set.iter().find(|(_, rule, _)| is_prefix(rule));
    let place = by.map_or(Place::Environment, |(variable, ..)| {
        Place::Variable((&**variable).into())
    });
    connection.set("prefix", place, Tree::Text(prefix.to_owned()));
    let elsewhere =
        |rule: &EnvRule| is_prefix(rule) || rule.set == IGNORED || rule.set.starts_with("server.");
    for (variable, rule, value) in found.set.iter().filter(|(_, rule, _)| !elsewhere(rule)) {
        let place = Place::Variable((&**variable).into());
        match variable::convert(variable, value, rule, found.manifest) {
            Ok(value) => target(root, name, &rule.set).set(leaf(&rule.set), place, value),
            Err(message) => {
                report.error(&place, &format!("connections.{name}.{}", rule.set), message);
            }
        }
    }
}

/// Says of each variable that means nothing here that this is so.
fn ignored(found: &Found<'_>, report: &Report) {
    for (variable, ..) in found.set.iter().filter(|(_, rule, _)| rule.set == IGNORED) {
        let message = "is not used here; unset it where nothing else needs it";
        report.warn(&Place::Variable((&**variable).into()), "", message);
    }
}

fn is_prefix(rule: &EnvRule) -> bool {
    matches!(rule.set.as_str(), "prefix" | "code")
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
            ("PORTCULLIS_ALLOWED_HOSTS", "mcp.example.com, gateway:8900"),
            ("PORTCULLIS_STATE", "/var/lib/portcullis/state.db"),
            ("ESPOCRM_AUTH", ""),
        ];
        let config = read(&with(&more)).unwrap();
        let espocrm = config.connection("espocrm").unwrap();
        assert_eq!(
            (
                espocrm.limits.timeout_ms,
                espocrm.allow.len(),
                espocrm.auth == crate::config::Auth::First
            ),
            (60_000, 2, true)
        );
        assert_eq!(espocrm.settings["max_limit"].to_string(), "100");
        assert_eq!(
            (config.server.log.level.as_deref(), config.server.log.json),
            (Some("warn"), true)
        );
        assert_eq!(config.server.http.unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(
            config.server.state.file.unwrap().to_string_lossy(),
            "/var/lib/portcullis/state.db"
        );
        assert_eq!(
            config.server.allowed_hosts,
            ["mcp.example.com", "gateway:8900"]
        );
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
        insta::assert_snapshot!(read(&with(&more)).unwrap_err(), @r#"
        PORTCULLIS_ALLOW: unknown effect `raed`; did you mean `read`?
        ESPOCRM_TIMEOUT_SECS: must be a whole number from 1 to 600, not `soon`
        ESPOCRM_TLS_VERIFY: must be `true` or `false` (`1` or `0`, `yes` or `no`), not `maybe`
        SERVER_MAX_LIMIT: must be a whole number, not `many`
        warning: environment: connections.espocrm.prefix: several CRMs have tools of the same name, so the names of this one begin with `espocrm_`
        warning: environment: connections.suitecrm.prefix: several CRMs have tools of the same name, so the names of this one begin with `suitecrm_`
        warning: SUITECRM_API_KEY: is not set, so calls to the CRM cannot authenticate
        LOGGING_LEVEL: unknown level `loud`; known here: `off`, `error`, `warn`, `info`, `debug`, `trace`
        SUITECRM_URL: holds a user name or a password; take them out and put them into `secrets`
        PORTCULLIS_HTTP: listens beyond this machine, where whoever reaches the port would act with the account of `espocrm`, `suitecrm`; set `PORTCULLIS_AUTH=keys` and issue a key for every client (`portcullis key issue NAME --expires 90d`), or `issuer = "https://…"` below [server.auth] to take the access tokens of your login server, or `identity = "forward"` below [connections.espocrm] and [connections.suitecrm] where each caller has a token of the CRM, or listen on `127.0.0.1`
        7 problems, 3 warnings
        "#);
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
