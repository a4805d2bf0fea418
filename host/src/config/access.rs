//! What callers over HTTP have to prove: key `auth` of `[server]`.
//!
//! Owns the key, and whether a listener may be opened with what it says. It concerns the connections that
//! act as the operator's accounts; who acts with a token of the CRM proves themselves by it. It must not
//! know keys, nor how a token is judged.

use std::net::SocketAddr;

use url::Url;

use super::address;
use super::connection::{Connection, Identity};
use super::nearest::instead;
use super::problem::{Place, shown};
use super::resolve::Context;
use super::section::{Section, TextOrTable};
use super::server::Server;
use super::state::State;
use super::tree::{Table, Tree};

/// The keys of the table `[server.auth]`.
pub(super) const KEYS: [&str; 5] = ["keys", "issuer", "jwks_url", "audience", "scopes"];

const WORDS: [&str; 2] = ["none", "keys"];

/// What callers of the connections with `identity = "service"` prove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Whether an API key lets them in.
    pub keys: bool,
    /// Whose access tokens let them in.
    pub issuer: Option<Issuer>,
}

/// An authorization server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its identifier, as its tokens have it in `iss`.
    pub url: String,
    /// Where its keys are; found by its own description where this is absent.
    pub jwks_url: Option<Url>,
    /// Whom its tokens are for; the endpoints' addresses where this is empty.
    pub audience: Vec<String>,
    /// Whether a token's scopes say which effects it is for.
    pub scopes: bool,
}

impl Access {
    /// Whether callers prove nothing.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.keys && self.issuer.is_none()
    }
}

/// Reads it; without the key callers prove nothing.
pub(super) fn read(server: &Section<'_>, state: &State, context: &Context<'_>) -> Access {
    let expected = "`\"none\"`, `\"keys\"` or a table `[server.auth]`";
    let Some(field) = server.text_or_table("auth", expected) else {
        return Access::default();
    };
    let access = match field.value {
        TextOrTable::Text(word) => {
            if !WORDS.contains(&word) {
                let way_out = instead(word, &WORDS);
                field.error(format!("unknown value `{}`; {way_out}", shown(word)));
            }
            Access {
                keys: word == "keys",
                issuer: None,
            }
        }
        TextOrTable::Table(table) => {
            let section = Section::open(&field.key, table, context.report, &KEYS);
            let access = Access {
                keys: section.flag("keys").is_some_and(|flag| flag.value),
                issuer: issuer(&section),
            };
            if access.is_open() && section.text("issuer").is_none() {
                field.error(
                    "demands nothing; write `keys = true`, `issuer = \"https://…\"` or both",
                );
            }
            access
        }
    };
    let nobody = |issuer: &Issuer| issuer.audience.is_empty() && !server.has("public_url");
    if access.issuer.as_ref().is_some_and(nobody) {
        field.error("does not say whom tokens have to be for; set `server.public_url` to the address that clients use, or `audience` here");
    }
    if access.keys && state.file.is_none() {
        field.error("API keys are kept in `server.state`, which is \"memory\"; name a file there");
    }
    access
}

fn issuer(section: &Section<'_>) -> Option<Issuer> {
    let field = section.text("issuer");
    let Some(field) = field else {
        for key in ["jwks_url", "audience"] {
            if section.has(key) {
                let message = format!("`{key}` belongs to an `issuer`, and none is named");
                section.error(key, message);
            }
        }
        return None;
    };
    let url = field.check(|text| trusted(text).map(|_| (*text).to_owned()));
    let audience = section.texts("audience", "[\"https://mcp.example.com/mcp\"]");
    let audience = audience.map(|list| list.value).unwrap_or_default();
    Some(Issuer {
        url: url.unwrap_or_default(),
        jwks_url: section
            .text("jwks_url")
            .and_then(|field| field.check(|text| trusted(text))),
        audience: audience
            .iter()
            .map(|field| field.value.to_owned())
            .collect(),
        scopes: section.flag("scopes").is_none_or(|flag| flag.value),
    })
}

