//! The host's own part of the configuration: table `[server]`.
//!
//! Owns its keys and their checks; it must not know connections, and listens on nothing.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use super::access::{self, Access};
use super::address;
use super::limits::ServerLimits;
use super::nearest::{choose, instead};
use super::plugin_key::{self, PluginKey};
use super::problem::shown;
use super::resolve::Context;
use super::section::Section;
use super::state::{self, State};
use super::tree::Table;

/// The keys of `[server]`.
pub(super) const KEYS: [&str; 15] = [
    "http",
    "path",
    "auth",
    "legacy_sse",
    "public_url",
    "allowed_hosts",
    "allowed_origins",
    "plugins",
    "approval",
    "plugin_keys",
    "prompts",
    "cache",
    "state",
    "limits",
    "log",
];

/// The keys of `[server.log]`.
pub(super) const LOG_KEYS: [&str; 2] = ["level", "json"];

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What concerns the host as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Server {
    /// Where to listen for MCP over HTTP; `None` for stdio alone.
    pub http: Option<SocketAddr>,
    /// Under which path.
    pub path: EndpointPath,
    /// What its callers have to prove.
    pub access: Access,
    /// Whether the transport of 2024-11-05 is served beside, at `/sse` and `/<connection>/sse`.
    pub legacy_sse: bool,
    /// The address under which clients reach the HTTP endpoint, where a proxy stands before it.
    pub public_url: Option<Url>,
    /// The folder that is watched for plugins, absolute.
    pub plugins: Option<PathBuf>,
    /// Which plugins of the folder serve without being approved by hand.
    pub approval: Approval,
    /// Whose signature plugins of the folder need; none if that of nobody.
    pub plugin_keys: Vec<PluginKey>,
    /// The folder of prompts that replace the built-in ones or stand beside them, absolute.
    pub prompts: Option<PathBuf>,
    /// The folder of compiled components, absolute; `None` where the user has no cache folder.
    pub cache: Option<PathBuf>,
    /// Where it keeps what has to outlast it.
    pub state: State,
    /// Further values of the `Host` header that are answered, lower case.
    pub allowed_hosts: Vec<String>,
    /// Further values of the `Origin` header that are answered, as browsers spell them.
    pub allowed_origins: Vec<String>,
    /// What the whole host gives.
    pub limits: ServerLimits,
    /// What is logged.
    pub log: Log,
}

/// Which plugins of the folder serve without being approved by hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Approval {
    /// Those that are seen for the first time, and later those that ask for no more than before.
    #[default]
    FirstUse,
    /// None: every file that is new or changed waits.
    Required,
}

const APPROVALS: [(&str, Approval); 2] = [
    ("first-use", Approval::FirstUse),
    ("required", Approval::Required),
];

/// The path of the HTTP endpoint, e.g. `/mcp`: begins with a slash and ends with none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointPath(String);

impl Default for EndpointPath {
    fn default() -> Self {
        Self("/mcp".into())
    }
}

impl fmt::Display for EndpointPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl EndpointPath {
    /// A slash at the end makes no difference; names are letters, digits and `-._~`, so that nothing has
    /// to be encoded.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let plain = |name: &str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            !name.is_empty() && !name.bytes().all(|b| b == b'.') && name.bytes().all(known)
        };
        let path = text.strip_suffix('/').unwrap_or(text);
        match path.strip_prefix('/') {
            Some(names) if names.split('/').all(plain) => Ok(Self(path.to_owned())),
            _ => Err("must be a path of names of letters, digits and `-._~`, e.g. `/mcp`"),
        }
    }
}

impl EndpointPath {
    /// The paths of the older transport are not taken.
    fn beside(self, legacy_sse: bool) -> Result<Self, &'static str> {
        let last = self.0.rsplit('/').next();
        if legacy_sse && matches!(last, Some("sse" | "messages")) {
            return Err("is a path that `server.legacy_sse` serves; take another, e.g. `/mcp`");
        }
        Ok(self)
    }
}

/// What is logged, to stderr.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// `off`, `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,portcullis=debug`;
    /// `None` where the operator said nothing.
    pub level: Option<String>,
    /// One JSON object per line instead of text.
    pub json: bool,
}

