//! Callers' own tokens that the host can judge: signed ones, whose issuer publishes its keys.

use serde::{Deserialize, Serialize};

/// What a caller's token has to be, so that the host takes it: a JWT that this issuer signed with
/// RS256, ES256 (P-256) or EdDSA (Ed25519), for this audience, in its time, with a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// The claim `iss`, exactly. `{base}` at the beginning is the connection's base without a slash
    /// at its end, e.g. `{base}/auth/v1`. Clients are sent there to get a token.
    pub issuer: String,
    /// The path below the base of the issuer's JSON Web Key Set, e.g.
    /// `auth/v1/.well-known/jwks.json`.
    pub keys: String,
    /// Audiences, of which the claim `aud` has to hold one.
    pub audience: Vec<String>,
    /// The claim `role`, exactly; without it any role is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether tokens are taken whose claim `is_anonymous` is true.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
}
