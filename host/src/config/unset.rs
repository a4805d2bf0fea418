//! Variables that are not set and should be, in environment-only mode.
//!
//! Owns what is said about a connection that lacks its address or its credential: nothing is silently
//! left out. It must not know how a credential is applied.

use portcullis_manifest::{Credential, EnvRule, Manifest, Recipe};

use super::environment::Found;
use super::problem::{Place, Report, shown};

/// Names the secrets without which a connection cannot authenticate. The call itself says it again.
pub(super) fn secrets(found: &Found<'_>, connection: &str, report: &Report) {
    if found.value("identity") == Some("forward") || wants_http(found) {
        return;
    }
    let is_set = |name: &str| is_set(found, name);
    let ways = missing(found.manifest, found.value("auth"), &is_set);
    let Some((nearest, others)) = ways.split_first() else {
        return;
    };
    let mut message = "is not set, so calls to the CRM cannot authenticate".to_owned();
    for other in others {
        message.push_str(&format!("; {} would do instead", and(other)));
    }
    for name in nearest {
        say(found, name, connection, &message, report);
    }
}

/// Names the secrets that every request carries, whoever calls.
pub(super) fn constants(found: &Found<'_>, connection: &str, report: &Report) {
    let manifest = found.manifest;
    let is_carried = |secret: &&String| {
        let mut texts = manifest.headers.constant.values();
        texts.any(|text| is_named(text, secret))
    };
    for secret in manifest.secrets.keys().filter(is_carried) {
        let names: Vec<&str> = variables(manifest, secret).collect();
        let Some((first, others)) = names.split_first() else {
            continue;
        };
        if names.iter().any(|name| is_set(found, name)) {
            continue;
        }
        let mut message = "is not set, and every request to the CRM needs it".to_owned();
        if !others.is_empty() {
            message.push_str(&format!("; {} would do instead", and(others)));
        }
        say(found, first, connection, &message, report);
    }
}

/// Whether a text of a manifest has a place for a secret.
fn is_named(text: &str, secret: &str) -> bool {
    let mut places = text.split('{').skip(1);
    places.any(|place| place.split(['}', '|']).next() == Some(secret))
}

/// Whether the key of a variable is set, by whichever variable.
fn is_set(found: &Found<'_>, name: &str) -> bool {
    let rule = found.manifest.env.get(name);
    found.has(name) || rule.is_some_and(|rule| found.value(&rule.set).is_some())
}

fn say(found: &Found<'_>, name: &str, connection: &str, message: &str, report: &Report) {
    let place = Place::Variable(name.into());
    let key = format!("connections.{connection}.secrets");
    let rule = found.manifest.env.get(name);
    if rule.is_some_and(|rule| rule.required) {
        report.error(&place, &key, required(found));
    } else {
        report.warn(&place, &key, message);
    }
}

fn required(found: &Found<'_>) -> String {
    let message = "is not set, and nothing is served without it; set it";
    match found.given("server.transport") {
        Some((name, _)) if found.can_forward() => {
            format!("{message}, or let every caller bring their own token with `{name}=http`")
        }
        _ => message.to_owned(),
    }
}

fn wants_http(found: &Found<'_>) -> bool {
    let transport = found.given("server.transport");
    found.can_forward()
        && transport.is_some_and(|(_, text)| text.trim().eq_ignore_ascii_case("http"))
}

/// Says of a plugin that has credentials but no address what it lacks. Where another connection
/// works this is a warning: the variable may belong to something else. Answers whether anything was
/// said.
pub(super) fn url(idle: &[Found<'_>], active: &[Found<'_>], report: &Report) -> bool {
    let mut told = false;
    for found in idle {
        let url = found
            .manifest
            .env
            .iter()
            .find(|(_, rule)| rule.set == "url");
        let orphan = found.set.iter().find(|(name, rule, _)| {
            is_own(name, rule, url) && !active.iter().any(|other| other.has(name))
        });
        if let (Some((name, rule, _)), Some((url, _))) = (orphan, url) {
            let key = format!("connections.{}.{}", found.manifest.id, rule.set);
            let message = format!(
                "is set, but `{url}` is not; set it to the address of the CRM, or unset `{}`",
                shown(name)
            );
            let place = Place::Variable((&**name).into());
            told = true;
            if active.is_empty() {
                report.error(&place, &key, message);
            } else {
                report.warn(&place, &key, message);
            }
        }
    }
    told
}

