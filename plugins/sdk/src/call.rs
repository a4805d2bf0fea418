//! The call that is running: what a tool function is given, and the host behind it.
//!
//! [`Host`] is everything that the world imports; on wasm32 it is the real one, in tests a
//! stand-in. A call keeps nothing for the next.

use std::{
    cell::{Cell, OnceCell},
    time::Duration,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    block::{Block, Refused},
    cache::Cache,
    client::Client,
    failure::Failure,
    http::{HttpError, Request, Response},
};

/// Sends requests; WIT `http`.
pub trait Transport {
    /// Sends one request. A status other than 2xx is a response.
    ///
    /// # Errors
    /// No usable response came.
    fn send(&self, request: &Request) -> Result<Response, HttpError>;

    /// Sends several concurrently; answers stand in the order of the requests.
    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, HttpError>>;
}

/// A line's importance; WIT `log.level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Everything that a plugin may import.
pub trait Host: Transport {
    /// Writes a line to the operator's log; never a value of an argument or of a record.
    fn log(&self, level: Level, message: &str);
    /// What is known of the connection, as JSON text; see [`Connection`].
    fn connection(&self) -> String;
    /// Bytes kept by an earlier call.
    fn cache_get(&self, key: &str) -> Option<Vec<u8>>;
    /// Keeps bytes for at most so many milliseconds.
    fn cache_put(&self, key: &str, value: &[u8], ttl_ms: u32);
    /// Drops what is kept.
    fn cache_remove(&self, key: &str);
    /// Milliseconds until the call's deadline.
    fn remaining_ms(&self) -> u32;
    /// Adds a block to the answer.
    ///
    /// # Errors
    /// The host does not take it.
    fn attach(&self, _block: &Block) -> Result<(), Refused> {
        Err(Refused::NotHere)
    }
    /// Whether anybody follows the call.
    fn is_followed(&self) -> bool {
        false
    }
    /// Tells how far it is.
    fn report(&self, _done: f64, _total: Option<f64>, _message: Option<&str>) {}
    /// Waits.
    fn sleep(&self, time: Duration);
}

/// The connection that the call runs on; nothing of it is secret.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Connection {
    /// The operator's name for it.
    pub name: String,
    /// What stands with an underscore before the names of its tools; empty for nothing.
    prefix: String,
    /// The address of the CRM's pages, for links.
    pub url: String,
    /// `service` or `forward`.
    pub identity: String,
    /// What a call may use up.
    pub limits: ConnectionLimits,
    /// The slots that have a credential.
    pub credentials: Vec<String>,
    /// The time when the plugin first asked, RFC 3339 in UTC.
    pub now: String,
    /// The operator's settings with their defaults, an object; [`Call::settings`] reads it.
    settings: Option<Value>,
    /// The connection's circuit breaker, where the host tells of it.
    pub breaker: Option<Breaker>,
}

impl Connection {
    /// The name under which clients know one of the plugin's tools on this connection.
    #[must_use]
    pub fn tool(&self, name: &str) -> String {
        if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}_{name}", self.prefix)
        }
    }
}

/// The circuit breaker of a connection.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Breaker {
    /// `closed`, `open` or `half-open`.
    pub state: String,
    /// Consecutive faults.
    pub failures: u32,
}

/// What a call may use up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ConnectionLimits {
    /// Bytes of one response.
    pub response_bytes: u64,
    /// Requests of one call.
    pub upstream_calls: u32,
    /// Milliseconds.
    pub timeout_ms: u64,
}

/// The call that is running.
pub struct Call<'h> {
    host: &'h dyn Host,
    connection: OnceCell<Connection>,
    changed: Cell<bool>,
    listed: OnceCell<Vec<String>>,
}

impl<'h> Call<'h> {
    /// A call over a host.
    #[must_use]
    pub fn new(host: &'h dyn Host) -> Self {
        Self {
            host,
            connection: OnceCell::new(),
            changed: Cell::new(false),
            listed: OnceCell::new(),
        }
    }

    /// The way to the CRM, with the credential slot `default`.
    #[must_use]
    pub fn http(&self) -> Client<'_> {
        Client::new(self)
    }

    /// What earlier calls kept.
    #[must_use]
    pub fn cache(&self) -> Cache<'_> {
        Cache::new(self.host)
    }

    /// The connection's settings, read into a struct. Defaults and checks are the host's business, by
    /// the schema in the manifest.
    ///
    /// # Errors
    /// `INTERNAL` when a value does not fit the struct, which the host's schema check prevents, or
    /// when the host told none.
    pub fn settings<S: DeserializeOwned>(&self) -> Result<S, Failure> {
        let Some(settings) = &self.connection().settings else {
            return Err(Failure::internal(
                "the host did not tell the connection's settings; it is older than the plugin",
            ));
        };
        S::deserialize(settings)
            .map_err(|error| Failure::internal(format!("a setting cannot be read: {error}")))
    }

    /// The connection; the host is asked once in a call.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        self.connection
            .get_or_init(|| serde_json::from_str(&self.host.connection()).unwrap_or_default())
    }

    /// Milliseconds until the deadline.
    #[must_use]
    pub fn remaining_ms(&self) -> u32 {
        self.host.remaining_ms()
    }

    /// Adds a block to the answer, behind the result's JSON: an image, a link, a document.
    ///
    /// # Errors
    /// The host does not take it. Where the result is whole without it, that may be left at that.
    pub fn attach(&self, block: impl Into<Block>) -> Result<(), Refused> {
        self.host.attach(&block.into())
    }

    /// Whether anybody asked to be told how far the call is.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.host.is_followed()
    }

    /// Tells whoever asked how far the call is, in a unit of the plugin's choice, with a few words for
    /// a person. What does not go beyond the report before it is dropped by the host.
    pub fn report(&self, done: f64, total: Option<f64>, message: &str) {
        let message = (!message.is_empty()).then_some(message);
        self.host.report(done, total, message);
    }

    /// Waits so many milliseconds; the host suspends the call.
    pub fn pause(&self, milliseconds: u64) {
        self.host.sleep(Duration::from_millis(milliseconds));
    }

    /// Writes a line to the operator's log; never a value of an argument or of a record.
    pub fn log(&self, level: Level, message: &str) {
        self.host.log(level, message);
    }

    /// Whether the CRM accepted a change in this call.
    #[must_use]
    pub fn has_changed_something(&self) -> bool {
        self.changed.get()
    }

    /// Whether the connection lists a tool, by its name in the manifest. Told to the self-test, so that
    /// it can judge what those tools need; no other call knows it, and the answer is no.
    #[must_use]
    pub fn lists(&self, tool: &str) -> bool {
        let listed = self.listed.get();
        listed.is_some_and(|tools| tools.iter().any(|name| name == tool))
    }

    /// What the host tells a self-test: `{"tools": ["search", …]}`.
    pub(crate) fn note_listed(&self, arguments: &Value) {
        let names = arguments["tools"].as_array().into_iter().flatten();
        let names = names.filter_map(Value::as_str).map(str::to_owned);
        self.listed.get_or_init(|| names.collect());
    }

    pub(crate) fn note_change(&self) {
        self.changed.set(true);
    }

    pub(crate) fn host(&self) -> &'h dyn Host {
        self.host
    }
}
