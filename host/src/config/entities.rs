//! A JSON file of several CRMs, in environment-only mode: one connection for each.
//!
//! Owns the file's shape as a manifest describes it: codes, members, and what each becomes. It must not
//! know any plugin, nor a member by name.

use std::collections::BTreeMap;
use std::path::Path;

use portcullis_manifest::{Entities, EntityMember, Manifest};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::environment::{Found, connect};
use super::nearest::instead;
use super::problem::{Place, Report, shown};
use super::tree::{Node, Table, Tree};
use super::{Env, address, unset, variable};
use crate::names::ConnectionName;

/// Finds the one plugin that reads such a file.
pub(super) fn reader(manifests: &[Manifest]) -> Option<(&Manifest, &Entities)> {
    let mut readers = manifests
        .iter()
        .filter_map(|manifest| Some((manifest, manifest.entities.as_ref()?)));
    readers.next()
}

/// The file of a plugin that is being read.
pub(super) struct Listing<'a> {
    pub(super) entities: &'a Entities,
    pub(super) place: Place,
    pub(super) report: &'a Report,
}

/// Makes a connection of each entity of a file. `found` are the variables that hold for all.
pub(super) fn connections(
    file: &Path,
    found: &Found<'_>,
    entities: &Entities,
    env: Env<'_>,
    root: &mut Table,
    (allowed, report): (&Node, &Report),
) {
    let listing = Listing {
        entities,
        place: Place::File(file.into()),
        report,
    };
    let Some(list) = listing.read(file) else {
        return;
    };
    listing.say_what_is_ignored(&list);
    unused(found, report);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (code, value) in &list {
        let Some(name) = listing.name(code, found.manifest) else {
            continue;
        };
        if let Some(other) = names.insert(name.clone(), code.clone()) {
            let message = format!("gives the connection `{name}`, as `{}` does", shown(&other));
            listing.wrong(code, message);
            continue;
        }
        let Some(keys) = listing.members(code, value) else {
            continue;
        };
        let own = own(found, entities, code, env);
        connect(&own, &name, &prefix(&own, code), root, report);
        let table = root
            .child("connections", &Place::Environment)
            .child(&name, &Place::Environment);
        for (key, value) in keys {
            table.set(key, listing.place.clone(), value);
        }
        table.set("allow", allowed.place.clone(), allowed.value.clone());
        unset::secrets(&own, &name, report);
        unset::constants(&own, &name, report);
    }
}

/// The variables of one entity: its own in place of those that hold for all.
fn own<'m>(found: &Found<'m>, entities: &'m Entities, code: &str, env: Env<'_>) -> Found<'m> {
    let upper = code.to_ascii_uppercase().replace('-', "_");
    let own = entities.env.iter().filter_map(|(pattern, rule)| {
        let name = pattern.replace("{CODE}", &upper);
        let value = env(&name).filter(|value| !value.trim().is_empty())?;
        Some((name.into(), rule, Zeroizing::new(value)))
    });
    let own: Vec<_> = own.collect();
    let of_all = found.set.iter().filter(|(_, rule, _)| {
        !OF_ONE.contains(&rule.set.as_str()) && !own.iter().any(|(_, r, _)| r.set == rule.set)
    });
    Found {
        manifest: found.manifest,
        set: of_all.cloned().chain(own.iter().cloned()).collect(),
    }
}

/// Keys that the file sets for each entity, so that no variable does for all.
const OF_ONE: [&str; 3] = ["url", "prefix", "code"];

fn unused(found: &Found<'_>, report: &Report) {
    for (name, rule, _) in &found.set {
        if OF_ONE.contains(&rule.set.as_str()) {
            let message = "is not used: the file of entities says it for each";
            report.warn(&Place::Variable((&**name).into()), &rule.set, message);
        }
    }
}

fn prefix(found: &Found<'_>, code: &str) -> String {
    variable::with_code(&found.manifest.env_prefix, code)
}

