//! Access tokens of the operator's own authorization server: what clients are told before they have one, who
//! is let in by one, and what its scopes are for.

use axum::http::StatusCode;
use portcullis::keys::Terms;
use serde_json::{Value, json};

use super::{CONFIG, World};
use crate::support::http::Ask;
use crate::support::issuer::{Signer, now};
use crate::support::stub::{Arrived, json_response};
use crate::support::{Era, HttpMcp, Stub, in_time, list, text};

const PUBLIC: &str = "https://mcp.example.com";
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A login server, and a host that takes its tokens.
struct Login {
    world: World,
    server: Stub,
    signer: Signer,
}

impl Login {
    async fn new() -> Self {
        Self::with("keys = true").await
    }

    async fn with(more: &str) -> Self {
        let signer = Signer::new("k1");
        let keys = signer.published();
        let server = Stub::start(move |arrived: &Arrived| {
            let host = arrived.header("host").unwrap_or_default();
            let issuer = format!("http://{host}/realm");
            match arrived.path.as_str() {
                "/.well-known/oauth-authorization-server/realm" => {
                    let keys = format!("{issuer}/keys.json");
                    json_response(json!({"issuer": issuer, "jwks_uri": keys}).to_string())
                }
                "/realm/keys.json" => json_response(keys.to_string()),
                _ => {
                    let mut response = json_response("{}");
                    *response.status_mut() = StatusCode::NOT_FOUND;
                    response
                }
            }
        })
        .await;
        let auth = format!(
            "[server.auth]\nissuer = \"{}realm\"\n{more}\n",
            url(&server)
        );
        let config = CONFIG
            .replace("auth = \"keys\"\n", &format!("public_url = \"{PUBLIC}\"\n"))
            .replacen(
                "[connections.sales]",
                &format!("{auth}[connections.sales]"),
                1,
            );
        Self {
            world: World::with(&config).await,
            server,
            signer,
        }
    }

    fn issuer(&self) -> String {
        format!("{}realm", url(&self.server))
    }

    fn token(&self, changes: &Value) -> String {
        let mut claims = json!({
            "iss": self.issuer(), "sub": "ada", "aud": format!("{PUBLIC}/mcp"), "exp": now() + 3600,
            "scope": "openid crm.read",
        });
        for (name, value) in changes.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        self.signer.token(&claims)
    }
}

fn url(server: &Stub) -> String {
    format!("{}/", server.url().trim_end_matches('/'))
}

#[tokio::test]
async fn a_client_without_a_token_is_led_to_the_login() {
    let mut login = Login::new().await;
    let address = login.world.host.serve().await.address;
    for path in ["/mcp", "/mcp/sales"] {
        let client = HttpMcp::stranger(address, Era::Stateless, path);
        for bearer in [None, Some("pcl_wrong")] {
            let answer = client.ask("tools/list", json!({}));
            let answer = match bearer {
                Some(bearer) => answer.header("authorization", &format!("Bearer {bearer}")),
                None => answer,
            };
            let answer = in_time("an answer", answer.send(address))
                .await
                .expect("an answer");
            assert_eq!(answer.status, 401, "{answer:?}");
            assert_eq!(
                answer.header("www-authenticate").expect("a challenge"),
                format!(
                    "Bearer realm=\"portcullis\", resource_metadata=\"{PUBLIC}{WELL_KNOWN}{path}\", scope=\"crm.read\""
                )
            );
        }
        let document = Ask::new("GET", &format!("{WELL_KNOWN}{path}")).send(address);
        let document = in_time("a document", document).await.expect("an answer");
        assert_eq!(
            document.json(),
            json!({
                "resource": format!("{PUBLIC}{path}"),
                "authorization_servers": [login.issuer()],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["crm.read"],
            })
        );
    }
    assert!(login.server.seen().is_empty(), "nothing is fetched for it");
}