/// Keys that came over plain http could be anybody's, unless they came from this machine.
fn trusted(text: &str) -> Result<Url, String> {
    let url = address::base(text).map_err(|error| error.to_string())?;
    if url.scheme() == "https" || address::is_loopback(&url) {
        Ok(url)
    } else {
        Err("has to be https: whoever is on the way could sign tokens of their own".to_owned())
    }
}

/// Whether a listener may be opened.
///
/// # Errors
/// It is reachable from beyond this machine, where nobody has to authenticate for one of these
/// connections; names them, and the lines that mend it.
pub fn check_listener(
    listener: SocketAddr,
    access: &Access,
    connections: &[Connection],
) -> Result<(), String> {
    let open = connections
        .iter()
        .filter(|connection| connection.identity == Identity::Service);
    let of_variables = connections.iter().any(Connection::is_of_variables);
    let open: Vec<_> = open.map(|connection| connection.name.as_str()).collect();
    check_open(listener, access, &open, of_variables)
}

/// Judges the listener by the connections as they are written, also those with a mistake elsewhere.
pub(super) fn judge_listener(
    table: &Table,
    server: &Server,
    connections: Option<&Table>,
    context: &Context<'_>,
) {
    let section = Section::free("server", table, context.report);
    let (Some(listener), Some(field)) = (server.http, section.text("http")) else {
        return;
    };
    let entries = connections.map_or(&[][..], |table| &table.entries);
    let open: Vec<&str> = entries
        .iter()
        .filter(|(_, node)| !forwards(&node.value))
        .map(|(name, _)| name.as_str())
        .collect();
    let of_variables = matches!(field.place, Place::Variable(_) | Place::Environment);
    if let Err(message) = check_open(listener, &server.access, &open, of_variables) {
        field.error(message);
    }
}

fn forwards(connection: &Tree) -> bool {
    let Tree::Table(table) = connection else {
        return false;
    };
    let identity = table.get("identity").map(|node| &node.value);
    matches!(identity, Some(Tree::Text(text)) if text == Identity::Forward.as_str())
}

