//! What the plugin asks for: base, headers, secrets, credentials, environment variables.
//!
//! Tools and their routes are declared in `lib`, `routes` and `actions`.

use portcullis_sdk::{
    Manifest, ManifestExt, Recipe, alternative,
    manifest_types::{Credential, Explained, ExplainedBody},
};

use crate::settings::Settings;

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
    .env("BCRM_TOKEN", "secrets.token")
    .env("BCRM_TRANSPORT", "server.transport")
    .env("BCRM_HOST", "server.host")
    .env("BCRM_PORT", "server.port")
    .env("BCRM_PATH", "server.path");
    manifest.base.trailing_slash = true;
    manifest.explained = vec![own_fault()];
    manifest
}

/// The framework's own page: the CRM answers it to unknown ids of leads, to bad dates and to much
/// else that a request can ask for, so it says nothing of the CRM's health.
fn own_fault() -> Explained {
    Explained {
        status: vec![500],
        body: ExplainedBody::Contains("<title>Server Error (500)</title>".to_owned()),
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
    alternative("forward", &[], Recipe::Forward {})
}
