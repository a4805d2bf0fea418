//! The operator's configuration: the TOML file, the JSON file of several CRMs, and the variables.
//!
//! None of them comes from an attacker; all of them hold secrets, and their errors are read aloud in
//! tickets and logs.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use portcullis::config::{Asked, Config, Problems};
use portcullis_manifest::Manifest;
use serde_json::Value;
use url::Url;

use super::kind;
use crate::{Seen, Target};

pub(crate) const FILE: Target = Target {
    name: "config",
    about: "portcullis.toml: read or refused whole, and no message repeats a secret",
    run: file,
    words: &[
        "[server]\n",
        "[connections.sales]\n",
        "plugin = \"espocrm\"\n",
        "url = \"https://crm.example.com\"\n",
        "secrets.api_key = \"env:CRM_KEY\"\n",
        "allow = [\"read\", \"write\"]\n",
        "tools = [\"*\", \"!mass_*\"]\n",
        "limits.timeout_ms = 30000\n",
        "identity = \"forward\"\n",
        "'''",
        "\"\"\"",
        "[[",
        "http = \"127.0.0.1:8787\"\n",
        "nan",
        "1979-05-27",
    ],
};

pub(crate) const ENTITIES: Target = Target {
    name: "entities",
    about: "the JSON file of several CRMs: read or refused whole, and no message repeats a password",
    run: entities,
    words: &[
        "{\"a\":",
        "\"endpoint\"",
        "\"label\"",
        "\"tls_skip\":true",
        "\"port\":1",
        "\"https://crm.example.com\"",
        "https://u:hunter2hunter2@crm.example.com",
        "null",
        "[]",
        "\\u0000",
    ],
};

pub(crate) const ENVIRONMENT: Target = Target {
    name: "environment",
    about: "the variables of the four replaced programs, one `NAME=value` a line",
    run: environment,
    words: &[
        "ESPOCRM_URL=https://crm.example.com\n",
        "ESPOCRM_API_KEY=",
        "SUITECRM_ENDPOINT=https://u:hunter2hunter2@crm.example.com\n",
        "SUITECRM_PASSWORD=",
        "SUITECRM_CODE=",
        "BCRM_BASE_URL=http://127.0.0.1:8000\n",
        "BCRM_TRANSPORT=http\n",
        "BCRM_TOKEN=",
        "SUPABASE_URL=https://abc.supabase.example\n",
        "SUPABASE_REFRESH_TOKEN=",
        "PORTCULLIS_ALLOW=read\n",
        "PORTCULLIS_HTTP=127.0.0.1:0\n",
        "CRM_TIMEOUT_MS=",
        "PORT=",
        "true",
        "false",
        "://",
    ],
};

/// What every variable that a fuzzed file names is set to.
const SECRET: &str = "s3cret-of-a-variable";

fn file(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let path = Path::new("/nowhere/portcullis.toml");
    let env = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            .then(|| SECRET.to_owned())
    };
    let read = || Config::from_text(&text, path, &env);
    let (first, second) = (read(), read());
    let told = told(&first);
    assert_eq!(told, self::told(&second), "one file, two readings");
    assert!(
        text.contains(SECRET) || !told.contains(SECRET),
        "a secret is told: {told}"
    );
    let document = text.parse::<toml_edit::DocumentMut>().unwrap_or_default();
    let connections = tables(&document);
    let addresses = connections
        .iter()
        .filter_map(|item| item.get("url")?.as_str());
    keeps_passwords(addresses, &text, &told);
    for literal in literals(&connections, &text) {
        assert!(!told.contains(&literal), "a literal secret is told: {told}");
    }
    outcome(&first)
}

/// The connections of a file.
fn tables(document: &toml_edit::DocumentMut) -> Vec<&toml_edit::Item> {
    let connections = document
        .get("connections")
        .and_then(|item| item.as_table_like());
    let tables = connections.into_iter().flat_map(|table| table.iter());
    tables.map(|(_, item)| item).collect()
}

