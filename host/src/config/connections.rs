//! The connections of a configuration: table `[connections]`.
//!
//! Owns every key of a connection, its check and its default. It must not know TOML or variables, nor
//! what plugins declare: their settings, secrets and ways to authenticate are checked when they are
//! loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use portcullis_manifest::Effect;
use url::Url;

use super::connection::{Auth, Confirm, Connection, Identity, List, Places, Text};
use super::limits::Limits;
use super::nearest::choose;
use super::problem::shown;
use super::resolve::Context;
use super::secret::Secret;
use super::section::{Field, Section, TextOrTable};
use super::tree::{Table, Tree};
use super::{address, settings};
use crate::names::{ConnectionName, PluginId};

/// The keys of `[connections.NAME]`.
pub(super) const KEYS: [&str; 16] = [
    "plugin",
    "url",
    "prefix",
    "auth",
    "identity",
    "issuer",
    "secrets",
    "allow",
    "tools",
    "confirm",
    "list",
    "text",
    "tls_verify",
    "allow_addresses",
    "limits",
    "settings",
];

/// The effects by their words.
pub(super) const EFFECTS: [(&str, Effect); 4] = [
    ("read", Effect::Read),
    ("write", Effect::Write),
    ("destructive", Effect::Destructive),
    ("outward", Effect::Outward),
];

const IDENTITIES: [(&str, Identity); 2] = [
    ("service", Identity::Service),
    ("forward", Identity::Forward),
];

const LISTS: [(&str, List); 2] = [("all", List::All), ("compact", List::Compact)];

const TEXTS: [(&str, Text); 2] = [("table", Text::Table), ("json", Text::Json)];

const CONFIRMS: [(&str, Confirm); 2] = [("token", Confirm::Token), ("human", Confirm::Human)];

/// Reads the table; a connection that is wrong is reported and left out.
pub(super) fn read(field: &Field<'_, &Table>, context: &Context<'_>) -> Vec<Connection> {
    let section = Section::free(&field.key, field.value, field.report);
    section
        .fields()
        .filter_map(|(name, field)| {
            let table = section.table(name)?;
            let name = field.check(|_| ConnectionName::new(name));
            connection(
                name,
                &Section::open(&table.key, table.value, table.report, &KEYS),
                context,
            )
        })
        .collect()
}

fn connection(
    name: Option<ConnectionName>,
    section: &Section<'_>,
    context: &Context<'_>,
) -> Option<Connection> {
    let plugin = section
        .required("plugin", "espocrm")
        .and_then(|field| field.check(|text| PluginId::new(text)));
    let allow_addresses = allow_addresses(section);
    let identity = word(section, "identity", &IDENTITIES);
    let url = url(section);
    let prefix = section
        .text("prefix")
        .and_then(|field| field.check(|text| prefix(text)));
    Some(Connection {
        auth: auth(section),
        issuer: issuer(section, identity),
        identity,
        confirm: word(section, "confirm", &CONFIRMS),
        list: word(section, "list", &LISTS),
        text: word(section, "text", &TEXTS),
        secrets: secrets(section, context),
        allow: allow(section),
        tools: tools(section),
        limits: Limits::read(section),
        settings: settings::read(section),
        tls_verify: tls_verify(section),
        allow_addresses,
        places: Places {
            whole: section.place().clone(),
            keys: section.places(),
        },
        // Last, so that all of the above is checked even where one of these is missing.
        plugin: plugin?,
        url: url?,
        prefix: prefix.or_else(|| name.as_ref().map(ToString::to_string))?,
        name: name?,
    })
}

fn url(section: &Section<'_>) -> Option<Url> {
    let field = section.required("url", "https://crm.example.com")?;
    let url = field.check(|text| address::base(text))?;
    if url.scheme() == "http" && !address::is_loopback(&url) {
        field.warn("is plain http beyond this machine: whoever is on the way can read the credentials; use https");
    }
    Some(url)
}

/// It is compared with the tokens' as it is written.
fn issuer(section: &Section<'_>, identity: Identity) -> Option<String> {
    let field = section
        .text("issuer")
        .filter(|field| !field.value.is_empty())?;
    let issuer = field.check(|text| address::base(text).map(|_| (*text).to_owned()));
    if identity == Identity::Service {
        field.error("is for callers' own tokens, which come with `identity = \"forward\"`");
    }
    issuer
}

