//! Connections whose callers' tokens the host judges: what clients are told before they have a token,
//! every token that is refused, and that a person stays the same under a refreshed token.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use portcullis::live::{self, Level};
use serde_json::{Value, json};

use crate::support::http::{Answer, Ask};
use crate::support::issuer::{Signer, claims_of, now};
use crate::support::stub::{Arrived, json_response};
use crate::support::{Era, HttpMcp, Stub, TestHost, guests, in_time, text};

/// One connection with an issuer, and a service beside it.
const CONFIG: &str = r#"
[server]
plugins = "PLUGINS"
[connections.own]
plugin = "issued"
url = "URL"
identity = "forward"
allow = ["read", "destructive"]
"#;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What the CRM calls its issuer, within its own network.
const INSIDE: &str = "http://kong:8000/auth/v1";

/// A CRM with an issuer, and a host before it.
struct World {
    crm: Stub,
    host: TestHost,
    signer: Signer,
    /// The published set; nothing while the issuer is out of order.
    published: Arc<Mutex<Option<Value>>>,
}

impl World {
    async fn new(config: &str) -> Self {
        let signer = Signer::new("k1");
        let published = Arc::new(Mutex::new(Some(signer.published())));
        let keys = Arc::clone(&published);
        let crm = Stub::start(move |arrived: &Arrived| answer(arrived, &keys)).await;
        let files: [(&str, &[u8]); 2] = [
            ("issued.wasm", &guests::bytes("issued")),
            ("forwards.wasm", &guests::bytes("forwards")),
        ];
        let host = TestHost::with_files(config, &crm.url(), &files).await;
        let host = host.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(host.rejected(), Vec::<String>::new());
        Self {
            crm,
            host,
            signer,
            published,
        }
    }

    fn issuer(&self) -> String {
        format!("{}/auth/v1", self.crm.url().trim_end_matches('/'))
    }

    fn claims(&self, subject: &str) -> Value {
        json!({
            "iss": self.issuer(), "sub": subject, "aud": "authenticated", "role": "authenticated",
            "iat": now(), "exp": now() + 3600, "is_anonymous": false, "session_id": "s",
        })
    }

    fn token(&self, subject: &str) -> String {
        self.signer.token(&self.claims(subject))
    }

    fn token_with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims("ada");
        claims[name] = value;
        self.signer.token(&claims)
    }

    /// Requests of callers that reached the CRM.
    fn calls(&self) -> Vec<Arrived> {
        let mut seen = self.crm.seen();
        seen.retain(|arrived| !arrived.path.contains("jwks"));
        seen
    }

    fn fetches(&self) -> usize {
        self.crm.seen().len() - self.calls().len()
    }
}

fn answer(
    arrived: &Arrived,
    keys: &Mutex<Option<Value>>,
) -> axum::http::Response<axum::body::Body> {
    if arrived.path == "/auth/v1/.well-known/jwks.json" {
        assert_eq!(arrived.header("authorization"), None);
        let keys = keys.lock().expect("no test panics with it");
        let Some(keys) = &*keys else {
            let mut response = json_response("{}");
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            return response;
        };
        return json_response(keys.to_string());
    }
    if arrived.path == "/auth/v1/.well-known/openid-configuration" {
        return json_response(json!({ "issuer": INSIDE }).to_string());
    }
    let sent = arrived.header("authorization").unwrap_or_default();
    let who = sent.strip_prefix("Bearer ").map(claims_of);
    json_response(json!({"who": who.map(|claims| claims["sub"].clone()), "echo": sent}).to_string())
}

fn who(result: &Value) -> String {
    let answer: Value = serde_json::from_str(text(result, "/structuredContent/body"))
        .unwrap_or_else(|_| panic!("no answer of the CRM: {result}"));
    text(&answer, "/who").to_owned()
}

async fn get(to: std::net::SocketAddr, path: &str) -> Answer {
    let asked = Ask::new("GET", path).send(to);
    in_time(path, asked).await.expect("an answer")
}