#[tokio::test]
async fn only_tokens_for_this_host_let_in() {
    let mut login = Login::new().await;
    let address = login.world.host.serve().await.address;
    let status = async |path: &str, token: &str| {
        let client = HttpMcp::stranger(address, Era::Stateless, path).bearing(Some(token));
        client.send("tools/list", json!({})).await.status
    };
    let whole = format!("{PUBLIC}/mcp");
    let part = format!("{PUBLIC}/mcp/sales");
    for (changes, at_whole, at_part) in [
        (json!({}), 200, 200),
        (json!({"aud": ["other", whole]}), 200, 200),
        (json!({"aud": part}), 401, 200),
        (json!({"aud": "other"}), 401, 401),
        (json!({"aud": PUBLIC}), 401, 401),
        (json!({"iss": "https://evil.example"}), 401, 401),
        (json!({"exp": now() - 3600}), 401, 401),
        (json!({"nbf": now() + 3600}), 401, 401),
        (json!({"sub": ""}), 401, 401),
        (json!({"scope": "openid"}), 403, 403),
        (json!({"scope": null, "scp": ["crm.read"]}), 200, 200),
    ] {
        let token = login.token(&changes);
        assert_eq!(status("/mcp", &token).await, at_whole, "{changes}");
        assert_eq!(status("/mcp/sales", &token).await, at_part, "{changes}");
    }
    let strangers = Signer::new("k1").token(&json!({
        "iss": login.issuer(), "sub": "ada", "aud": whole, "exp": now() + 3600, "scope": "crm.read",
    }));
    assert_eq!(status("/mcp", &strangers).await, 401);
    let key = login.world.key().await;
    assert_eq!(status("/mcp", &key).await, 200, "keys are taken as well");
}

#[tokio::test]
async fn scopes_are_effects_and_a_missing_one_is_asked_for() {
    let mut login = Login::new().await;
    let address = login.world.host.serve().await.address;
    let reads = login.token(&json!({}));
    let writes = login.token(&json!({"scope": "crm.read crm.write"}));
    let id = json!({"entityType": "Account", "id": login.world.crm.first("Account")});
    for era in Era::BOTH {
        let client = HttpMcp::connect_as(address, era, "/mcp", &reads).await;
        let answer = client.request("tools/list", json!({})).await;
        let names: Vec<_> = list(&answer["result"]["tools"])
            .iter()
            .map(|tool| text(tool, "/name"))
            .collect();
        assert!(
            names.contains(&"sales_get") && !names.contains(&"sales_update"),
            "{names:?}"
        );
        let result = client.call("sales_get", id.clone()).await;
        assert_eq!(result["isError"], json!(false), "{result}");
        let update = json!({"name": "sales_update", "arguments": {}});
        let refused = client.send("tools/call", update.clone()).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        let challenge = refused.header("www-authenticate").expect("a challenge");
        for part in [
            "error=\"insufficient_scope\"",
            "scope=\"crm.read crm.write\"",
            "resource_metadata=\"",
        ] {
            assert!(challenge.contains(part), "{part}: {challenge}");
        }
        // The same person with more: the session goes on.
        let client = client.bearing(Some(&writes));
        let answer = client.send("tools/call", update).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let delete = client
            .send(
                "tools/call",
                json!({"name": "sales_delete", "arguments": {}}),
            )
            .await;
        assert_eq!(delete.status, 403, "{delete:?}");
        let support = client.call("support_update", json!({})).await;
        assert_eq!(
            support["isError"],
            json!(true),
            "the file forbids it, and no scope helps"
        );
    }
    for seen in login.world.crm.memory.requests() {
        assert!(
            !format!("{seen:?}").contains(&reads),
            "a token for us goes nowhere else"
        );
    }
}

#[tokio::test]
async fn a_server_without_scopes_and_one_with_an_audience() {
    let mut login = Login::with("scopes = false\naudience = [\"api://crm\"]").await;
    let address = login.world.host.serve().await.address;
    let token = login.token(&json!({"aud": "api://crm", "scope": null}));
    let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", &token).await;
    let answer = client.request("tools/list", json!({})).await;
    let names: Vec<_> = list(&answer["result"]["tools"])
        .iter()
        .map(|tool| text(tool, "/name"))
        .collect();
    assert_eq!(names, login.world.host.listed());
    let (key, _) = login.world.issue("ada", Terms::default()).await;
    let refused = HttpMcp::stranger(address, Era::Stateless, "/mcp").bearing(Some(key.expose()));
    let refused = refused.send("tools/list", json!({})).await;
    assert_eq!(refused.status, 401, "keys are not asked for: {refused:?}");
}
