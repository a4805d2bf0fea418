//! The manifest: what a plugin asks for, as data that an operator can read and the host enforces.
//!
//! `describe` of the world `portcullis:plugin` returns this as JSON; the SDK writes it, the host
//! reads it, and its JSON Schema is published as `wit/manifest.schema.json`. This crate holds the
//! shapes alone: it must not know what makes a manifest acceptable (the host judges that) nor how
//! a recipe is carried out.

mod credential;
mod env;
mod prompt;
mod resource;
mod route;
mod tokens;
mod tool;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use credential::{
    Capture, Credential, Expired, Grant, LoginRequest, Needs, Place, Recipe, TokenBody,
    TokenClient, TokenRequest,
};
pub use env::{Entities, EntityMember, EnvRule};
pub use prompt::{Completes, Prompt, PromptArgument};
pub use resource::{CONNECTION, Resource};
pub use route::{Method, Pairs, Query, Route};
pub use tokens::Tokens;
pub use tool::{Case, Effect, LiveCheck, Long, Tool};

/// The revision of this format.
pub const MANIFEST_REVISION: u32 = 1;

/// The world's version that plugins of this release are built for, `major.minor`.
pub const ABI: &str = "0.1";

/// Everything a plugin asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The revision of this format: 1.
    pub manifest: u32,
    /// The plugin's identity, `[a-z][a-z0-9_]{0,23}`; the file's name does not matter.
    pub id: String,
    /// The plugin's own version, `major.minor.patch`.
    pub version: String,
    /// The world's version that it was built for, e.g. `0.1`.
    pub abi: String,
    /// One line for lists.
    pub summary: String,
    /// How the operator's URL becomes the address that paths are appended to.
    #[serde(default)]
    pub base: Base,
    /// Headers beyond `accept` and `content-type`.
    #[serde(default)]
    pub headers: Headers,
    /// JSON Schema (2020-12) of the connection's `settings`, an object schema; `default` values are
    /// filled in by the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    /// The secrets that the operator may configure, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, Secret>,
    /// Environment variables of the program that this plugin replaces; honoured for embedded
    /// plugins when there is no configuration file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, EnvRule>,
    /// The prefix of tool names in environment-only mode, without the underscore; empty for plain
    /// names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub env_prefix: String,
    /// The file of several CRMs that the program that this plugin replaces reads; at most one embedded
    /// plugin has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entities: Option<Entities>,
    /// Credential slots: each lists alternatives, the operator's `auth` or the first whose needs
    /// are all set is used.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub credentials: BTreeMap<String, Vec<Credential>>,
    /// What `portcullis check --live` may run; never listed to a client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_check: Option<LiveCheck>,
    /// Answers of status 5xx that a request can cause by what it asks for, so that they say nothing
    /// of the CRM's health; all others count towards the connection's circuit breaker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<Explained>,
    /// SQL that the operator may run in the CRM's database, for tools that need functions there;
    /// `portcullis plugin sql` prints it. The host never runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// The tools, in the order in which they are listed.
    pub tools: Vec<Tool>,
    /// What can be read beside the tools, in the order in which it is listed; the first whose address
    /// fits is read. The component exports the interface `resources` if there is any, and only then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// Prompts that clients offer their users, in the order in which they are listed, behind those of
    /// the host's operator. The component exports the interface `prompts` if there is any, and only
    /// then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<Prompt>,
}

/// How the operator's URL becomes the base of every request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Suffixes that are taken off the URL's path; the first that fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strip: Vec<String>,
    /// What is appended to the path afterwards, e.g. `/api/v1`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub append: String,
    /// Whether the CRM wants every path to end with a slash, which the host then adds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trailing_slash: bool,
    /// Prefixes to try where installations differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
}

/// Candidate prefixes of the base, tried once each with an unauthenticated request until one is
/// accepted; the result is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Prefixes in the order of trying, e.g. `["", "/legacy"]`.
    pub prefixes: Vec<String>,
    /// GET, or POST for an API that answers nothing else; it must change nothing.
    #[serde(default = "get", skip_serializing_if = "is_get")]
    pub method: Method,
    /// The path below each candidate.
    pub path: String,
    /// Form fields of a POST.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, String>,
    /// A JSON pointer at which the answer of the right candidate holds something other than null;
    /// without it any status 2xx accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
}

/// A 5xx answer that a request can cause by what it asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// HTTP statuses.
    pub status: Vec<u16>,
    /// What its body is.
    pub body: ExplainedBody,
}

/// The body of an [`Explained`] answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ExplainedBody {
    /// Empty but for blanks.
    Empty,
    /// Holds this text.
    Contains(String),
}

/// Headers beyond `accept` and `content-type`, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// Those that the plugin may set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send: Vec<String>,
    /// Those that the plugin may see in an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receive: Vec<String>,
    /// Fixed headers that the host adds; values expand `{secret}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constant: BTreeMap<String, String>,
}

/// A secret that the operator may configure as `secrets.<name>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// What it is, for messages.
    pub title: String,
    /// Whether its value is removed from what the plugin sees. `false` for values that are no
    /// secret, such as a user name.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub scrub: bool,
}

fn yes() -> bool {
    true
}

fn get() -> Method {
    Method::Get
}

fn is_get(method: &Method) -> bool {
    *method == Method::Get
}