/// Whether a variable is set for this plugin and nothing else: it authenticates, or it says where to
/// listen and its name begins like that of the address.
fn is_own(name: &str, rule: &EnvRule, url: Option<(&String, &EnvRule)>) -> bool {
    let family = |name: &str| name.split('_').next().map(str::to_owned);
    let related = url.is_some_and(|(url, _)| family(url) == family(name));
    rule.set == "auth"
        || rule.set.starts_with("secrets.")
        || (rule.set.starts_with("server.") && related)
}

/// Says that nothing is configured, and what could be.
pub(super) fn everything(manifests: &[Manifest], report: &Report) {
    let urls = manifests
        .iter()
        .flat_map(|manifest| &manifest.env)
        .filter(|(_, rule)| rule.set == "url");
    let urls: Vec<&str> = urls.map(|(name, _)| name.as_str()).collect();
    let message = if urls.is_empty() {
        "nothing to serve: there is no configuration file".to_owned()
    } else {
        format!(
            "nothing to serve: there is no configuration file, and none of these is set: {}",
            quoted(&urls)
        )
    };
    report.warn(&Place::Environment, "", message);
}

fn quoted(names: &[&str]) -> String {
    joined(names, ", ")
}

fn and(names: &[&str]) -> String {
    joined(names, " and ")
}

fn joined(names: &[&str], by: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(by)
}

/// The variables that would complete the credential that lacks the fewest, and among equals one that
/// is begun. Where none is begun, those follow that would complete another alternative of its slot.
/// Empty when one is complete or the plugin needs none.
fn missing<'m>(
    manifest: &'m Manifest,
    auth: Option<&str>,
    is_set: &dyn Fn(&str) -> bool,
) -> Vec<Vec<&'m str>> {
    let of_slot = |slot: &Vec<Credential>| {
        let alternatives = slot
            .iter()
            .filter(|credential| auth.is_none_or(|auth| credential.name == auth))
            .filter(|credential| !matches!(credential.recipe, Recipe::Forward { .. }));
        let mut ways: Vec<Lacking<'m>> = alternatives
            .filter_map(|credential| lacking(credential, manifest, is_set))
            .collect();
        ways.sort_by_key(Lacking::rank);
        ways
    };
    let slots = manifest.credentials.values().map(of_slot);
    let nearest = slots
        .filter(|ways| !ways.is_empty())
        .min_by_key(|ways| ways[0].rank());
    let (mut told, mut begun) = (Vec::<Vec<&str>>::new(), false);
    for way in nearest.into_iter().flatten() {
        begun |= way.begun;
        let is_less = |known: &Vec<&str>| known.iter().all(|name| way.names.contains(name));
        if told.is_empty() || !(begun || told.iter().any(is_less)) {
            told.push(way.names);
        }
    }
    told.retain(|names| !names.is_empty());
    told
}

/// What an alternative lacks.
struct Lacking<'m> {
    names: Vec<&'m str>,
    /// Whether something that it needs is set.
    begun: bool,
}

impl Lacking<'_> {
    /// The nearer to complete, the less.
    fn rank(&self) -> (usize, bool) {
        (self.names.len(), !self.begun)
    }
}

/// The variables that a credential lacks; `None` where no variable sets a secret that it needs.
fn lacking<'m>(
    credential: &Credential,
    manifest: &'m Manifest,
    is_set: &dyn Fn(&str) -> bool,
) -> Option<Lacking<'m>> {
    let of = |need: &String| variables(manifest, need).collect::<Vec<_>>();
    let unset = credential
        .needs
        .iter()
        .map(of)
        .filter(|names| !names.iter().any(|name| is_set(name)));
    let names: Option<Vec<&str>> = unset.map(|names| names.first().copied()).collect();
    let names = names?;
    Some(Lacking {
        begun: names.len() < credential.needs.len(),
        names,
    })
}