#[tokio::test]
async fn a_client_without_a_token_is_led_to_the_issuer() {
    let mut world = World::new(CONFIG).await;
    let address = world.host.serve().await.address;
    for era in Era::BOTH {
        for path in ["/mcp", "/mcp/own"] {
            let client = HttpMcp::stranger(address, era, path);
            let answer = client.send("tools/list", json!({})).await;
            assert_eq!(answer.status, 401, "{answer:?}");
            let challenge = answer.header("www-authenticate").expect("a challenge");
            let url = format!("http://{address}{WELL_KNOWN}{path}");
            assert_eq!(
                challenge,
                format!("Bearer realm=\"portcullis\", resource_metadata=\"{url}\"")
            );
            let document = get(address, &format!("{WELL_KNOWN}{path}")).await;
            assert_eq!(document.status, 200, "{document:?}");
            assert_eq!(
                document.json(),
                json!({
                    "resource": format!("http://{address}{path}"),
                    "authorization_servers": [world.issuer()],
                    "bearer_methods_supported": ["header"],
                })
            );
        }
    }
    let root = get(address, WELL_KNOWN).await;
    assert_eq!(root.json()["resource"], format!("http://{address}/mcp"));
    assert!(world.crm.seen().is_empty(), "nothing is fetched for it");
}

#[tokio::test]
async fn a_client_that_looks_for_the_issuer_here_is_sent_there() {
    const OF_ISSUER: &str = "/.well-known/oauth-authorization-server";
    let mut world = World::new(CONFIG).await;
    let address = world.host.serve().await.address;
    for path in ["", "/mcp", "/mcp/own"] {
        let answer = get(address, &format!("{OF_ISSUER}{path}")).await;
        assert_eq!(answer.status, 307, "{path}: {answer:?}");
        let there = format!("{}{OF_ISSUER}", world.issuer());
        assert_eq!(answer.header("location"), Some(&*there), "{path}");
    }
    for (method, path, host, status) in [
        ("POST", "", "localhost", 405),
        ("GET", "", "evil.example", 403),
        ("GET", "/mcp/nothing", "localhost", 404),
        ("GET", "x", "localhost", 404),
    ] {
        let ask = Ask::new(method, &format!("{OF_ISSUER}{path}")).header("host", host);
        let answer = in_time(method, ask.open(address)).await.expect("an answer");
        assert_eq!(answer.status, status, "{method} {path} {host}");
    }
    let plain = CONFIG.replace("\"issued\"", "\"forwards\"");
    let mut world = World::new(&plain).await;
    let address = world.host.serve().await.address;
    let answer = get(address, OF_ISSUER).await;
    assert_eq!(answer.status, 404, "no issuer is known: {answer:?}");
}

#[tokio::test]
async fn the_documents_name_the_public_url() {
    let public = "[server]\npublic_url = \"https://mcp.example.com/crm/\"";
    let service = "[connections.team]\nplugin = \"forwards\"\nurl = \"URL\"\nsecrets.key = \"env:CRM_KEY\"\n[connections.plain]\nplugin = \"forwards\"\nurl = \"URL\"\nidentity = \"forward\"\n";
    let config = format!("{}{service}", CONFIG.replace("[server]", public));
    let mut world = World::new(&config).await;
    let address = world.host.serve().await.address;
    let own = "https://mcp.example.com/crm/mcp/own";
    for path in ["", "/mcp/own", "/crm/mcp/own"] {
        let document = get(address, &format!("{WELL_KNOWN}{path}")).await;
        assert_eq!(document.json()["resource"], own, "{path}");
    }
    let client = HttpMcp::stranger(address, Era::Stateless, "/mcp/own");
    let answer = client.send("tools/list", json!({})).await;
    let named = format!("resource_metadata=\"https://mcp.example.com{WELL_KNOWN}/crm/mcp/own\"");
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains(&named), "{challenge}");
    // No issuer is known for accounts, for tokens that only the CRM judges, and for what is not there.
    for path in [
        "/mcp",
        "/mcp/team",
        "/mcp/plain",
        "/mcp/nothing",
        "/mcp/own/x",
        "/x",
    ] {
        let document = get(address, &format!("{WELL_KNOWN}{path}")).await;
        assert_eq!(document.status, 404, "{path} {document:?}");
    }
    let plain = HttpMcp::stranger(address, Era::Stateless, "/mcp/plain");
    let answer = plain.send("tools/list", json!({})).await;
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(!challenge.contains("resource_metadata"), "{challenge}");
}

