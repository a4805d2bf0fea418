//! What the plugin asks for: base, secrets, credentials, environment variables.
//!
//! Tools and their routes are declared in `lib` and `routes`.

use std::collections::BTreeMap;

use portcullis_sdk::{
    Manifest, ManifestExt, Method, Recipe, alternative,
    manifest_types::{
        Capture, Credential, Entities, EntityMember, EnvRule, Expired, ExplainedBody, Grant,
        LoginRequest, Place, Probe, Secret, TokenBody, TokenClient, TokenRequest,
    },
};
use serde_json::{Value, json};

use crate::{
    routes::{REST, V4, V8},
    settings::Settings,
};

/// What may stand behind the CRM's root in the operator's URL; the longest first.
const STRIP: &[&str] = &[
    "/service/v4_1/rest.php",
    "/service/v4/rest.php",
    "/service/v4_1",
    "/service/v4",
    "/Api/V8",
    "/Api",
    "/index.php",
];

/// Where the old part of the CRM lies below the address: SuiteCRM 7, SuiteCRM 8, SuiteCRM 8 whose
/// web root was not moved, and the folders that people install into.
const PREFIXES: &[&str] = &[
    "",
    "/legacy",
    "/public/legacy",
    "/crm",
    "/suitecrm",
    "/suite",
    "/crm/legacy",
    "/suitecrm/legacy",
];

pub(crate) fn manifest() -> Manifest {
    let port = EnvRule {
        default: Some("3101".to_owned()),
        ..EnvRule::of("server.port")
    };
    let mut manifest = portcullis_sdk::manifest(
        "suitecrm",
        env!("CARGO_PKG_VERSION"),
        "SuiteCRM 7 and 8 through its v4_1 API and its V8 JSON API",
    )
    .base(STRIP, "")
    .settings::<Settings>()
    .secret("password", "CRM password")
    .secret("client_secret", "Secret of the V8 client")
    .explained(500, ExplainedBody::Empty)
    .explained(500, ExplainedBody::Contains("Database failure".to_owned()))
    .credential(V4, vec![session(), plain()])
    .credential(V8, vec![password(), client_credentials()])
    .env("SUITECRM_ENDPOINT", "url")
    .env("SUITECRM_USERNAME", "secrets.username")
    .env("SUITECRM_PASSWORD", "secrets.password")
    .env("SUITECRM_V8_CLIENT_ID", "secrets.client_id")
    .env("SUITECRM_V8_CLIENT_SECRET", "secrets.client_secret")
    .env("SUITECRM_PREFIX", "prefix")
    .env("SUITECRM_CODE", "code")
    .env_rule("PORT", port)
    .env("BIND_HOST", "server.host")
    .env("CRM_TIMEOUT_MS", "limits.timeout_ms")
    .env("CIRCUIT_BREAKER_THRESHOLD", "limits.breaker_threshold")
    .env("CIRCUIT_BREAKER_RESET_MS", "limits.breaker_reset_ms")
    .env("NODE_TLS_REJECT_UNAUTHORIZED", "tls_verify");
    manifest.env_prefix = "suitecrm".to_owned();
    manifest.entities = Some(entities());
    for (name, title) in [("username", "CRM user name"), ("client_id", "V8 client id")] {
        let title = title.to_owned();
        manifest.secrets.insert(
            name.to_owned(),
            Secret {
                title,
                scrub: false,
            },
        );
    }
    manifest.base.probe = Some(probe());
    manifest
}

/// The file `entities.json`: code → `{label, endpoint, port, group, tls_skip}`. Credentials come from
/// the environment, for all entities or for one.
fn entities() -> Entities {
    let member = |set: Option<&str>| EntityMember {
        set: set.map(str::to_owned),
        ..EntityMember::default()
    };
    let ignored = || EntityMember {
        ignored: true,
        ..member(None)
    };
    let endpoint = EntityMember {
        required: true,
        ..member(Some("url"))
    };
    let tls_skip = EntityMember {
        negated: true,
        ..member(Some("tls_verify"))
    };
    let members = [
        ("label", member(None)),
        ("endpoint", endpoint),
        ("port", ignored()),
        ("group", ignored()),
        ("tls_skip", tls_skip),
    ];
    let env = [
        ("SUITECRM_{CODE}_USERNAME", "secrets.username"),
        ("SUITECRM_{CODE}_PASSWORD", "secrets.password"),
    ];
    Entities {
        members: members
            .map(|(name, member)| (name.to_owned(), member))
            .into(),
        env: env
            .map(|(name, set)| (name.to_owned(), EnvRule::of(set)))
            .into(),
    }
}

/// `get_server_info` needs no session and takes no argument.
fn probe() -> Probe {
    let mut form = envelope("get_server_info");
    form.insert("rest_data".to_owned(), "[]".to_owned());
    Probe {
        prefixes: PREFIXES.iter().map(|&prefix| prefix.to_owned()).collect(),
        method: Method::Post,
        path: REST.to_owned(),
        form,
        expect: Some("/version".to_owned()),
    }
}

fn session() -> Credential {
    login(
        "session",
        &json!({"user_name": "{username}", "password": "{password|md5}"}),
    )
}

/// For sites whose users are checked against LDAP, which needs the password itself.
fn plain() -> Credential {
    login(
        "plain",
        &json!({"user_name": "{username}", "password": "{password}", "encryption": "PLAIN"}),
    )
}

fn login(name: &str, user: &Value) -> Credential {
    let recipe = Recipe::Login {
        login: request("login", json!([user, "Portcullis", []])),
        logout: Some(Box::new(request("logout", json!(["{token}"])))),
        capture: Capture::Json("/id".to_owned()),
        place: Place::Form {
            form: "rest_data".to_owned(),
            json: "/0".to_owned(),
        },
        sessions: 4,
        lifetime_s: Some(1200),
    };
    // Methods without a module argument answer 10 for a session that is gone, the others 11.
    let expired = Expired::Json {
        json: "/number".to_owned(),
        is: vec![json!(10), json!(11)],
    };
    Credential {
        expired: vec![expired],
        refused_means_not_done: true,
        ..alternative(name, &["username", "password"], recipe)
    }
}

fn request(method: &str, arguments: Value) -> LoginRequest {
    LoginRequest {
        method: Method::Post,
        path: REST.to_owned(),
        form: envelope(method),
        form_json: BTreeMap::from([("rest_data".to_owned(), arguments)]),
        json: None,
    }
}

fn envelope(method: &str) -> BTreeMap<String, String> {
    [
        ("method", method),
        ("input_type", "JSON"),
        ("response_type", "JSON"),
    ]
    .map(|(field, value)| (field.to_owned(), value.to_owned()))
    .into()
}

fn password() -> Credential {
    oauth(
        "password",
        Grant::Password,
        &["client_id", "client_secret", "username", "password"],
        true,
    )
}

fn client_credentials() -> Credential {
    oauth(
        "client_credentials",
        Grant::ClientCredentials,
        &["client_id", "client_secret"],
        false,
    )
}

fn oauth(name: &str, grant: Grant, needs: &[&str], refresh: bool) -> Credential {
    let recipe = Recipe::OAuth2 {
        grant,
        token: TokenRequest {
            path: "Api/access_token".to_owned(),
            body: TokenBody::Json,
            client: TokenClient::Body,
        },
        place: Place::Header {
            header: "authorization".to_owned(),
            value: "Bearer {token}".to_owned(),
        },
        refresh,
    };
    Credential {
        expired: vec![Expired::Status { status: vec![401] }],
        refused_means_not_done: true,
        ..alternative(name, needs, recipe)
    }
}