fn allow_addresses(section: &Section<'_>) -> Vec<SocketAddr> {
    let fields = section
        .texts("allow_addresses", "[\"169.254.10.1:443\"]")
        .map(|list| list.value)
        .unwrap_or_default();
    fields
        .iter()
        .filter_map(|field| field.check(|text| address::socket(text)))
        .collect()
}

fn prefix(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || ConnectionName::new(text).is_ok() {
        Ok(text.to_owned())
    } else {
        Err(
            "must begin with a lower-case letter and hold lower-case letters, digits and underscores, at most 24; `\"\"` for tool names without a prefix",
        )
    }
}

fn auth(section: &Section<'_>) -> Auth {
    let Some(field) = section.text_or_table(
        "auth",
        "the name of an alternative in quotes, or a table of them by credential",
    ) else {
        return Auth::First;
    };
    let table = match field.value {
        TextOrTable::Text(name) => return Auth::Any(name.to_owned()),
        TextOrTable::Table(table) => table,
    };
    if table.entries.is_empty() {
        field.error("names no credential; take it out, and the first alternative whose secrets are set is used");
    }
    let alternative = |(slot, field): (&str, Field<'_, &Tree>)| {
        let name = field.text("the name of an alternative in quotes")?;
        Some((slot.to_owned(), name.value.to_owned()))
    };
    let slots = Section::free(&field.key, table, field.report);
    Auth::Each(slots.fields().filter_map(alternative).collect())
}

fn word<T: Copy + Default>(section: &Section<'_>, key: &str, choices: &[(&str, T)]) -> T {
    section
        .text(key)
        .and_then(|field| field.check(|text| choose("value", text, choices)))
        .unwrap_or_default()
}

fn secrets(section: &Section<'_>, context: &Context<'_>) -> BTreeMap<String, Secret> {
    let Some(field) = section.table("secrets") else {
        return BTreeMap::new();
    };
    let secret = |(name, field): (&str, Field<'_, &Tree>)| {
        let text = field.text("a reference, `\"env:NAME\"` or `\"file:PATH\"`")?;
        let secret = text.check(|text| Secret::resolve(text, context.env, context.base))?;
        Some((name.to_owned(), secret))
    };
    Section::free(&field.key, field.value, field.report)
        .fields()
        .filter_map(secret)
        .collect()
}

fn allow(section: &Section<'_>) -> BTreeSet<Effect> {
    let Some(list) = section.texts("allow", "[\"read\", \"write\"]") else {
        return BTreeSet::from([Effect::Read]);
    };
    if list.value.is_empty() {
        list.error("names no effect, so no tool is left; write e.g. `allow = [\"read\"]` or take the connection out");
    }
    list.value
        .iter()
        .filter_map(|field| field.check(|text| choose("effect", text, &EFFECTS)))
        .collect()
}

fn tools(section: &Section<'_>) -> Vec<String> {
    let Some(list) = section.texts("tools", "[\"*\", \"!mass_*\"]") else {
        return vec!["*".to_owned()];
    };
    if list.value.is_empty() {
        list.error("names no tool; write e.g. `tools = [\"*\"]` or take the connection out");
    }
    if let Some(first) = list
        .value
        .first()
        .filter(|first| first.value.starts_with('!'))
    {
        first.error("leaves out before anything is in; put `\"*\"` in front of it");
    }
    list.value
        .iter()
        .filter_map(|field| field.check(|text| pattern(text)))
        .collect()
}

fn pattern(text: &str) -> Result<String, String> {
    let name = text.strip_prefix('!').unwrap_or(text);
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '*');
    if !name.is_empty() && name.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    let rule = "a tool's name without its prefix, where `*` stands for any characters and `!` before it leaves the tool out";
    Err(format!("`{}` is no pattern; write {rule}", shown(text)))
}