impl Listing<'_> {
    fn read(&self, file: &Path) -> Option<Map<String, Value>> {
        let wrong = |message: String| {
            self.report.error(&self.place, "", message);
            None
        };
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(cause) => return wrong(format!("the file of entities cannot be read: {cause}")),
        };
        match serde_json::from_str(&text) {
            Ok(Value::Object(list)) if !list.is_empty() => Some(list),
            Ok(_) => wrong(format!(
                "must be a JSON object of one or more entities, {}",
                self.shape()
            )),
            // The cause names line and column, and quotes nothing.
            Err(cause) => wrong(format!("is no JSON: {cause}")),
        }
    }

    /// An example of one entity.
    fn shape(&self) -> String {
        let required = self
            .entities
            .members
            .iter()
            .filter(|(_, member)| member.required);
        let members: Vec<_> = required.map(|(name, _)| format!("\"{name}\": …")).collect();
        format!("e.g. `{{\"crm1\": {{{}}}}}`", members.join(", "))
    }

    fn wrong(&self, key: &str, message: impl Into<String>) {
        self.report.error(&self.place, key, message);
    }

    fn say_what_is_ignored(&self, list: &Map<String, Value>) {
        let members = self.entities.members.iter();
        let ignored = members.filter(|(name, member)| {
            member.ignored
                && list
                    .values()
                    .any(|entity| entity.get(name.as_str()).is_some())
        });
        let names: Vec<_> = ignored.map(|(name, _)| format!("`{name}`")).collect();
        if !names.is_empty() {
            let message = format!(
                "{} of the entities not used: one process serves all of them, each at its own endpoint below the server's path",
                match names.as_slice() {
                    [one] => format!("{one} is"),
                    more => format!("{} are", more.join(" and ")),
                }
            );
            self.report.warn(&self.place, "", message);
        }
    }

    /// The connection's name: the code in lower case, with the plugin's id before a code that no name
    /// can begin with.
    fn name(&self, code: &str, manifest: &Manifest) -> Option<String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        let begins = code
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric());
        if !begins || !code.bytes().all(plain) {
            self.wrong(
                &shown(code),
                "is no code; one begins with a letter or a digit and holds letters, digits, `-` and `_`",
            );
            return None;
        }
        let simple = variable::with_code("", code);
        let name = if simple.starts_with(|c: char| c.is_ascii_digit()) {
            variable::with_code(&manifest.id, code)
        } else {
            simple
        };
        let prefix = variable::with_code(&manifest.env_prefix, code);
        if ConnectionName::new(&name).is_err() || ConnectionName::new(&prefix).is_err() {
            let message = format!(
                "is too long: the names of its tools begin with `{prefix}_`, and what stands before the underscore has at most 24 characters"
            );
            self.wrong(code, message);
            return None;
        }
        Some(name)
    }

    /// What the members of an entity set; nothing where one of them is wrong.
    fn members<'k>(&'k self, code: &str, value: &Value) -> Option<Vec<(&'k str, Tree)>> {
        let Value::Object(members) = value else {
            self.wrong(code, format!("must be an object, {}", self.shape()));
            return None;
        };
        let known: Vec<&str> = self.entities.members.keys().map(String::as_str).collect();
        let mut right = true;
        let mut wrong = |name: &str, message: String| {
            self.wrong(&format!("{code}.{}", shown(name)), message);
            right = false;
        };
        for name in members
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            wrong(name, format!("unknown member; {}", instead(name, &known)));
        }
        let mut keys = Vec::new();
        for (name, member) in &self.entities.members {
            match members.get(name) {
                None if member.required => wrong(name, "is missing".into()),
                None => {}
                Some(value) => match convert(member, value) {
                    Ok(set) => keys.extend(set),
                    Err(message) => wrong(name, message),
                },
            }
        }
        right.then_some(keys)
    }
}

