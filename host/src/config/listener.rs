//! The listener of a program that a plugin replaces, in environment-only mode.
//!
//! Owns what variables for a transport, an address and a path mean together: a listener where HTTP is
//! asked for, and then callers that bring their own tokens. The manifest names the variables; this
//! file must not know any.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use portcullis_manifest::Recipe;

use super::environment::Found;
use super::problem::{Place, Problem, Report, shown};
use super::tree::{Table, Tree};

/// The address for whoever asks for HTTP without naming one.
pub(super) type Offered = Option<Result<SocketAddr, Problem>>;

/// How callers reach the connections of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// As the host is started; the account of the variables is theirs.
    AsStarted,
    /// Over HTTP, each with their own token where the plugin can pass one on.
    Http,
}

impl Found<'_> {
    /// What the variables ask for; a word that means nothing is reported.
    pub(super) fn transport(&self, report: &Report) -> Transport {
        let Some((name, text)) = self.given("server.transport") else {
            return Transport::AsStarted;
        };
        match text.trim().to_ascii_lowercase().as_str() {
            "http" => Transport::Http,
            "stdio" => Transport::AsStarted,
            _ => {
                let message = format!("must be `stdio` or `http`, not `{}`", shown(text));
                report.error(&Place::Variable(name.into()), "server.transport", message);
                Transport::AsStarted
            }
        }
    }

    /// Whether callers of a listener bring their own tokens.
    pub(super) fn can_forward(&self) -> bool {
        let alternatives = self.manifest.credentials.values().flatten();
        alternatives
            .into_iter()
            .any(|declared| matches!(declared.recipe, Recipe::Forward { .. }))
    }
}

impl Found<'_> {
    /// Whether over HTTP every caller brings their own token: no account is in the variables, the host
    /// can judge the tokens, and no variable says how callers come.
    pub(super) fn has_no_account(&self) -> bool {
        let mut secrets = self
            .set
            .iter()
            .filter_map(|(_, rule, _)| rule.set.strip_prefix("secrets."));
        let judged = |recipe: &Recipe| matches!(recipe, Recipe::Forward { tokens: Some(_) });
        let mut alternatives = self.manifest.credentials.values().flatten();
        self.given("server.transport").is_none()
            && self.value("auth").is_none()
            && alternatives.any(|declared| judged(&declared.recipe))
            && !secrets.any(|secret| is_an_account(self, secret))
    }
}

/// Puts the address under which clients know the listener into the tree.
pub(super) fn name(found: &Found<'_>, root: &mut Table, report: &Report) {
    if let Some(url) = found.value("server.public_url") {
        let server = root.child("server", &Place::Environment);
        let rule = ("server.public_url", "");
        place_once(server, "public_url", found, rule, url, report);
    }
}

/// Puts the listener into the tree where HTTP is asked for.
pub(super) fn listen(found: &Found<'_>, root: &mut Table, report: &Report) {
    let Some((by, _)) = found.given("server.transport") else {
        return;
    };
    let address = match address(found) {
        Some(Ok(address)) => address.to_string(),
        Some(Err(problem)) => return report.error(&problem.place, &problem.key, problem.message),
        None => {
            let message = "asks for HTTP, and nothing names a port";
            return report.error(&Place::Variable(by.into()), "server.transport", message);
        }
    };
    let server = root.child("server", &Place::Environment);
    place_once(server, "http", found, ("server.port", by), &address, report);
    if let Some((_, path)) = found.given("server.path") {
        place_once(server, "path", found, ("server.path", by), path, report);
    }
}

