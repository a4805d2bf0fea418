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
    // By the keys that are set, whichever variable set them.
    let is_set = |name: &str| {
        let rule = found.manifest.env.get(name);
        found.has(name) || rule.is_some_and(|rule| found.value(&rule.set).is_some())
    };
    let missing = missing(found.manifest, found.value("auth"), &is_set);
    let key = format!("connections.{connection}.secrets");
    for name in missing {
        let place = Place::Variable(name.into());
        if found
            .manifest
            .env
            .get(name)
            .is_some_and(|rule| rule.required)
        {
            report.error(&place, &key, required(found));
        } else {
            report.warn(
                &place,
                &key,
                "is not set, so calls to the CRM cannot authenticate",
            );
        }
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
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The variables that would complete the credential that lacks the fewest; empty when one is complete
/// or the plugin needs none.
fn missing<'m>(
    manifest: &'m Manifest,
    auth: Option<&str>,
    is_set: &dyn Fn(&str) -> bool,
) -> Vec<&'m str> {
    manifest
        .credentials
        .values()
        .flatten()
        .filter(|credential| auth.is_none_or(|auth| credential.name == auth))
        .filter(|credential| !matches!(credential.recipe, Recipe::Forward { .. }))
        .filter_map(|credential| lacking(credential, manifest, is_set))
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

/// The variables that a credential lacks; `None` where no variable sets a secret that it needs.
fn lacking<'m>(
    credential: &Credential,
    manifest: &'m Manifest,
    is_set: &dyn Fn(&str) -> bool,
) -> Option<Vec<&'m str>> {
    let of = |need: &String| variables(manifest, need).collect::<Vec<_>>();
    let unset = credential
        .needs
        .iter()
        .map(of)
        .filter(|names| !names.iter().any(|name| is_set(name)));
    unset.map(|names| names.first().copied()).collect()
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
    use crate::config::tests::{ESPOCRM, manifest, read, warnings, with};

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
                missing(&manifest, auth, &|name| set.contains(&name)),
                expected,
                "{set:?} {auth:?}"
            );
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
