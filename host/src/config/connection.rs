//! One CRM account as the operator configured it.
//!
//! Owns what a connection is once it is resolved, and what others ask of it: whether it changed, where
//! a key of it stands. It must not know how it was read, nor any
//! plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use portcullis_manifest::Effect;
use serde_json::{Map, Value};
use url::Url;

use super::limits::Limits;
use super::problem::{Place, Problem};
use super::secret::Secret;
use crate::names::{ConnectionName, PluginId};

/// One CRM account: a plugin, a base URL, credentials, a policy. Made by reading a configuration
/// only.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its name, unique in a configuration.
    pub name: ConnectionName,
    /// What stands before the names of its tools; empty for plain names.
    pub prefix: String,
    /// The plugin that serves it.
    pub plugin: PluginId,
    /// The operator's URL, before the manifest's `base` changes its path.
    pub url: Url,
    /// Which alternatives of the plugin's credentials to use.
    pub auth: Auth,
    /// Whose rights the CRM sees.
    pub identity: Identity,
    /// The issuer of callers' tokens, where it is not the one that the plugin makes of `url`.
    pub issuer: Option<String>,
    /// The secrets by their names in the manifest, e.g. `api_key`.
    pub secrets: BTreeMap<String, Secret>,
    /// The effects that its tools may have; tools of other effects are not listed.
    pub allow: BTreeSet<Effect>,
    /// Patterns of tool names, without the prefix; the last that fits decides.
    pub tools: Vec<String>,
    /// Who confirms what cannot be undone.
    pub confirm: Confirm,
    /// What clients are shown of its tools.
    pub list: List,
    /// How the text beside a list's structured content is written.
    pub text: Text,
    /// What it and each of its calls get.
    pub limits: Limits,
    /// For the plugin; not yet checked against its schema.
    pub settings: Map<String, Value>,
    /// Whether the CRM's certificate is checked.
    pub tls_verify: bool,
    /// Link-local and metadata addresses that may be dialled all the same.
    pub allow_addresses: Vec<SocketAddr>,
    pub(super) places: Places,
}

/// Which alternative signs, of those that the plugin has for a credential. Whether there is such a
/// credential and such an alternative is known when the plugin is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Auth {
    /// The first whose secrets are set, for each credential.
    #[default]
    First,
    /// This one for every credential that has it, else the first whose secrets are set.
    Any(String),
    /// Alternatives by credential; for the others the first whose secrets are set.
    Each(BTreeMap<String, String>),
}

/// Whose rights the CRM sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Identity {
    /// Those of the account in the configuration.
    #[default]
    Service,
    /// Those of the caller, whose own token goes upstream.
    Forward,
}

impl Identity {
    /// The word of the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Forward => "forward",
        }
    }
}

/// Who confirms a destructive or outward call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Confirm {
    /// A person where the client can ask one, else whoever repeats the call with the token.
    #[default]
    Token,
    /// A person, asked by the client; nothing else.
    Human,
}

/// What clients are shown of a connection's tools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum List {
    /// Every tool.
    #[default]
    All,
    /// Three tools, which find, describe and run the others.
    Compact,
}

/// How the text of a list is written, for clients that get its structured content as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Text {
    /// A table with a header row, which takes fewer tokens.
    #[default]
    Table,
    /// The JSON of the structured content.
    Json,
}

/// Where the keys of a connection stand.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) whole: Place,
    pub(super) keys: BTreeMap<String, Place>,
}

impl Connection {
    /// A problem with one of its keys, e.g. `settings.time_zone`, at the line where the key stands;
    /// for a key that is absent at the nearest one around it.
    #[must_use]
    pub fn problem(&self, key: &str, message: impl Into<String>) -> Problem {
        let full = format!("connections.{}.{key}", self.name);
        let place = match self.places.keys.get(key) {
            Some(place) => place.clone(),
            None => self.around(key),
        };
        Problem::error(place, full.trim_end_matches('.'), message)
    }

    /// Whether variables made it, and no file.
    #[must_use]
    pub fn is_of_variables(&self) -> bool {
        self.places.whole == Place::Environment
    }

    /// Whether nothing changed from the other, but for where it stands.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        // Without `..`, so that a new field cannot be forgotten here.
        let Self {
            name,
            prefix,
            plugin,
            url,
            auth,
            identity,
            issuer,
            secrets,
            allow,
            tools,
            confirm,
            list,
            text,
            limits,
            settings,
            tls_verify,
            allow_addresses,
            places: _,
        } = self;
        (name, prefix, plugin, url, auth, identity)
            == (
                &other.name,
                &other.prefix,
                &other.plugin,
                &other.url,
                &other.auth,
                &other.identity,
            )
            && (secrets, allow, tools, confirm)
                == (&other.secrets, &other.allow, &other.tools, &other.confirm)
            && (list, text) == (&other.list, &other.text)
            && (limits, settings, tls_verify) == (&other.limits, &other.settings, &other.tls_verify)
            && (allow_addresses, issuer) == (&other.allow_addresses, &other.issuer)
    }

    /// The place of the nearest key above; a variable does not stand for a key that it does not
    /// set.
    fn around(&self, key: &str) -> Place {
        let mut key = key;
        while let Some((above, _)) = key.rsplit_once('.') {
            if let Some(place) = self.places.keys.get(above) {
                return if matches!(place, Place::Variable(_)) {
                    Place::Environment
                } else {
                    place.clone()
                };
            }
            key = above;
        }
        self.places.whole.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    const SALES: &str =
        "[connections.sales]\nplugin = 'espocrm'\nurl = 'https://crm.example.com'\n";

    fn sales(more: &str) -> Connection {
        config(&format!("{SALES}{more}")).connections.remove(0)
    }

    #[test]
    fn problems_find_the_line_of_their_key() {
        let sales = sales("[connections.sales.settings]\ntime_zone = 'UTC'\nnested.deep = 1\n");
        for (key, expected) in [
            ("url", "portcullis.toml:3: connections.sales.url: x"),
            (
                "settings.time_zone",
                "portcullis.toml:5: connections.sales.settings.time_zone: x",
            ),
            (
                "settings.nested.deep",
                "portcullis.toml:6: connections.sales.settings.nested.deep: x",
            ),
            (
                "settings.absent",
                "portcullis.toml:4: connections.sales.settings.absent: x",
            ),
            (
                "secrets.api_key",
                "portcullis.toml:1: connections.sales.secrets.api_key: x",
            ),
            ("", "portcullis.toml:1: connections.sales: x"),
        ] {
            let problem = sales.problem(key, "x").to_string();
            assert_eq!(problem.replace("/etc/portcullis/", ""), expected);
        }
    }

    #[test]
    fn a_changed_key_is_seen_and_a_moved_one_is_not() {
        let one = sales("");
        assert!(one.same_as(&config(&format!("# moved\n\n{SALES}")).connections[0]));
        for change in [
            "prefix = ''",
            "auth = 'hmac'",
            "auth.api = 'hmac'",
            "identity = 'forward'",
            "secrets.api_key = 'env:KEY'",
            "allow = ['write']",
            "tools = ['get']",
            "confirm = 'human'",
            "list = 'compact'",
            "text = 'json'",
            "limits.cpu_ms = 100",
            "settings.a = 1",
            "tls_verify = false",
            "allow_addresses = ['169.254.1.1:80']",
        ] {
            assert!(!one.same_as(&sales(change)), "{change}");
        }
    }
}
