//! What a manifest says of callers' tokens: judged, and made into the issuer of a connection.
//!
//! Owns that all of a connection's callers are judged by one set of rules. It must not know how a
//! token is checked.

use std::sync::Arc;

use futures::future::FutureExt;
use portcullis_manifest::{Manifest, Recipe, Tokens};
use url::Url;

use crate::config::{Connection, Identity};
use crate::identity::{Fetch, Issuer};
use crate::policy::segment;
use crate::upstream::Upstream;

/// The largest key set that is read; real ones have some hundred bytes for each key.
const LARGEST_SET: usize = 64 << 10;

/// What each `forward` credential says of its tokens.
fn declared(manifest: &Manifest) -> impl Iterator<Item = Option<&Tokens>> {
    let alternatives = manifest.credentials.values().flatten();
    alternatives.filter_map(|alternative| match &alternative.recipe {
        Recipe::Forward { tokens } => Some(tokens.as_ref()),
        _ => None,
    })
}

/// Adds what is wrong with a manifest's `tokens`.
pub(super) fn judge(manifest: &Manifest, problems: &mut Vec<String>) {
    let mut all = declared(manifest);
    let Some(first) = all.next() else {
        return;
    };
    if !all.all(|other| other == first) {
        problems.push("its `forward` credentials have different `tokens`".into());
    }
    let Some(tokens) = first else {
        return;
    };
    if !is_issuer(&tokens.issuer) {
        problems.push(format!(
            "`tokens.issuer` is `{}`; it has to begin with {{base}} or be an https URL, without query and fragment",
            tokens.issuer.escape_debug()
        ));
    }
    if manifest.base.probe.is_some() && tokens.issuer.starts_with("{base}") {
        problems.push(
            "`tokens.issuer` begins with {base}, which `base.probe` leaves open; write the URL"
                .into(),
        );
    }
    let keys: Vec<String> = tokens.keys.split('/').map(str::to_owned).collect();
    if let Err(error) = segment::check_path(&keys) {
        problems.push(format!("`tokens.keys` is no path below the base: {error}"));
    }
    if tokens.audience.is_empty() {
        problems.push("`tokens.audience` names none, so that no token could be taken".into());
    }
}

/// It is compared as it is written and stands in a header, so that it has to be a plain URL.
fn is_issuer(text: &str) -> bool {
    let url = match text.strip_prefix("{base}") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("https://base{rest}"),
        Some(_) => return false,
        None => text.to_owned(),
    };
    let plain = |c: u8| c.is_ascii_graphic() && !b"\"\\<>{}?#".contains(&c);
    let parsed = Url::parse(&url).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    parsed && url.bytes().all(plain)
}

/// The issuer of a connection's tokens, where callers bring them and the manifest knows whose they are.
pub(super) fn issuer(
    config: &Connection,
    manifest: &Manifest,
    upstream: &Arc<Upstream>,
) -> Option<Issuer> {
    let forwards = config.identity == Identity::Forward;
    let declared = declared(manifest).flatten().next().filter(|_| forwards)?;
    let fetch = fetch(Arc::clone(upstream), declared.keys.clone());
    let issuer = config.issuer.as_ref().unwrap_or(&declared.issuer);
    let tokens = Tokens {
        issuer: issuer.clone(),
        ..declared.clone()
    };
    Some(Issuer::new(&tokens, upstream.base(), fetch))
}

/// Where the issuer describes itself below the base, by OpenID Connect Discovery 1.0, section 4.
pub fn description(manifest: &Manifest) -> Option<String> {
    let tokens = declared(manifest).flatten().next()?;
    let path = tokens.issuer.strip_prefix("{base}")?;
    let path = format!("{path}/.well-known/openid-configuration");
    Some(path.trim_start_matches('/').to_owned())
}

fn fetch(upstream: Arc<Upstream>, path: String) -> Fetch {
    Box::new(move || {
        let (upstream, path) = (Arc::clone(&upstream), path.clone());
        let fetched = async move {
            let document = upstream.document(&path, LARGEST_SET).await;
            document.map_err(|failed| format!("{}: {}", upstream.name(), failed.detail))
        };
        fetched.boxed()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn problems(credentials: &Value) -> Vec<String> {
        let manifest = json!({
            "manifest": 1, "id": "a", "version": "1.0.0", "abi": "0.1", "summary": "s",
            "credentials": credentials, "tools": []
        });
        let mut problems = Vec::new();
        judge(&serde_json::from_value(manifest).unwrap(), &mut problems);
        problems
    }

    fn forward(name: &str, value: Value) -> Value {
        let mut tokens =
            json!({"issuer": "{base}/auth/v1", "keys": "auth/v1/k.json", "audience": ["a"]});
        tokens[name] = value;
        json!({"name": "caller", "recipe": "forward", "tokens": tokens})
    }

    #[test]
    fn tokens_of_a_manifest() {
        for (name, value, right) in [
            ("role", json!("authenticated"), true),
            ("issuer", json!("{base}"), true),
            (
                "issuer",
                json!("https://login.example.com/realms/crm"),
                true,
            ),
            ("issuer", json!("{base}.evil.example"), false),
            ("issuer", json!("http://login.example.com"), false),
            ("issuer", json!("login.example.com"), false),
            ("issuer", json!("https://login.example.com/?a=b"), false),
            ("issuer", json!("https://a.example/\" , error=\"x"), false),
            ("issuer", json!("https://a.example/\r\nx: y"), false),
            ("keys", json!("/auth/k.json"), false),
            ("keys", json!("https://evil.example/k.json"), false),
            ("keys", json!("../k.json"), false),
            ("audience", json!([]), false),
        ] {
            let found = problems(&json!({"api": [forward(name, value.clone())]}));
            assert_eq!(found.is_empty(), right, "{name} {value} {found:?}");
        }
    }

    #[test]
    fn where_an_issuer_describes_itself() {
        let path = |issuer: &str| {
            let manifest = json!({
                "manifest": 1, "id": "a", "version": "1.0.0", "abi": "0.1", "summary": "s", "tools": [],
                "credentials": {"api": [forward("issuer", json!(issuer))]}
            });
            description(&serde_json::from_value(manifest).unwrap())
        };
        for (issuer, expected) in [
            (
                "{base}/auth/v1",
                Some("auth/v1/.well-known/openid-configuration"),
            ),
            ("{base}", Some(".well-known/openid-configuration")),
            ("https://login.example.com/realms/crm", None),
        ] {
            assert_eq!(path(issuer).as_deref(), expected, "{issuer}");
        }
    }

    #[test]
    fn one_set_of_rules() {
        let (one, other) = (forward("role", json!("a")), forward("role", json!("b")));
        let bare = json!({"name": "caller", "recipe": "forward"});
        for (a, b, right) in [
            (&one, &one, true),
            (&one, &other, false),
            (&one, &bare, false),
            (&bare, &bare, true),
        ] {
            let found = problems(&json!({"api": [a], "storage": [b]}));
            assert_eq!(found.is_empty(), right, "{a} {b} {found:?}");
        }
        assert!(problems(&json!({})).is_empty());
    }

    #[test]
    fn an_issuer_below_a_base_that_is_looked_for() {
        let manifest = json!({
            "manifest": 1, "id": "a", "version": "1.0.0", "abi": "0.1", "summary": "s",
            "base": {"probe": {"prefixes": ["", "/api"], "path": "about"}},
            "credentials": {"api": [forward("role", json!("a"))]}, "tools": []
        });
        let mut problems = Vec::new();
        judge(&serde_json::from_value(manifest).unwrap(), &mut problems);
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
}