#[tokio::test]
async fn an_issuer_of_another_name_is_taken_where_the_operator_says_so() {
    let named = format!("identity = \"forward\"\nissuer = \"{INSIDE}\"");
    for (config, own, finding) in [
        (CONFIG.to_owned(), 200, Level::Error),
        (
            CONFIG.replace("identity = \"forward\"", &named),
            401,
            Level::Ok,
        ),
    ] {
        let mut world = World::new(&config).await;
        let address = world.host.serve().await.address;
        let inside = world.token_with("iss", json!(INSIDE));
        for (token, status) in [(world.token("ada"), own), (inside, 601 - own)] {
            let ask =
                Ask::new("POST", "/mcp/own").header("authorization", &format!("Bearer {token}"));
            let answer = in_time("an answer", ask.body("{}").send(address)).await;
            let refused = answer.expect("an answer").status == 401;
            assert_eq!(refused, status == 401, "{config}");
        }
        let document = get(address, &format!("{WELL_KNOWN}/mcp/own")).await;
        let issuer = if own == 200 {
            world.issuer()
        } else {
            INSIDE.to_owned()
        };
        assert_eq!(document.json()["authorization_servers"], json!([issuer]));
        let connection = world.host.snapshot().connections[0].clone();
        let findings = live::check(&world.host.host.app, &connection, None).await;
        let about = findings.iter().find(|finding| finding.subject == "issuer");
        let about = about.expect("the issuer is looked at");
        assert_eq!(about.level, finding, "{about:?}");
        assert!(
            about.message.contains(INSIDE) && about.message.contains(&issuer),
            "{about:?}"
        );
    }
}

#[tokio::test]
async fn documents_are_for_neighbours_and_readers() {
    let mut world = World::new(CONFIG).await;
    let address = world.host.serve().await.address;
    let path = format!("{WELL_KNOWN}/mcp/own");
    for (method, host, origin, status) in [
        ("GET", "localhost", None, 200),
        ("HEAD", "localhost", None, 200),
        ("POST", "localhost", None, 405),
        ("GET", "evil.example", None, 403),
        ("GET", "localhost", Some("https://evil.example"), 403),
    ] {
        let mut ask = Ask::new(method, &path).header("host", host);
        if let Some(origin) = origin {
            ask = ask.header("origin", origin);
        }
        let answer = in_time(method, ask.open(address)).await.expect("an answer");
        assert_eq!(answer.status, status, "{method} {host} {origin:?}");
    }
}

#[tokio::test]
async fn no_token_that_is_not_to_be_trusted_comes_in() {
    let mut world = World::new(CONFIG).await;
    let address = world.host.serve().await.address;
    let claims = world.claims("ada");
    let good = world.token("ada");
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let bob = world.token("bob");
    let (bob, _) = bob.rsplit_once('.').expect("three parts");
    let headed = |header: Value| world.signer.headed(&header, &claims);
    let tokens = [
        ("a text", "pat_0123456789".to_owned()),
        ("another's claims", format!("{bob}.{signature}")),
        ("no signature", format!("{signed}.")),
        ("a cut signature", good[..good.len() - 4].to_owned()),
        ("another's key", Signer::new("k1").token(&claims)),
        ("an unknown key", Signer::new("k2").token(&claims)),
        ("no key", headed(json!({"alg": "ES256"}))),
        ("none", headed(json!({"alg": "none", "kid": "k1"}))),
        ("HS256", headed(json!({"alg": "HS256", "kid": "k1"}))),
        ("RS256", headed(json!({"alg": "RS256", "kid": "k1"}))),
        ("expired", world.token_with("exp", json!(now() - 60))),
        ("endless", world.token_with("exp", Value::Null)),
        ("early", world.token_with("nbf", json!(now() + 120))),
        (
            "issuer",
            world.token_with("iss", json!("https://evil.example/auth/v1")),
        ),
        (
            "issuer's slash",
            world.token_with("iss", json!(format!("{}/", world.issuer()))),
        ),
        ("audience", world.token_with("aud", json!("anon"))),
        ("no role", world.token_with("role", Value::Null)),
        (
            "service role",
            world.token_with("role", json!("service_role")),
        ),
        ("anonymous", world.token_with("is_anonymous", json!(true))),
        ("nobody", world.token_with("sub", json!(""))),
        ("huge", world.token_with("padding", json!("x".repeat(9000)))),
    ];
    for (what, token) in &tokens {
        for era in Era::BOTH {
            let client = HttpMcp::stranger(address, era, "/mcp/own").bearing(Some(token));
            let answer = client.send("initialize", json!({})).await;
            assert_eq!(answer.status, 401, "{what} {answer:?}");
            let challenge = answer.header("www-authenticate").expect("a challenge");
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
            assert!(
                challenge.contains("resource_metadata=\"http"),
                "{challenge}"
            );
            assert_eq!(answer.json()["error"], "invalid_token", "{what}");
            if *what != "huge" {
                // Nothing tells which of the checks it was.
                let told = answer.json()["error_description"].clone();
                assert_eq!(
                    told,
                    "the token is not valid here; get a new one from its issuer"
                );
            }
        }
    }
    assert!(world.calls().is_empty());
    assert_eq!(
        world.fetches(),
        1,
        "an unknown key is not looked for all the time"
    );
    let ada = HttpMcp::connect_as(address, Era::Handshake, "/mcp/own", &good).await;
    assert_eq!(who(&ada.call("own_say", json!({})).await), "ada");
}

