//! What the plugin asks for: base, headers, secrets, credentials, environment variables.
//!
//! Tools and their routes are declared in `lib`, `routes` and `actions`.

use portcullis_sdk::{
    Manifest, ManifestExt, Recipe, alternative,
    manifest_types::{Credential, EnvRule, ExplainedBody},
};

use crate::settings::Settings;

/// In the framework's own page, which the CRM answers to unknown leads, to bad dates and to much else
/// that a request can ask for; so it says nothing of the CRM's health.
const OWN_FAULT: &str = "<title>Server Error (500)</title>";

pub(crate) fn manifest() -> Manifest {
    let mut manifest = portcullis_sdk::manifest(
        "bottlecrm",
        env!("CARGO_PKG_VERSION"),
        "BottleCRM (Django-CRM) through its REST API",
    )
    .base(&["/api/", "/api"], "")
    .settings::<Settings>()
    .secret("token", "Personal access token, bcrm_pat_…")
    .credential("default", vec![token(), forward()])
    .env("BCRM_BASE_URL", "url")
    .env_rule(
        "BCRM_TOKEN",
        EnvRule {
            required: true,
            ..EnvRule::of("secrets.token")
        },
    )
    .env_rule("BCRM_TRANSPORT", usual("server.transport", "stdio"))
    .env_rule("BCRM_HOST", usual("server.host", "127.0.0.1"))
    .env_rule("BCRM_PORT", usual("server.port", "8900"))
    .env_rule("BCRM_PATH", usual("server.path", "/mcp"))
    .explained(500, ExplainedBody::Contains(OWN_FAULT.to_owned()));
    manifest.base.trailing_slash = true;
    manifest
}

/// What holds where the variable is not set.
fn usual(set: &str, default: &str) -> EnvRule {
    EnvRule {
        default: Some(default.to_owned()),
        ..EnvRule::of(set)
    }
}

/// One token for all callers.
fn token() -> Credential {
    let recipe = Recipe::Bearer {
        value: "{token}".to_owned(),
    };
    alternative("token", &["token"], recipe)
}

/// Each caller's own token; for connections with `identity = "forward"`.
fn forward() -> Credential {
    alternative("forward", &[], Recipe::Forward { tokens: None })
}
