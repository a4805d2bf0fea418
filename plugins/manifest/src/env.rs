//! Environment-only mode: the variables, and the file of several CRMs, of the program that a plugin
//! replaces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where the value of an environment variable goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EnvRule {
    /// A key of a connection, e.g. `url`, `secrets.api_key`, `limits.timeout_ms`, `tls_verify`,
    /// `settings.time_zone`; `code`, what is appended to `env_prefix`; or of the host: `log.level` and
    /// `log.json`, `server.transport` (`stdio` or `http`), `server.host`, `server.port` and
    /// `server.path`, and `server.public_url`. With `server.transport` set to `http` every caller
    /// brings their own token. `ignored` is for a variable that meant something to the program that is
    /// replaced and means nothing here; the operator is told once.
    pub set: String,
    /// A factor for whole numbers, e.g. 1000 for seconds into milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What holds where the variable is not set; for `server.*` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether nothing is served without it, for a secret: the program that is replaced does not
    /// start either. Callers that bring their own tokens need none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

impl EnvRule {
    /// A rule that sets a key.
    #[must_use]
    pub fn of(set: &str) -> Self {
        Self {
            set: set.to_owned(),
            ..Self::default()
        }
    }
}

/// A JSON file in which the program that this plugin replaces lists several CRMs: one object whose
/// keys are codes and whose values are objects. `serve --entities FILE` makes a connection of each,
/// named by its code; its tools begin with `env_prefix` and the code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Entities {
    /// The members of one value, by name; others are refused.
    pub members: BTreeMap<String, EntityMember>,
    /// Variables of one entity, beside those of `env`, which hold for all; `{CODE}` in a name stands
    /// for the code in upper case, with `_` for `-`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, EnvRule>,
}

/// What a member of an entity means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EntityMember {
    /// The key of the connection that it sets: `url` (text) or `tls_verify` (true or false). Without
    /// it the member is for people alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Whether the key is set to the opposite, e.g. of a member that says to skip a check.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
    /// Whether an entity without it is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Whether it meant something to the program that is replaced and means nothing here; the
    /// operator is told once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}