/// One process has one listener: a second plugin may only ask for the same.
fn place_once(
    server: &mut Table,
    key: &str,
    found: &Found<'_>,
    (rule, by): (&str, &str),
    text: &str,
    report: &Report,
) {
    let set = found.set.iter().find(|(_, r, _)| r.set == rule);
    let name = set.map_or(by, |(name, ..)| name);
    let place = Place::Variable(name.into());
    match server.get(key).map(|node| &node.value) {
        Some(Tree::Text(other)) if other != text => {
            let message = format!(
                "asks for `{}`, and another variable for `{}`; one process listens in one place, so start two",
                shown(text),
                shown(other)
            );
            report.error(&place, &format!("server.{key}"), message);
        }
        _ => server.set(key, place, Tree::Text(text.to_owned())),
    }
}

/// Gives a connection to its callers: each brings a token, so that one in the variables, which would
/// make all of them the same, is refused.
pub(super) fn forward(found: &Found<'_>, name: &str, connection: &mut Table, report: &Report) {
    let Some((by, _)) = found.given("server.transport") else {
        return;
    };
    let place = Place::Variable(by.into());
    connection.set("identity", place, Tree::Text("forward".into()));
    for (variable, rule, _) in &found.set {
        let Some(secret) = rule.set.strip_prefix("secrets.") else {
            continue;
        };
        if is_an_account(found, secret) {
            let message = format!(
                "is set, and `{by}` is `http`: over HTTP every caller brings their own token, and with this one all of them would act as one account; unset `{variable}`, or set `{by}` to `stdio`"
            );
            let key = format!("connections.{name}.{}", rule.set);
            report.error(&Place::Variable((&**variable).into()), &key, message);
        }
    }
}

/// Whether a secret belongs to an account that stands in for the callers.
fn is_an_account(found: &Found<'_>, secret: &str) -> bool {
    let forwards = |recipe: &Recipe| matches!(recipe, Recipe::Forward { .. });
    let slots = found.manifest.credentials.values();
    slots
        .filter(|slot| slot.iter().any(|declared| forwards(&declared.recipe)))
        .flatten()
        .any(|declared| declared.needs.iter().any(|need| need == secret))
}

/// Where the variables say to listen.
pub(super) fn address(found: &Found<'_>) -> Offered {
    let (by, port) = found.given("server.port")?;
    let wrong = |name: &str, key: &str, message: String| {
        Some(Err(Problem::error(
            Place::Variable(name.into()),
            key,
            message,
        )))
    };
    let Ok(number) = port.trim().parse::<u16>() else {
        let message = format!(
            "must be a port, a whole number up to 65535, not `{}`",
            shown(port)
        );
        return wrong(by, "server.port", message);
    };
    let Some((by, host)) = found.given("server.host") else {
        return Some(Ok((Ipv4Addr::LOCALHOST, number).into()));
    };
    match ip(host) {
        Some(ip) => Some(Ok((ip, number).into())),
        None => {
            let message = format!(
                "must be `localhost` or an IP address of this machine, not `{}`",
                shown(host)
            );
            wrong(by, "server.host", message)
        }
    }
}

