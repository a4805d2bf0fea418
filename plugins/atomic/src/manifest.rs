//! What the plugin asks for: headers, secrets, credentials, environment variables.
//!
//! Tools are declared in `lib`, their routes in `routes`.

use portcullis_sdk::{
    Manifest, ManifestExt, Method, Recipe, alternative,
    manifest_types::{
        Capture, Credential, EnvRule, Expired, ExplainedBody, Grant, LoginRequest, Place, Secret,
        TokenBody, TokenClient, TokenRequest, Tokens,
    },
};
use serde_json::json;

use crate::settings::Settings;

/// Under an hour, the project's usual life of a token; a shorter one is found out by its refusal.
const TOKEN_LIFE_S: u64 = 3000;

/// Beginnings of codes that PostgREST sends with status 500 for what a request asked: a violated
/// state, a limit, a cancelled or conflicting statement, an exception of a function. They say
/// nothing of the CRM's health. Source: PostgREST documentation, "Errors", checked 2026-11.
const OWN_FAULTS: &[&str] = &["21000", "40001", "40P01", "54", "55", "57014", "P0"];

pub(crate) fn manifest() -> Manifest {
    let port = EnvRule {
        default: Some("3000".to_owned()),
        ..EnvRule::of("server.port")
    };
    let mut manifest = portcullis_sdk::manifest(
        "atomic",
        env!("CARGO_PKG_VERSION"),
        "Atomic CRM through its Supabase project's REST API",
    )
    .base(&["/rest/v1/", "/rest/v1"], "")
    .sends(&["prefer"])
    .settings::<Settings>()
    .secret("refresh_token", "Refresh token of a signed-in user")
    .secret("password", "Password")
    .credential("default", vec![refresh_token(), password(), forward()])
    .env("SUPABASE_URL", "url")
    .env("SUPABASE_PUBLISHABLE_KEY", "secrets.publishable_key")
    .env("SUPABASE_ANON_KEY", "secrets.publishable_key")
    .env("SUPABASE_REFRESH_TOKEN", "secrets.refresh_token")
    .env("SUPABASE_EMAIL", "secrets.email")
    .env("SUPABASE_PASSWORD", "secrets.password")
    .env("CRM_BASE_URL", "settings.crm_url")
    .env("MCP_SERVER_URL", "server.public_url")
    .env("DATABASE_URL", "ignored")
    .env_rule("PORT", port);
    for (name, title) in [
        ("publishable_key", "Publishable (anon) key of the project"),
        ("email", "E-mail address of the user"),
    ] {
        let secret = Secret {
            title: title.to_owned(),
            scrub: false,
        };
        manifest.secrets.insert(name.to_owned(), secret);
    }
    manifest
        .headers
        .constant
        .insert("apikey".to_owned(), "{publishable_key}".to_owned());
    for code in OWN_FAULTS {
        for body in [format!("\"code\":\"{code}"), format!("\"code\": \"{code}")] {
            manifest = manifest.explained(500, ExplainedBody::Contains(body));
        }
    }
    manifest.sql = Some(crate::SQL.to_owned());
    manifest
}

fn refresh_token() -> Credential {
    let recipe = Recipe::OAuth2 {
        grant: Grant::RefreshToken,
        token: TokenRequest {
            path: "auth/v1/token?grant_type=refresh_token".to_owned(),
            body: TokenBody::Json,
            client: TokenClient::None,
        },
        place: bearer(),
        refresh: true,
    };
    renewed(alternative("refresh_token", &["refresh_token"], recipe))
}

/// A login and not the OAuth grant: the project calls the name of the user `email`.
fn password() -> Credential {
    let recipe = Recipe::Login {
        login: LoginRequest {
            method: Method::Post,
            path: "auth/v1/token?grant_type=password".to_owned(),
            form: [].into(),
            form_json: [].into(),
            json: Some(json!({"email": "{email}", "password": "{password}"})),
        },
        logout: None,
        capture: Capture::Json("/access_token".to_owned()),
        place: bearer(),
        sessions: 1,
        lifetime_s: Some(TOKEN_LIFE_S),
    };
    renewed(alternative("password", &["email", "password"], recipe))
}

/// Each caller's own access token of the project; for connections with `identity = "forward"`. The
/// audience is `authenticated` in every token of a project, whatever it was asked for.
fn forward() -> Credential {
    let tokens = Tokens {
        issuer: "{base}/auth/v1".to_owned(),
        keys: "auth/v1/.well-known/jwks.json".to_owned(),
        audience: vec!["authenticated".to_owned()],
        role: Some("authenticated".to_owned()),
        anonymous: false,
    };
    let recipe = Recipe::Forward {
        tokens: Some(tokens),
    };
    alternative("forward", &[], recipe)
}

fn bearer() -> Place {
    Place::Header {
        header: "authorization".to_owned(),
        value: "Bearer {token}".to_owned(),
    }
}

/// Gateway, PostgREST and the auth server judge the token before anything else; the last answers 403.
fn renewed(credential: Credential) -> Credential {
    Credential {
        expired: vec![
            Expired::Status { status: vec![401] },
            Expired::Json {
                json: "/error_code".to_owned(),
                is: vec!["bad_jwt".into(), "session_not_found".into()],
            },
        ],
        refused_means_not_done: true,
        ..credential
    }
}