#[tokio::test]
async fn without_the_issuers_keys_nobody_comes_in_and_nobody_is_refused() {
    let mut world = World::new(CONFIG).await;
    *world.published.lock().expect("ours") = None;
    let address = world.host.serve().await.address;
    let token = world.token("ada");
    for era in Era::BOTH {
        let client = HttpMcp::stranger(address, era, "/mcp/own").bearing(Some(&token));
        let answer = client.send("tools/list", json!({})).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        let wait: u64 = answer
            .header("retry-after")
            .expect("a time")
            .parse()
            .expect("seconds");
        assert!((1..=5).contains(&wait), "{wait}");
        assert_eq!(answer.header("www-authenticate"), None);
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
    }
    assert!(world.calls().is_empty());
    assert_eq!(
        world.fetches(),
        1,
        "an issuer that is out of order is left alone"
    );
}

#[tokio::test]
pub async fn issued() {
    let mut world = World::new(CONFIG).await;
    let address = world.host.serve().await.address;
    let (first, bobs) = (world.token("ada"), world.token("bob"));
    let refreshed = world.token_with("exp", json!(now() + 7200));
    assert_ne!(first, refreshed);
    let client = |token: String| async move {
        HttpMcp::connect_as(address, Era::Stateless, "/mcp/own", &token).await
    };
    let (ada, later, bob) = (
        client(first.clone()).await,
        client(refreshed.clone()).await,
        client(bobs.clone()).await,
    );
    // What a plugin keeps is the person's.
    ada.call("own_say", json!({"keep": "hers"})).await;
    let kept = |answer: &Value| answer["structuredContent"]["kept"].clone();
    let (hers, his) = (
        later.call("own_say", json!({})).await,
        bob.call("own_say", json!({})).await,
    );
    assert_eq!((kept(&hers), who(&hers)), (json!("hers"), "ada".to_owned()));
    assert_eq!((kept(&his), who(&his)), (Value::Null, "bob".to_owned()));
    for (answer, token) in [(&hers, &refreshed), (&his, &bobs)] {
        assert!(
            !answer.to_string().contains(token.as_str()),
            "its echo is taken out"
        );
    }
    let sent: Vec<_> = world.calls();
    let sent: Vec<_> = sent
        .iter()
        .map(|call| call.header("authorization"))
        .collect();
    let bearers = [&first, &refreshed, &bobs].map(|token| format!("Bearer {token}"));
    let wanted: Vec<_> = bearers.iter().map(|bearer| Some(bearer.as_str())).collect();
    assert_eq!(sent, wanted);
    // So is a preview.
    let shown = ada.call("own_remove", json!({"remove": "7"})).await;
    let preview: Value = serde_json::from_str(text(&shown, "/content/0/text")).expect("JSON");
    let token = text(&preview, "/confirmation_token");
    let confirmed = json!({"remove": "7", "confirmation_token": token});
    let refused = bob.call("own_remove", confirmed.clone()).await;
    assert_eq!(refused["isError"], true, "{refused}");
    assert_eq!(who(&later.call("own_remove", confirmed).await), "ada");
}

#[tokio::test]
async fn a_session_goes_on_with_a_refreshed_token_and_is_nobody_elses() {
    let mut world = World::new(CONFIG).await;
    let address = world.host.serve().await.address;
    let ada = HttpMcp::connect_as(address, Era::Handshake, "/mcp/own", &world.token("ada")).await;
    let refreshed = world.token_with("exp", json!(now() + 7200));
    let later = ada.bearing(Some(&refreshed));
    assert_eq!(who(&later.call("own_say", json!({})).await), "ada");
    let bobs = world.token("bob");
    let stolen = later.bearing(Some(&bobs));
    assert_eq!(stolen.send("tools/list", json!({})).await.status, 404);
    let expired = stolen.bearing(Some(&world.token_with("exp", json!(now() - 60))));
    assert_eq!(expired.send("tools/list", json!({})).await.status, 401);
}