fn ip(host: &str) -> Option<IpAddr> {
    let host = host.trim();
    if host.eq_ignore_ascii_case("localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    host.trim_matches(['[', ']']).parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{manifest, read_asked, read_of};
    use crate::config::{Asked, Config, Identity, Problems};
    use portcullis_manifest::{EnvRule, Manifest};

    /// A CRM whose program serves over stdio with one token, or over HTTP with each caller's own.
    fn gateway() -> Manifest {
        let mut manifest = manifest("espocrm");
        for (name, set, default) in [
            ("GW_TRANSPORT", "server.transport", Some("stdio")),
            ("GW_HOST", "server.host", Some("127.0.0.1")),
            ("GW_PORT", "server.port", Some("8900")),
            ("GW_PATH", "server.path", Some("/mcp")),
        ] {
            let default = default.map(str::to_owned);
            let rule = EnvRule {
                default,
                ..EnvRule::of(set)
            };
            manifest.env.insert(name.into(), rule);
        }
        if let Some(key) = manifest.env.get_mut("ESPOCRM_API_KEY") {
            key.required = true;
        }
        manifest
    }

    fn read(more: &[(&str, &str)]) -> Result<Config, Problems> {
        let url = ("ESPOCRM_URL", "https://crm.example.com");
        read_of(&[gateway()], &[&[url], more].concat())
    }

    #[test]
    fn http_has_a_listener_and_callers_with_tokens_of_their_own() {
        for (more, address, path) in [
            (&[("GW_TRANSPORT", "HTTP")][..], "127.0.0.1:8900", "/mcp"),
            (
                &[
                    ("GW_TRANSPORT", "http"),
                    ("GW_HOST", "0.0.0.0"),
                    ("GW_PORT", "9000"),
                    ("GW_PATH", "/crm/mcp/"),
                ],
                "0.0.0.0:9000",
                "/crm/mcp",
            ),
            (
                &[("GW_TRANSPORT", "http"), ("GW_HOST", "::1")],
                "[::1]:8900",
                "/mcp",
            ),
            (
                &[("GW_TRANSPORT", "http"), ("GW_HOST", "localhost")],
                "127.0.0.1:8900",
                "/mcp",
            ),
        ] {
            let config = read(more).unwrap();
            assert_eq!(config.server.http.unwrap().to_string(), address);
            assert_eq!(config.server.path.to_string(), path);
            assert_eq!(config.connections[0].identity, Identity::Forward);
            assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        }
    }

    #[test]
    fn stdio_has_one_account_and_offers_its_address() {
        for transport in ["stdio", "STDIO", ""] {
            let config =
                read(&[("GW_TRANSPORT", transport), ("ESPOCRM_API_KEY", "hunter2")]).unwrap();
            assert_eq!(
                (config.server.http, config.connections[0].identity),
                (None, Identity::Service)
            );
            assert_eq!(
                config.offered.unwrap().unwrap().to_string(),
                "127.0.0.1:8900"
            );
        }
    }

    #[test]
    fn what_does_not_start_says_why_in_one_line() {
        for (more, expected) in [
            (
                &[("GW_TRANSPORT", "http"), ("ESPOCRM_API_KEY", "hunter2")][..],
                "ESPOCRM_API_KEY: is set, and `GW_TRANSPORT` is `http`: over HTTP every caller brings their own token",
            ),
            (
                &[("GW_TRANSPORT", "sse"), ("ESPOCRM_API_KEY", "hunter2")],
                "GW_TRANSPORT: must be `stdio` or `http`, not `sse`",
            ),
            (
                &[("GW_TRANSPORT", "http"), ("GW_PORT", "many")],
                "GW_PORT: must be a port, a whole number up to 65535, not `many`",
            ),
            (
                &[("GW_TRANSPORT", "http"), ("GW_HOST", "crm.example.com")],
                "GW_HOST: must be `localhost` or an IP address of this machine, not `crm.example.com`",
            ),
            (
                &[("GW_TRANSPORT", "http"), ("GW_PATH", "mcp")],
                "GW_PATH: must be a path",
            ),
            (
                &[],
                "ESPOCRM_API_KEY: is not set, and nothing is served without it; set it, or let every caller bring their own token with `GW_TRANSPORT=http`",
            ),
        ] {
            let told = read(more).unwrap_err().to_string();
            assert!(told.starts_with(expected), "{told}");
            assert_eq!(told.lines().count(), 1, "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_port_that_nobody_uses_is_not_judged() {
        let config = read(&[("GW_PORT", "many"), ("ESPOCRM_API_KEY", "hunter2")]).unwrap();
        assert!(config.offered.unwrap().is_err());
    }

    /// A CRM whose program served over HTTP alone, each caller with their own token.
    fn resource() -> Manifest {
        let mut manifest = manifest("espocrm");
        let port = EnvRule {
            default: Some("3000".into()),
            ..EnvRule::of("server.port")
        };
        manifest.env.insert("PORT".into(), port);
        for (name, set) in [("PUBLIC", "server.public_url"), ("DATABASE", "ignored")] {
            manifest.env.insert(name.into(), EnvRule::of(set));
        }
        let tokens = serde_json::json!({ "name": "forward", "recipe": "forward",
            "tokens": { "issuer": "{base}", "keys": "keys.json", "audience": ["a"] } });
        let slot = manifest.credentials.get_mut("main").unwrap();
        slot[2] = serde_json::from_value(tokens).unwrap();
        manifest
    }

    const URL: (&str, &str) = ("ESPOCRM_URL", "https://crm.example.com");

    #[test]
    fn over_http_and_without_an_account_callers_bring_their_tokens() {
        let account = ("ESPOCRM_API_KEY", "hunter2");
        let listener = ("PORTCULLIS_HTTP", "127.0.0.1:0");
        for (variables, asked, identity, warnings) in [
            (&[URL][..], Asked::Http, Identity::Forward, 0),
            (&[URL, listener], Asked::Nothing, Identity::Forward, 0),
            (&[URL], Asked::Nothing, Identity::Service, 1),
            (&[URL, account], Asked::Http, Identity::Service, 0),
            (
                &[URL, account, listener],
                Asked::Nothing,
                Identity::Service,
                0,
            ),
            (
                &[URL, ("ESPOCRM_AUTH", "key")],
                Asked::Http,
                Identity::Service,
                1,
            ),
        ] {
            let config = read_asked(&[resource()], variables, asked).unwrap();
            assert_eq!(config.connections[0].identity, identity, "{variables:?}");
            assert_eq!(config.warnings.len(), warnings, "{:?}", config.warnings);
            assert_eq!(config.offered.unwrap().unwrap().port(), 3000);
        }
    }

    #[test]
    fn the_address_for_clients_is_that_of_the_variable() {
        let url = "https://mcp.example.com/crm";
        let config = read_of(&[resource()], &[URL, ("PUBLIC", url)]).unwrap();
        assert_eq!(config.server.public_url.unwrap().as_str(), url);
        let told = read_of(&[resource()], &[URL, ("PUBLIC", "mcp.example.com")]);
        let told = told.unwrap_err().to_string();
        assert!(told.contains("\nPUBLIC: is no URL"), "{told}");
    }

    #[test]
    fn a_variable_that_means_nothing_here_is_said_once_and_not_quoted() {
        let database = ("DATABASE", "postgres://u:hunter2@db/x");
        let config = read_of(&[resource()], &[URL, database, ("ESPOCRM_API_KEY", "k")]).unwrap();
        let told: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["DATABASE: is not used here; unset it where nothing else needs it"]
        );
        let alone = read_of(&[resource()], &[database]).unwrap();
        assert!(!alone.warnings[0].to_string().contains("DATABASE: "));
    }

    #[test]
    fn two_listeners_are_one_too_many() {
        let mut other = gateway();
        other.id = "other".into();
        other.env = other
            .env
            .into_iter()
            .map(|(name, rule)| {
                (
                    name.replace("GW_", "OTHER_").replace("ESPOCRM_", "OTHER_"),
                    rule,
                )
            })
            .collect();
        let both = [
            ("ESPOCRM_URL", "https://a.example.com"),
            ("OTHER_URL", "https://b.example.com"),
            ("GW_TRANSPORT", "http"),
            ("OTHER_TRANSPORT", "http"),
        ];
        let manifests = [gateway(), other];
        assert!(read_of(&manifests, &both).is_ok());
        let apart = [&both[..], &[("OTHER_PORT", "8901")]].concat();
        let told = read_of(&manifests, &apart).unwrap_err().to_string();
        assert!(
            told.contains(
                "OTHER_PORT: asks for `127.0.0.1:8901`, and another variable for `127.0.0.1:8900`"
            ),
            "{told}"
        );
    }
}
