//! Who has no key that is good: all are told the same, before anything of MCP is done.

use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};
use portcullis::keys::{ApiKey, Terms};
use serde_json::json;

use super::{CONFIG, World};
use crate::support::http::{Answer, Ask};
use crate::support::wait::until;
use crate::support::{Era, HttpMcp, in_time};

/// What a stranger can compare: the answer without its date.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| name != "date");
    (answer.status, headers, answer.body.clone())
}

async fn ask(address: SocketAddr, era: Era, path: &str, bearer: Option<&str>) -> Answer {
    let client = HttpMcp::stranger(address, era, path).bearing(bearer);
    client.send("tools/list", json!({})).await
}

#[tokio::test]
async fn all_who_are_not_let_in_look_the_same() {
    let mut world = World::new().await;
    let (revoked, _) = world.issue("revoked", Terms::default()).await;
    world.book.revoke("revoked").await.expect("it is there");
    let soon = Timestamp::now() + SignedDuration::from_millis(5);
    let expired = world
        .book
        .issue("short", Some(soon), Terms::default())
        .await;
    let (expired, _) = expired.expect("it is issued");
    until("the key to end", async || Timestamp::now() > soon).await;
    let (unknown, good) = (ApiKey::random(), world.key().await);
    let address = world.host.serve().await.address;
    for path in ["/mcp", "/mcp/sales"] {
        for era in Era::BOTH {
            let nobody = seen(&ask(address, era, path, None).await);
            assert_eq!(nobody.0, 401);
            let challenge = (
                "www-authenticate".to_owned(),
                "Bearer realm=\"portcullis\"".to_owned(),
            );
            assert!(nobody.1.contains(&challenge), "{nobody:?}");
            for bearer in [
                revoked.expose(),
                expired.expose(),
                unknown.expose(),
                &good[..63],
                "pcl_",
                "something else",
            ] {
                let answer = ask(address, era, path, Some(bearer)).await;
                assert_eq!(seen(&answer), nobody);
            }
        }
    }
    for (method, body) in [("POST", "no JSON at all"), ("GET", ""), ("DELETE", "")] {
        let answer = Ask::new(method, "/mcp").body(body).send(address);
        let answer = in_time(method, answer).await.expect("an answer");
        assert_eq!(answer.status, 401, "before anything of MCP: {answer:?}");
    }
    assert!(world.crm.memory.requests().is_empty());
}

#[tokio::test]
async fn a_key_lets_in_and_goes_no_further() {
    let mut world = World::new().await;
    let key = world.key().await;
    let address = world.host.serve().await.address;
    for era in Era::BOTH {
        for path in ["/mcp", "/mcp/sales"] {
            let client = HttpMcp::connect_as(address, era, path, &key).await;
            let account = json!({"entityType": "Account", "id": world.crm.first("Account")});
            let result = client.call("sales_get", account).await;
            assert_eq!(result["isError"], json!(false), "{result}");
        }
    }
    for seen in world.crm.memory.requests() {
        assert!(!format!("{seen:?}").contains(&key[15..]));
    }
}

#[tokio::test]
async fn a_session_of_a_key_is_no_other_keys() {
    let mut world = World::new().await;
    let (ada, bob) = (
        world.key().await,
        world.issue("bob", Terms::default()).await.0,
    );
    let address = world.host.serve().await.address;
    let session = HttpMcp::connect_as(address, Era::Handshake, "/mcp", &ada).await;
    let stolen = session.bearing(Some(bob.expose()));
    assert_eq!(stolen.send("tools/list", json!({})).await.status, 404);
}

#[tokio::test]
async fn keys_are_wanted_as_soon_as_the_file_says_so() {
    let open = CONFIG.replace("auth = \"keys\"\n", "");
    let mut world = World::with(&open).await;
    let key = world.key().await;
    let address = world.host.serve().await.address;
    assert_eq!(ask(address, Era::Stateless, "/mcp", None).await.status, 200);
    world.host.rewrite(CONFIG, &world.crm.url());
    until("keys to be wanted", async || {
        ask(address, Era::Stateless, "/mcp", None).await.status == 401
    })
    .await;
    HttpMcp::connect_as(address, Era::Handshake, "/mcp", &key).await;
}

#[tokio::test]
async fn a_state_that_cannot_be_read_lets_nobody_start() {
    let config = CONFIG.replace("state.sqlite3", "portcullis.toml");
    let crm = crate::support::Crm::start().await;
    let refused = crate::support::TestHost::try_with(&config, &crm.url()).await;
    let told = refused.err().expect("it does not start").to_string();
    assert!(
        told.starts_with("the API keys that `server.auth` demands"),
        "{told}"
    );
}