fn variables<'m>(manifest: &'m Manifest, secret: &str) -> impl Iterator<Item = &'m str> {
    let key = format!("secrets.{secret}");
    manifest
        .env
        .iter()
        .filter(move |(_, rule)| rule.set == key)
        .map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{ESPOCRM, manifest, read, read_of, warnings, with};

    #[test]
    fn the_nearest_credential_is_named() {
        let manifest = manifest("espocrm");
        for (set, auth, expected) in [
            (&[][..], None, &["ESPOCRM_API_KEY"][..]),
            (&["ESPOCRM_API_KEY"], None, &[]),
            (&["ESPOCRM_API_KEY"], Some("hmac"), &["ESPOCRM_SECRET_KEY"]),
            (
                &[],
                Some("hmac"),
                &["ESPOCRM_API_KEY", "ESPOCRM_SECRET_KEY"],
            ),
            (&[], Some("forward"), &[]),
        ] {
            assert_eq!(
                missing(&manifest, auth, &|name| set.contains(&name)).concat(),
                expected,
                "{set:?} {auth:?}"
            );
        }
    }

    /// A plugin with a key for every request, a token, and an account.
    fn keyed() -> Manifest {
        let mut manifest = manifest("espocrm");
        manifest.credentials = serde_json::from_value(serde_json::json!({ "default": [
            { "name": "token", "needs": ["token"], "recipe": "bearer", "value": "{token}" },
            { "name": "basic", "needs": ["user", "password"], "recipe": "basic",
              "username": "{user}", "password": "{password}" },
            { "name": "forward", "recipe": "forward" } ] }))
        .unwrap();
        manifest.headers.constant = [("apikey".to_owned(), "{api_key}".to_owned())].into();
        for (name, secret) in [
            ("CRM_TOKEN", "token"),
            ("CRM_USER", "user"),
            ("CRM_PASSWORD", "password"),
            ("OLD_API_KEY", "api_key"),
        ] {
            let rule = EnvRule::of(&format!("secrets.{secret}"));
            manifest.env.insert(name.to_owned(), rule);
        }
        manifest
    }

    #[test]
    fn a_begun_alternative_is_the_nearest_and_where_none_is_both_are_named() {
        let manifest = keyed();
        for (set, expected) in [
            (
                &[][..],
                &[&["CRM_TOKEN"][..], &["CRM_USER", "CRM_PASSWORD"]][..],
            ),
            (&["CRM_USER"], &[&["CRM_PASSWORD"]]),
            (&["CRM_USER", "CRM_PASSWORD"], &[]),
            (&["CRM_TOKEN"], &[]),
        ] {
            let found = missing(&manifest, None, &|name| set.contains(&name));
            assert_eq!(found, expected, "{set:?}");
        }
    }

    #[test]
    fn what_every_request_needs_is_named_also_where_callers_bring_their_tokens() {
        let url = ("ESPOCRM_URL", "https://crm.example.com");
        let keyless = "ESPOCRM_API_KEY: is not set, and every request to the CRM needs it; `OLD_API_KEY` would do instead";
        let account = "CRM_TOKEN: is not set, so calls to the CRM cannot authenticate; `CRM_USER` and `CRM_PASSWORD` would do instead";
        for (more, expected) in [
            (&[][..], &[account, keyless][..]),
            (&[("OLD_API_KEY", "hunter2")], &[account]),
            (&[("CRM_TOKEN", "hunter2")], &[keyless]),
            (&[("ESPOCRM_IDENTITY", "forward")], &[keyless]),
        ] {
            let mut manifest = keyed();
            let rule = EnvRule::of("identity");
            manifest.env.insert("ESPOCRM_IDENTITY".into(), rule);
            let config = read_of(&[manifest], &[&[url], more].concat()).unwrap();
            let said: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
            assert_eq!(said, expected, "{more:?}");
        }
    }

    #[test]
    fn half_a_connection_is_said() {
        let alone = read(&[("ESPOCRM_API_KEY", "hunter2")])
            .unwrap_err()
            .to_string();
        assert!(alone.contains("ESPOCRM_API_KEY: is set, but `ESPOCRM_URL` is not; set it to the address of the CRM"), "{alone}");
        let beside = warnings(&with(&[("SUITECRM_API_KEY", "hunter2")]));
        assert!(
            beside[0].starts_with("SUITECRM_API_KEY: is set, but `SUITECRM_URL` is not"),
            "{beside:?}"
        );
        assert_eq!(
            warnings(&with(&[
                ("LOGGING_LEVEL", "info"),
                ("SUITECRM_TIMEOUT_SECS", "5")
            ])),
            [""; 0]
        );
        assert!(
            read(&[("LOGGING_LEVEL", "loud"), ("SERVER_MAX_LIMIT", "x")])
                .unwrap()
                .connections
                .is_empty()
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            warnings(&ESPOCRM[..1]),
            ["ESPOCRM_API_KEY: is not set, so calls to the CRM cannot authenticate"]
        );
        assert_eq!(
            warnings(&[]),
            [
                "environment: nothing to serve: there is no configuration file, and none of these is set: `ESPOCRM_URL`, `SUITECRM_URL`"
            ]
        );
    }
}