/// What a member sets. A check that is on by default is only ever turned off here.
fn convert<'k>(member: &'k EntityMember, value: &Value) -> Result<Option<(&'k str, Tree)>, String> {
    let Some(key) = member.set.as_deref() else {
        return Ok(None);
    };
    match (key, value) {
        ("tls_verify", Value::Bool(flag)) => {
            let verify = *flag != member.negated;
            Ok((!verify).then_some((key, Tree::Flag(false))))
        }
        ("tls_verify", _) => Err("must be `true` or `false`".into()),
        ("url", Value::String(text)) => match address::base(text) {
            Ok(_) => Ok(Some((key, Tree::Text(text.clone())))),
            Err(error) => Err(error.to_string()),
        },
        ("url", _) => Err("must be text, the address of the CRM".into()),
        _ => Err(format!(
            "sets `{key}`, which no file of entities can; the manifest is wrong"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use portcullis_manifest::{Entities, EntityMember, EnvRule, Manifest};

    use crate::config::tests::manifest;
    use crate::config::{Config, Problems};

    fn gateway() -> Manifest {
        let mut manifest = manifest("suitecrm");
        manifest.env_prefix = "suitecrm".into();
        for (name, set) in [
            ("PORT", "server.port"),
            ("BIND_HOST", "server.host"),
            ("SUITECRM_PREFIX", "prefix"),
            ("SUITECRM_CODE", "code"),
            ("NODE_TLS_REJECT_UNAUTHORIZED", "tls_verify"),
        ] {
            manifest.env.insert(name.into(), EnvRule::of(set));
        }
        let member = |set: Option<&str>| EntityMember {
            set: set.map(str::to_owned),
            ..EntityMember::default()
        };
        let required = |member: EntityMember| EntityMember {
            required: true,
            ..member
        };
        let ignored = EntityMember {
            ignored: true,
            ..EntityMember::default()
        };
        let members = BTreeMap::from([
            ("label".to_owned(), member(None)),
            ("endpoint".to_owned(), required(member(Some("url")))),
            (
                "tls_skip".to_owned(),
                EntityMember {
                    negated: true,
                    ..member(Some("tls_verify"))
                },
            ),
            ("port".to_owned(), ignored.clone()),
            ("group".to_owned(), ignored),
        ]);
        let env = BTreeMap::from([(
            "SUITECRM_{CODE}_API_KEY".to_owned(),
            EnvRule::of("secrets.api_key"),
        )]);
        manifest.entities = Some(Entities { members, env });
        manifest
    }

    fn with(variables: &[(&str, &str)], text: &str) -> Result<Config, Problems> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("entities.json");
        std::fs::write(&file, text).unwrap();
        let env = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Config::from_entities(&file, &env, &[manifest("espocrm"), gateway()])
    }

    const TWO: &str = r#"{
        "crm1": {"label": "One", "endpoint": "https://one.example.com", "port": 3101, "group": "g"},
        "EU-2": {"label": "Two", "endpoint": "https://two.example.com/legacy", "port": 3102, "tls_skip": true}
    }"#;

    #[test]
    fn each_entity_is_a_connection() {
        let variables = [
            ("SUITECRM_API_KEY", "shared-key"),
            ("SUITECRM_EU_2_API_KEY", "own-key"),
            ("SUITECRM_TIMEOUT_SECS", "60"),
            ("PORT", "3101"),
        ];
        let config = with(&variables, TWO).unwrap();
        let connections: Vec<_> = config
            .connections
            .iter()
            .map(|c| {
                (
                    c.name.as_str(),
                    c.prefix.as_str(),
                    c.url.as_str(),
                    c.secrets["api_key"].expose(),
                    c.tls_verify,
                    c.limits.timeout_ms,
                )
            })
            .collect();
        assert_eq!(
            connections,
            [
                (
                    "crm1",
                    "suitecrm_crm1",
                    "https://one.example.com/",
                    "shared-key",
                    true,
                    60_000
                ),
                (
                    "eu_2",
                    "suitecrm_eu_2",
                    "https://two.example.com/legacy",
                    "own-key",
                    false,
                    60_000
                ),
            ]
        );
        assert_eq!(config.connections[0].allow.len(), 4);
        assert_eq!(
            config.offered.unwrap().unwrap().to_string(),
            "127.0.0.1:3101"
        );
        let warnings: Vec<_> = config.warnings.iter().map(|w| w.message.as_str()).collect();
        assert!(
            warnings
                .iter()
                .any(|w| w.starts_with("`group` and `port` are of")
                    || w.starts_with("`group` and `port` are")),
            "{warnings:?}"
        );
        assert_eq!(
            warnings.iter().filter(|w| w.contains("is off")).count(),
            1,
            "{warnings:?}"
        );
    }

    #[test]
    fn every_problem_is_named_with_its_key() {
        let text = r#"{
            "": {"endpoint": "https://a.example.com"},
            "a b": {"endpoint": "https://a.example.com"},
            "crm1": {"endpoint": "ftp://a.example.com", "tls_skip": "yes"},
            "crm2": {"label": "x", "endpiont": "https://a.example.com"},
            "crm3": 7,
            "crm4": {"endpoint": 7},
            "crm-5": {"endpoint": "https://a.example.com"},
            "CRM_5": {"endpoint": "https://a.example.com"},
            "a_code_that_is_far_too_long": {"endpoint": "https://a.example.com"}
        }"#;
        let told = with(&[("SUITECRM_API_KEY", "k")], text)
            .unwrap_err()
            .to_string();
        for expected in [
            "a b: is no code",
            "crm1.endpoint: has the scheme `ftp`",
            "crm1.tls_skip: must be `true` or `false`",
            "crm2.endpiont: unknown member; did you mean `endpoint`?",
            "crm2.endpoint: is missing",
            "crm3: must be an object, e.g. `{\"crm1\": {\"endpoint\": …}}`",
            "crm4.endpoint: must be text",
            "CRM_5: gives the connection `crm_5`, as `crm-5` does",
            "a_code_that_is_far_too_long: is too long",
            "10 problems",
        ] {
            assert!(told.contains(expected), "{expected}\n{told}");
        }
        for (text, expected) in [
            ("{", "is no JSON"),
            ("[]", "must be a JSON object"),
            ("{}", "must be a JSON object"),
        ] {
            let told = with(&[], text).unwrap_err().to_string();
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn codes_that_begin_with_a_digit_and_variables_that_are_not_used() {
        let text = r#"{"1a": {"endpoint": "https://a.example.com"}}"#;
        let config = with(&[("SUITECRM_URL", "https://x.example.com")], text).unwrap();
        assert_eq!(config.connections[0].name.as_str(), "suitecrm_1a");
        assert_eq!(config.connections[0].prefix, "suitecrm_1a");
        let warnings: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
        assert!(
            warnings.contains(
                &"SUITECRM_URL: is not used: the file of entities says it for each".to_owned()
            ),
            "{warnings:?}"
        );
        assert!(
            warnings.contains(
                &"SUITECRM_API_KEY: is not set, so calls to the CRM cannot authenticate".to_owned()
            ),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_code_is_part_of_the_prefix_unless_there_is_one() {
        let read = |more: &[(&str, &str)]| {
            let base = [
                ("SUITECRM_URL", "https://a.example.com"),
                ("SUITECRM_API_KEY", "k"),
            ];
            let config = crate::config::tests::read_of(&[gateway()], &[&base, more].concat());
            config.unwrap().connections[0].prefix.clone()
        };
        assert_eq!(read(&[]), "suitecrm");
        assert_eq!(read(&[("SUITECRM_CODE", "EU-1")]), "suitecrm_eu_1");
        assert_eq!(
            read(&[("SUITECRM_CODE", "x"), ("SUITECRM_PREFIX", "crm")]),
            "crm"
        );
    }
}
