//! How much one key may have: calls, sessions, streams; and how often an address may come with a wrong one.

use portcullis::keys::{ApiKey, Terms};
use serde_json::{Value, json};

use super::{CONFIG, World};
use crate::support::wait::until;
use crate::support::{Era, HttpMcp, text};

fn with(limits: &str) -> String {
    format!("{CONFIG}\n[server.limits]\n{limits}\n")
}

#[tokio::test]
async fn a_key_has_a_rate_of_its_own() {
    let mut world = World::new().await;
    let slow = Terms {
        calls_per_minute: Some(2),
        ..Terms::default()
    };
    let (slow, free) = (world.issue("slow", slow).await.0, world.key().await);
    let address = world.host.serve().await.address;
    let connect = async |key: &str| HttpMcp::connect_as(address, Era::Stateless, "/mcp", key).await;
    let (slow, free) = (connect(slow.expose()).await, connect(&free).await);
    let id = json!({"entityType": "Account", "id": world.crm.first("Account")});
    for _ in 0..2 {
        let result = slow.call("sales_get", id.clone()).await;
        assert_eq!(result["isError"], json!(false), "{result}");
    }
    let result = slow.call("sales_get", id.clone()).await;
    let error: Value = serde_json::from_str(text(&result, "/content/0/text")).expect("JSON");
    assert_eq!(error["error"]["code"], "RATE_LIMITED", "{error}");
    assert!(
        text(&error, "/error/message").contains("this caller's key"),
        "{error}"
    );
    assert!(error["error"]["retry_after_ms"].is_number(), "{error}");
    let result = free.call("sales_get", id).await;
    assert_eq!(result["isError"], json!(false), "{result}");
}

#[tokio::test]
async fn one_key_does_not_take_all_sessions() {
    let mut world = World::with(&with("sessions_per_caller = 2")).await;
    let (ada, bob) = (
        world.key().await,
        world.issue("bob", Terms::default()).await.0,
    );
    let address = world.host.serve().await.address;
    let connect = async |key: &str| HttpMcp::connect_as(address, Era::Handshake, "/mcp", key).await;
    let (first, _second) = (connect(&ada).await, connect(&ada).await);
    let third = HttpMcp::stranger(address, Era::Handshake, "/mcp").bearing(Some(&ada));
    let begin = || third.send("initialize", crate::support::mcp::initialize());
    let refused = begin().await;
    assert_eq!(refused.status, 429, "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("30"));
    assert!(
        refused.body.contains("server.limits.sessions_per_caller"),
        "{refused:?}"
    );
    connect(bob.expose()).await;
    let ended = crate::support::http::Ask::new("DELETE", "/mcp")
        .header("authorization", &format!("Bearer {ada}"))
        .header(
            "mcp-session-id",
            first.session.as_deref().expect("a session"),
        )
        .send(address)
        .await;
    assert_eq!(ended.expect("an answer").status, 204);
    until("a session to be free", async || begin().await.status == 200).await;
}

#[tokio::test]
async fn one_key_does_not_take_all_streams() {
    let mut world = World::with(&with("streams_per_caller = 1")).await;
    let key = world.key().await;
    let address = world.host.serve().await.address;
    let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", &key).await;
    let wanted = json!({"notifications": {"toolsListChanged": true}});
    let mut open = client.open("subscriptions/listen", wanted.clone()).await;
    assert!(open.event().await.is_some());
    let refused = client.send("subscriptions/listen", wanted.clone()).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    drop(open);
    until("the stream to be free", async || {
        let mut open = client.open("subscriptions/listen", wanted.clone()).await;
        open.status == 200 && open.event().await.is_some()
    })
    .await;
}

#[tokio::test]
async fn wrong_keys_are_counted_and_right_ones_are_not() {
    let mut world = World::with(&with("refusals_per_minute = 3")).await;
    let (good, wrong) = (world.key().await, ApiKey::random());
    let address = world.host.serve().await.address;
    let ask = async |key: Option<&str>| {
        let client = HttpMcp::stranger(address, Era::Stateless, "/mcp").bearing(key);
        client.send("tools/list", json!({})).await
    };
    for _ in 0..3 {
        assert_eq!(ask(Some(wrong.expose())).await.status, 401);
    }
    let refused = ask(Some(wrong.expose())).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    let wait: u64 = refused
        .header("retry-after")
        .expect("it says when")
        .parse()
        .expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(ask(None).await.status, 401, "nothing was tried");
    for _ in 0..10 {
        assert_eq!(ask(Some(&good)).await.status, 200);
    }
}