/// `open` are the connections whose callers prove nothing unless `access` says so.
fn check_open(
    listener: SocketAddr,
    access: &Access,
    open: &[&str],
    of_variables: bool,
) -> Result<(), String> {
    if !access.is_open() || open.is_empty() || listener.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let accounts = quoted(open);
    let keys = if of_variables {
        "set `PORTCULLIS_AUTH=keys`"
    } else {
        "write `auth = \"keys\"` below [server]"
    };
    let sections: Vec<_> = open
        .iter()
        .map(|name| format!("[connections.{}]", shown(name)))
        .collect();
    let sections = sections.join(" and ");
    Err(format!(
        "listens beyond this machine, where whoever reaches the port would act with the account of {accounts}; {keys} and issue a key for every client (`portcullis key issue NAME --expires 90d`), or `issuer = \"https://…\"` below [server.auth] to take the access tokens of your login server, or `identity = \"forward\"` below {sections} where each caller has a token of the CRM, or listen on `127.0.0.1`"
    ))
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<_> = names
        .iter()
        .map(|name| format!("`{}`", shown(name)))
        .collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{config, problems};

    const SALES: &str = "[connections.sales]\nplugin = 'a'\nurl = 'https://crm.example.com'\n";

    #[test]
    fn what_callers_prove() {
        for (text, keys, issuer) in [
            ("", false, None),
            ("[server]\nauth = 'none'", false, None),
            ("[server]\nauth = 'keys'", true, None),
            ("[server.auth]\nkeys = true", true, None),
            (
                "[server]\npublic_url = 'https://mcp.example.com'\n[server.auth]\nissuer = 'https://login.example.com/realms/crm'",
                false,
                Some("https://login.example.com/realms/crm"),
            ),
            (
                "[server.auth]\nkeys = true\nissuer = 'http://127.0.0.1:9/'\naudience = ['a']",
                true,
                Some("http://127.0.0.1:9/"),
            ),
        ] {
            let access = config(text).server.access;
            let found = access.issuer.as_ref().map(|issuer| issuer.url.as_str());
            assert_eq!((access.keys, found), (keys, issuer), "{text}");
            assert_eq!(access.is_open(), !keys && issuer.is_none());
        }
        let text = "[server.auth]\nissuer = 'https://a.example'\naudience = ['x']\nscopes = false\njwks_url = 'https://b.example/k.json'";
        let issuer = config(text).server.access.issuer.unwrap();
        assert_eq!(issuer.audience, ["x"]);
        assert_eq!(
            issuer.jwks_url.unwrap().as_str(),
            "https://b.example/k.json"
        );
        assert!(!issuer.scopes);
    }

    #[test]
    fn what_is_no_proof() {
        for (text, told) in [
            (
                "auth = 'key'",
                "server.auth: unknown value `key`; did you mean `keys`?",
            ),
            (
                "auth = true",
                "server.auth: must be `\"none\"`, `\"keys\"` or a table `[server.auth]`, not true or false",
            ),
            (
                "auth = {}",
                "server.auth: demands nothing; write `keys = true`",
            ),
            (
                "auth = { keys = true, users = [] }",
                "server.auth.users: unknown key",
            ),
            (
                "auth = { keys = true, audience = ['a'] }",
                "server.auth.audience: `audience` belongs to an `issuer`",
            ),
            (
                "auth = { issuer = 'http://login.example.com', audience = ['a'] }",
                "server.auth.issuer: has to be https",
            ),
            (
                "auth = { issuer = 'login', audience = ['a'] }",
                "server.auth.issuer: is no URL",
            ),
            (
                "auth = { issuer = 'https://login.example.com' }",
                "server.auth: does not say whom tokens have to be for",
            ),
            (
                "auth = 'keys'\nstate = 'memory'",
                "server.auth: API keys are kept in `server.state`",
            ),
        ] {
            let found = problems(&format!("[server]\n{text}"));
            assert!(found[0].contains(told), "{found:?}");
            let of_server = found.iter().filter(|line| line.contains("server."));
            assert_eq!(of_server.count(), 1, "{found:?}");
        }
    }

    #[test]
    fn beyond_loopback_everybody_proves_something() {
        let server = "[server]\nhttp = '0.0.0.0:1'\n";
        let refused = &problems(&format!("{server}{SALES}"))[0];
        for part in [
            "server.http: listens beyond this machine",
            "the account of `sales`;",
            "`auth = \"keys\"` below [server]",
            "below [connections.sales]",
        ] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        let tokens = "auth = { issuer = 'https://login.example.com', audience = ['a'] }";
        for auth in ["auth = 'keys'", tokens] {
            let guarded = config(&format!("{server}{auth}\n{SALES}"));
            assert!(guarded.warnings.is_empty(), "{:?}", guarded.warnings);
        }
        let none = problems(&format!("{server}auth = 'none'\n{SALES}"));
        assert!(none[0].contains("listens beyond"), "{none:?}");
        let mapped = problems(&format!("[server]\nhttp = '[::ffff:10.0.0.1]:1'\n{SALES}"));
        assert!(mapped[0].contains("listens beyond"), "{mapped:?}");
        config(&format!("[server]\nhttp = '[::ffff:127.0.0.1]:1'\n{SALES}"));
    }

    #[test]
    fn beyond_loopback_where_every_caller_brings_a_token() {
        let server = "[server]\nhttp = '0.0.0.0:1'\n";
        let forward = format!("{server}{SALES}identity = 'forward'\n");
        assert!(config(&forward).warnings.is_empty());
        let more = SALES.replace("sales", "open") + &SALES.replace("sales", "wide");
        let both = problems(&format!("{forward}{more}"));
        for part in [
            "the account of `open`, `wide`;",
            "below [connections.open] and [connections.wide]",
        ] {
            assert!(both[0].contains(part), "{both:?}");
        }
    }
}
