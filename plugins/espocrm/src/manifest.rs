//! What the plugin asks for: base, headers, secrets, credentials, environment variables.
//!
//! Tools and their routes are declared in `lib` and `routes`.

use portcullis_sdk::{
    Manifest, ManifestExt, Recipe, alternative,
    manifest_types::{Credential, Expired},
};

use crate::settings::Settings;

pub(crate) fn manifest() -> Manifest {
    portcullis_sdk::manifest(
        "espocrm",
        env!("CARGO_PKG_VERSION"),
        "EspoCRM 9 and 10 through its REST API",
    )
    .base(&["/api/v1"], "/api/v1")
    .sends(&["x-version-number", "x-skip-duplicate-check", "x-no-total"])
    .receives(&[
        "x-status-reason",
        "x-app-timestamp",
        "x-record-link-updated",
    ])
    .settings::<Settings>()
    .secret("api_key", "API key of the API user")
    .secret(
        "secret_key",
        "Secret key of an API user whose method is HMAC",
    )
    .credential("default", vec![api_key(), hmac()])
    .env("ESPOCRM_URL", "url")
    .env("ESPOCRM_API_KEY", "secrets.api_key")
    .env("ESPOCRM_SECRET_KEY", "secrets.secret_key")
    .env("ESPOCRM_AUTH", "auth")
    .env_times("ESPOCRM_TIMEOUT_SECS", "limits.timeout_ms", 1000)
    .env("ESPOCRM_TLS_VERIFY", "tls_verify")
    .env("ESPOCRM_TIME_ZONE", "settings.time_zone")
    .env("ESPOCRM_DEFAULT_ASSIGNEE", "settings.default_assignee")
    .env("ESPOCRM_SENDER_ADDRESS", "settings.sender_address")
    .env("SERVER_MAX_LIMIT", "settings.max_limit")
    .env("SERVER_METADATA_TTL_SECS", "settings.metadata_ttl_s")
    .env(
        "SERVER_RATE_LIMIT_REQUESTS_PER_SECOND",
        "limits.rate_per_second",
    )
    .env("SERVER_RATE_LIMIT_BURST", "limits.rate_burst")
    .env(
        "SERVER_RATE_LIMIT_MAX_CONCURRENT",
        "limits.concurrent_calls",
    )
    .env("LOGGING_LEVEL", "log.level")
    .env("LOGGING_JSON", "log.json")
}

/// First, so that it serves wherever a key is set; `auth = "hmac"` chooses the other.
fn api_key() -> Credential {
    let recipe = Recipe::Header {
        header: "x-api-key".to_owned(),
        value: "{api_key}".to_owned(),
    };
    refused_with_401(alternative("api_key", &["api_key"], recipe))
}

fn hmac() -> Credential {
    let recipe = Recipe::Hmac {
        header: "x-hmac-authorization".to_owned(),
        id: "{api_key}".to_owned(),
        key: "{secret_key}".to_owned(),
    };
    refused_with_401(alternative("hmac", &["api_key", "secret_key"], recipe))
}

/// More than ten refusals within a minute lock the caller's address out, so a refusal must be
/// known as one.
fn refused_with_401(mut credential: Credential) -> Credential {
    credential.expired = vec![Expired::Status { status: vec![401] }];
    credential
}