/// Secrets that stand in the file itself, against the rules; only those that stand nowhere else in it.
fn literals(connections: &[&toml_edit::Item], text: &str) -> Vec<String> {
    let secrets = connections
        .iter()
        .filter_map(|item| item.get("secrets")?.as_table_like());
    let values = secrets.flat_map(|table| table.iter().filter_map(|(_, item)| item.as_str()));
    values
        .filter(|value| !value.starts_with("env:") && !value.starts_with("file:"))
        .filter(|value| is_unlike_words(value))
        .filter(|value| text.matches(value).count() == 1)
        .map(str::to_owned)
        .collect()
}

/// Everything that a reader of the log or of the terminal gets to see.
fn told(read: &Result<Config, Problems>) -> String {
    match read {
        Ok(config) => format!("{config:?}"),
        Err(problems) => format!("{problems}{problems:?}"),
    }
}

fn outcome(read: &Result<Config, Problems>) -> Seen {
    match read {
        Ok(config) => format!(
            "{} connections, {} warnings",
            config.connections.len(),
            config.warnings.len().min(4)
        ),
        Err(problems) => kind(&problems.to_string()),
    }
}

static MANIFESTS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
    let plugins = [
        portcullis_suitecrm::plugin(),
        portcullis_espocrm::plugin(),
        portcullis_atomic::plugin(),
        portcullis_bottlecrm::plugin(),
    ];
    plugins
        .iter()
        .map(portcullis_sdk::Plugin::describe)
        .collect()
});

thread_local! {
    static FOLDER: LazyCell<tempfile::TempDir> =
        LazyCell::new(|| tempfile::tempdir().expect("there is room for a file"));
}

fn entities(bytes: &[u8]) -> Seen {
    FOLDER.with(|folder| {
        let path = folder.path().join("entities.json");
        std::fs::write(&path, bytes).expect("there is room for a file");
        let env = |name: &str| name.starts_with("SUITECRM_").then(|| SECRET.to_owned());
        let read = Config::from_entities(&path, &env, &MANIFESTS);
        let text = String::from_utf8_lossy(bytes);
        let told = told(&read);
        assert!(
            text.contains(SECRET) || !told.contains(SECRET),
            "a secret is told: {told}"
        );
        let list: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let entities = list.as_object().into_iter().flat_map(|list| list.values());
        let addresses = entities.filter_map(|entity| entity.get("endpoint")?.as_str());
        keeps_passwords(addresses, &text, &told);
        outcome(&read)
    })
}

/// No password of an address is told, if it stands nowhere else.
fn keeps_passwords<'a>(addresses: impl Iterator<Item = &'a str>, text: &str, told: &str) {
    for address in addresses.filter_map(|address| Url::parse(address.trim()).ok()) {
        let password = address.password().unwrap_or_default();
        if is_unlike_words(password) && text.matches(password).count() == 1 {
            assert!(
                !told.contains(password),
                "the password of an address is told: {told}"
            );
        }
    }
}

/// Whether a text can be told from the words of a message.
fn is_unlike_words(text: &str) -> bool {
    text.len() >= 10 && text.bytes().filter(u8::is_ascii_digit).count() >= 2
}

fn environment(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let variables: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let env = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let read = Config::from_environment(&env, &MANIFESTS, Asked::Nothing);
    let told = told(&read);
    keeps_passwords(values_of(&variables, |set| set == "url"), &text, &told);
    let secrets = values_of(&variables, |set| set.starts_with("secrets."));
    let secrets = secrets
        .map(str::trim)
        .filter(|secret| is_unlike_words(secret));
    for secret in secrets.filter(|secret| text.matches(secret).count() == 1) {
        assert!(
            !told.contains(secret),
            "the value of a secret variable is told: {told}"
        );
    }
    outcome(&read)
}

/// The values of variables whose rule sets one of these keys.
fn values_of<'v>(
    variables: &BTreeMap<&str, &'v str>,
    sets: impl Fn(&str) -> bool,
) -> impl Iterator<Item = &'v str> {
    let rules = MANIFESTS.iter().flat_map(|manifest| &manifest.env);
    let names = rules.filter(move |(_, rule)| sets(&rule.set));
    names.filter_map(|(name, _)| variables.get(name.as_str()).copied())
}