fn tls_verify(section: &Section<'_>) -> bool {
    let Some(field) = section.flag("tls_verify") else {
        return true;
    };
    if !field.value {
        field.warn("is off: whoever is on the way can read the credentials and change what is sent; for trials only");
    }
    field.value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{config, problems};

    #[test]
    fn ten_lines_are_enough_and_the_rest_has_defaults() {
        let config = config(
            "[connections.sales]\nplugin = 'espocrm'\nurl = 'https://crm.example.com/sub'\nsecrets.api_key = 'env:KEY'",
        );
        let [sales] = config.connections.as_slice() else {
            panic!("{config:?}")
        };
        assert_eq!(
            (
                sales.name.as_str(),
                sales.prefix.as_str(),
                sales.plugin.as_str()
            ),
            ("sales", "sales", "espocrm")
        );
        assert_eq!(
            (sales.identity, sales.confirm, sales.tls_verify),
            (Identity::Service, Confirm::Token, true)
        );
        assert_eq!(sales.allow, BTreeSet::from([Effect::Read]));
        assert_eq!(sales.tools, ["*"]);
        assert_eq!(sales.limits, Limits::default());
        assert_eq!(sales.secrets["api_key"].expose(), "hunter2");
        assert!(
            config.warnings.is_empty() && sales.auth == Auth::First && sales.settings.is_empty()
        );
    }

    #[test]
    fn one_alternative_for_all_credentials_or_one_for_each() {
        let auth = |text: &str| {
            let sales = "[connections.a]\nplugin = 'a'\nurl = 'https://a.example.com'\n";
            config(&format!("{sales}{text}")).connections.remove(0).auth
        };
        assert_eq!(auth("auth = 'plain'"), Auth::Any("plain".into()));
        let each = [("v4", "plain"), ("v8", "client_credentials")];
        let each = Auth::Each(each.map(|(slot, name)| (slot.into(), name.into())).into());
        for text in [
            "auth = { v4 = 'plain', v8 = 'client_credentials' }",
            "auth.v4 = 'plain'\nauth.v8 = 'client_credentials'",
            "[connections.a.auth]\nv4 = 'plain'\nv8 = 'client_credentials'",
        ] {
            assert_eq!(auth(text), each, "{text}");
        }
    }

    #[test]
    fn an_issuer_is_for_tokens_of_callers() {
        let text = |identity: &str, issuer: &str| {
            format!(
                "[connections.own]\nplugin = 'a'\nurl = 'https://a.example.com'\nidentity = '{identity}'\nissuer = '{issuer}'"
            )
        };
        let kong = "http://kong:8000/auth/v1";
        let issuer = |text: String| config(&text).connections[0].issuer.clone();
        assert_eq!(issuer(text("forward", kong)).as_deref(), Some(kong));
        assert_eq!(issuer(text("service", "")), None);
        for (identity, issuer, expected) in [
            (
                "service",
                kong,
                "connections.own.issuer: is for callers' own tokens",
            ),
            ("forward", "kong", "connections.own.issuer: is no URL"),
            (
                "forward",
                "https://a.example/?x",
                "connections.own.issuer: has a query",
            ),
        ] {
            let told = problems(&text(identity, issuer));
            assert!(told[0].contains(expected), "{told:?}");
        }
    }

    #[test]
    fn connections_keep_the_order_of_the_file() {
        let one = |name| {
            format!(
                "[connections.{name}]\nplugin = 'a'\nurl = 'https://a.example.com'\nprefix = ''\n"
            )
        };
        let config = config(&format!("{}{}{}", one("zeta"), one("alpha"), one("mid")));
        let names: Vec<_> = config
            .connections
            .iter()
            .map(|connection| connection.name.as_str())
            .collect();
        assert_eq!(names, ["zeta", "alpha", "mid"]);
        assert_eq!(config.connections[0].prefix, "");
    }

    #[test]
    fn what_works_but_should_be_known_is_a_warning() {
        for (text, expected) in [
            (
                "[connections.a]\nplugin = 'a'\nurl = 'http://crm.example.com'",
                "portcullis.toml:3: connections.a.url: is plain http",
            ),
            (
                "[connections.a]\nplugin = 'a'\nurl = 'https://a.example.com'\ntls_verify = false",
                "portcullis.toml:4: connections.a.tls_verify: is off",
            ),
        ] {
            let config = config(text);
            let [warning] = config.warnings.as_slice() else {
                panic!("{text}: {:?}", config.warnings)
            };
            let warning = warning.to_string().replace("/etc/portcullis/", "");
            assert!(warning.starts_with(expected), "{warning}");
        }
        assert!(
            config("[connections.a]\nplugin = 'a'\nurl = 'http://localhost:1'")
                .warnings
                .is_empty()
        );
    }
}
