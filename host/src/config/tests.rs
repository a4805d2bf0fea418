//! What several files' tests share.

use std::path::Path;

use portcullis_manifest::Manifest;

use super::{Asked, Config, Problems};

/// Where the file of a test would stand.
pub(super) const PATH: &str = "/etc/portcullis/portcullis.toml";

/// The environment of a test.
pub(super) fn env(name: &str) -> Option<String> {
    match name {
        "KEY" => Some("hunter2".into()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

/// A file that is right.
pub(super) fn config(text: &str) -> Config {
    Config::from_text(text, Path::new(PATH), &env)
        .unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

/// The problems of a file that is wrong, line by line.
pub(super) fn problems(text: &str) -> Vec<String> {
    let problems = Config::from_text(text, Path::new(PATH), &env).expect_err(text);
    problems
        .to_string()
        .replace("/etc/portcullis/", "")
        .lines()
        .map(str::to_owned)
        .collect()
}

/// A manifest with variables, in the shape of a plugin's.
pub(super) fn manifest(id: &str) -> Manifest {
    let upper = id.to_ascii_uppercase();
    let tool = |name: &str, effect: &str| {
        serde_json::json!({ "name": name, "title": name, "description": name, "effect": effect, "routes": [],
            "input_schema": { "type": "object" }, "output_schema": { "type": "object" } })
    };
    serde_json::from_value(serde_json::json!({
        "manifest": 1, "id": id, "version": "0.1.0", "abi": "0.1", "summary": id,
        "settings": { "type": "object", "properties": {
            "max_limit": { "type": "integer" }, "ratio": { "type": ["null", "number"] }, "strict": { "type": "boolean" },
            "time_zone": { "type": "string" }, "nested": { "type": "object" },
            "modules": { "type": "array", "items": { "type": "string" } } } },
        "secrets": { "api_key": { "title": "API key" }, "secret_key": { "title": "secret key" } },
        "env": {
            format!("{upper}_URL"): { "set": "url" },
            format!("{upper}_API_KEY"): { "set": "secrets.api_key" },
            format!("{upper}_SECRET_KEY"): { "set": "secrets.secret_key" },
            format!("{upper}_AUTH"): { "set": "auth" },
            format!("{upper}_TIMEOUT_SECS"): { "set": "limits.timeout_ms", "times": 1000 },
            format!("{upper}_TLS_VERIFY"): { "set": "tls_verify" },
            "SERVER_MAX_LIMIT": { "set": "settings.max_limit" },
            "LOGGING_LEVEL": { "set": "log.level" },
            "LOGGING_JSON": { "set": "log.json" } },
        "credentials": { "main": [
            { "name": "key", "needs": ["api_key"], "recipe": "header", "header": "x-api-key", "value": "{api_key}" },
            { "name": "hmac", "needs": ["api_key", "secret_key"], "recipe": "hmac", "header": "x-hmac", "id": "{api_key}", "key": "{secret_key}" },
            { "name": "forward", "recipe": "forward" } ] },
        "tools": [tool("search", "read"), tool("create", "write"), tool(&format!("{id}_only"), "read")]
    }))
    .expect("a manifest")
}

/// What variables make of two plugins.
pub(super) fn read(variables: &[(&str, &str)]) -> Result<Config, Problems> {
    read_of(&[manifest("espocrm"), manifest("suitecrm")], variables)
}

/// What variables make of some plugins.
pub(super) fn read_of(
    manifests: &[Manifest],
    variables: &[(&str, &str)],
) -> Result<Config, Problems> {
    read_asked(manifests, variables, Asked::Nothing)
}

/// The same for what the command line asks for.
pub(super) fn read_asked(
    manifests: &[Manifest],
    variables: &[(&str, &str)],
    asked: Asked,
) -> Result<Config, Problems> {
    let env = |name: &str| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Config::from_environment(&env, manifests, asked)
}

/// The warnings about variables that are right.
pub(super) fn warnings(variables: &[(&str, &str)]) -> Vec<String> {
    read(variables)
        .unwrap()
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The two variables without which nothing works.
pub(super) const ESPOCRM: [(&str, &str); 2] = [
    ("ESPOCRM_URL", "https://crm.example.com"),
    ("ESPOCRM_API_KEY", "hunter2"),
];

/// These and more.
pub(super) fn with<'v>(more: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
    [&ESPOCRM, more].concat()
}