/// Reads `[server]`; without it everything has its default.
pub(super) fn read(table: &Table, context: &Context<'_>) -> Server {
    let section = Section::open("server", table, context.report, &KEYS);
    let path = |key: &str| section.text(key)?.check(|text| context.path(text));
    let state = state::read(&section, context);
    let legacy_sse = section.flag("legacy_sse").is_some_and(|flag| flag.value);
    Server {
        access: access::read(&section, &state, context),
        http: section
            .text("http")
            .and_then(|field| field.check(|text| address::socket(text))),
        path: section
            .text("path")
            .and_then(|field| field.check(|text| EndpointPath::parse(text)?.beside(legacy_sse)))
            .unwrap_or_default(),
        legacy_sse,
        public_url: section
            .text("public_url")
            .and_then(|field| field.check(|text| public_url(text))),
        plugins: path("plugins"),
        approval: section
            .text("approval")
            .and_then(|field| field.check(|text| choose("value", text, &APPROVALS)))
            .unwrap_or_default(),
        plugin_keys: plugin_key::read(&section, context),
        prompts: path("prompts"),
        cache: path("cache").or_else(default_cache),
        state,
        allowed_hosts: checked(
            &section,
            "allowed_hosts",
            "[\"mcp.example.com\"]",
            address::host,
        ),
        allowed_origins: checked(
            &section,
            "allowed_origins",
            "[\"https://app.example.com\"]",
            address::origin,
        ),
        limits: ServerLimits::read(&section),
        log: log(&section),
    }
}

/// Reads an address under which clients reach the host.
///
/// # Errors
/// It is no URL of a web server, in words.
pub fn public_url(text: &str) -> Result<Url, String> {
    address::base(text).map_err(|error| error.to_string())
}

/// The user's cache folder for this program.
#[must_use]
pub fn default_cache() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|folders| folders.cache_dir().join("portcullis"))
}

fn checked(
    section: &Section<'_>,
    key: &str,
    example: &str,
    check: fn(&str) -> Result<String, String>,
) -> Vec<String> {
    let fields = section
        .texts(key, example)
        .map(|list| list.value)
        .unwrap_or_default();
    fields
        .iter()
        .filter_map(|field| field.check(|text| check(text)))
        .collect()
}

fn log(server: &Section<'_>) -> Log {
    let Some(field) = server.table("log") else {
        return Log::default();
    };
    let section = Section::open(&field.key, field.value, field.report, &LOG_KEYS);
    Log {
        level: section
            .text("level")
            .and_then(|field| field.check(|text| level(text))),
        json: section.flag("json").is_some_and(|flag| flag.value),
    }
}

/// A level in any case, or directives such as `portcullis=debug`, which the log itself checks.
/// Python's `WARNING` is understood, because the variables of its programs are.
fn level(text: &str) -> Result<String, String> {
    if text.contains('=') {
        return Ok(text.to_owned());
    }
    let lower = text.to_ascii_lowercase();
    let level = if lower == "warning" {
        "warn"
    } else {
        lower.as_str()
    };
    if LEVELS.contains(&level) {
        Ok(level.to_owned())
    } else {
        Err(format!(
            "unknown level `{}`; {}",
            shown(text),
            instead(level, &LEVELS)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::default_state;
    use crate::config::tests::config;

    #[test]
    fn everything_has_a_default() {
        let server = config("").server;
        assert_eq!(
            server,
            Server {
                cache: default_cache(),
                state: State {
                    file: default_state(),
                    key: None,
                },
                ..Server::default()
            }
        );
        assert_eq!(server.limits.sessions, 1000);
    }

    #[test]
    fn values_are_read() {
        let server = config(
            "[server]\nhttp = '[::1]:0'\npublic_url = 'https://mcp.example.com'\nplugins = 'p'\ncache = '/c'\nallowed_hosts = ['A:1']\nallowed_origins = ['https://b']\nlimits.drain_ms = 500\nlog = { level = 'WARNING', json = true }",
        )
        .server;
        assert_eq!(server.http.unwrap().to_string(), "[::1]:0");
        assert_eq!(server.plugins, Some(PathBuf::from("/etc/portcullis/p")));
        assert_eq!(server.cache, Some(PathBuf::from("/c")));
        assert_eq!(
            (
                server.allowed_hosts[0].as_str(),
                server.allowed_origins[0].as_str()
            ),
            ("a:1", "https://b")
        );
        assert_eq!(
            server.limits,
            ServerLimits {
                drain_ms: 500,
                ..ServerLimits::default()
            }
        );
        assert_eq!(
            server.log,
            Log {
                level: Some("warn".into()),
                json: true
            }
        );
    }

    #[test]
    fn paths() {
        for (text, expected) in [
            ("/mcp", Some("/mcp")),
            ("/api/v1.0/mcp/", Some("/api/v1.0/mcp")),
            ("/", None),
            ("", None),
            ("mcp", None),
            ("/a//b", None),
            ("/a/../b", None),
            ("/{a}", None),
            ("/a b", None),
            ("/a?b", None),
        ] {
            let path = EndpointPath::parse(text).ok().map(|path| path.to_string());
            assert_eq!(path.as_deref(), expected, "{text}");
        }
    }
}
