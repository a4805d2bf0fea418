//! Credential recipes: how the host applies a secret that the plugin never sees.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Method, Tokens};

/// Names of secrets that have to be set.
pub type Needs = Vec<String>;

/// One way to authenticate. Strings of a recipe expand `{secret}`, `{secret|md5}` and `{token}`;
/// `{{` is a brace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Credential {
    /// The alternative's name, for the operator's `auth` key.
    pub name: String,
    /// The secrets without which it cannot be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Needs,
    /// How it is applied.
    #[serde(flatten)]
    pub recipe: Recipe,
    /// How an answer looks that refuses the credential.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expired: Vec<Expired>,
    /// Whether a refused request certainly changed nothing, so that it may be sent again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused_means_not_done: bool,
}

/// What the host does with the secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "recipe", rename_all = "lowercase")]
pub enum Recipe {
    /// Sets one header.
    Header {
        /// The header's name, in lower case.
        header: String,
        /// Its value, e.g. `{api_key}`.
        value: String,
    },
    /// `Authorization: Bearer <value>`.
    Bearer {
        /// The token, e.g. `{token}`.
        value: String,
    },
    /// `Authorization: Basic <base64(username:password)>`.
    Basic {
        /// The user's name, e.g. `{username}`.
        username: String,
        /// The password, e.g. `{password}`.
        password: String,
    },
    /// Base64 of `id:hex(HMAC-SHA256(key, METHOD + " /" + path below the base))` in a header.
    Hmac {
        /// The header's name, in lower case.
        header: String,
        /// What names the key, e.g. `{api_key}`.
        id: String,
        /// The key, e.g. `{secret_key}`.
        key: String,
    },
    /// A login call whose answer holds a token.
    Login {
        /// The request.
        login: LoginRequest,
        /// The request that ends a session, for the host's shutdown; it expands `{token}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logout: Option<Box<LoginRequest>>,
        /// Where the token stands in its answer.
        capture: Capture,
        /// Where the token goes in later requests.
        place: Place,
        /// How many logins to keep per identity.
        #[serde(default = "one")]
        sessions: u32,
        /// Seconds after which a token is no longer used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lifetime_s: Option<u64>,
    },
    /// An OAuth 2 token endpoint.
    OAuth2 {
        /// The grant.
        grant: Grant,
        /// The token request.
        token: TokenRequest,
        /// Where the token goes in later requests.
        place: Place,
        /// Whether a refresh token is used and its successor saved.
        #[serde(default)]
        refresh: bool,
    },
    /// The caller's own bearer token.
    Forward {
        /// What the host checks of it before it does anything else. Without it the token is only
        /// known by itself, and the CRM alone judges it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokens: Option<Tokens>,
    },
}

impl Recipe {
    /// The recipe's name in a manifest.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Header { .. } => "header",
            Self::Bearer { .. } => "bearer",
            Self::Basic { .. } => "basic",
            Self::Hmac { .. } => "hmac",
            Self::Login { .. } => "login",
            Self::OAuth2 { .. } => "oauth2",
            Self::Forward { .. } => "forward",
        }
    }
}

/// The request of a login.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The method.
    pub method: Method,
    /// The path below the base.
    pub path: String,
    /// Form fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, String>,
    /// Form fields that hold JSON.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form_json: BTreeMap<String, Value>,
    /// A JSON body instead of a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
}

/// Where a token stands in an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Capture {
    /// At a JSON pointer of the body.
    Json(String),
    /// In a cookie.
    Cookie(String),
    /// In a header.
    Header(String),
}

/// Where a token goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, deny_unknown_fields)]
pub enum Place {
    /// Into a header.
    Header {
        /// Its name, in lower case.
        header: String,
        /// Its value, e.g. `Bearer {token}`.
        value: String,
    },
    /// Into a cookie.
    Cookie {
        /// Its name.
        cookie: String,
    },
    /// Into the JSON of a form field, where the plugin sends null.
    Form {
        /// The field.
        form: String,
        /// The JSON pointer.
        json: String,
    },
}

/// How a refusal looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, deny_unknown_fields)]
pub enum Expired {
    /// One of these statuses.
    Status {
        /// HTTP statuses.
        status: Vec<u16>,
    },
    /// One of these values at a JSON pointer of the body, compared with its type.
    Json {
        /// The pointer.
        json: String,
        /// The values.
        is: Vec<Value>,
    },
}

/// An OAuth 2 grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Resource owner password.
    Password,
    /// Client credentials.
    ClientCredentials,
    /// Refresh token.
    RefreshToken,
}

/// The request to a token endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// The path below the base.
    pub path: String,
    /// How the body is encoded.
    pub body: TokenBody,
    /// Where the client authenticates.
    pub client: TokenClient,
}

/// How a token request's body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TokenBody {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

/// Where the client of a token request authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TokenClient {
    /// In the body.
    Body,
    /// In an `Authorization: Basic` header.
    Basic,
    /// Not at all.
    None,
}

fn one() -> u32 {
    1
}
