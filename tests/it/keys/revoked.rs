//! A key that another process revokes while the host runs: the next request is refused, and what is open
//! ends by itself.

use portcullis::keys::Terms;
use serde_json::json;

use super::World;
use crate::support::{Era, HttpMcp, Portcullis, in_time};

#[tokio::test]
async fn what_the_holder_has_open_ends() {
    let mut world = World::new().await;
    let (key, record) = world.issue("ada", Terms::default()).await;
    let (bobs, _) = world.issue("bob", Terms::default()).await;
    let address = world.host.serve().await.address;
    let connect = async |era, key: &str| HttpMcp::connect_as(address, era, "/mcp", key).await;
    let session = connect(Era::Handshake, key.expose()).await;
    let bob = connect(Era::Handshake, bobs.expose()).await;
    let stateless = connect(Era::Stateless, key.expose()).await;
    let mut stream = session.session_stream().await;
    assert_eq!(stream.status, 200);
    let wanted = json!({"notifications": {"toolsListChanged": true}});
    let mut listening = stateless.open("subscriptions/listen", wanted).await;
    let first = in_time("the acknowledgement", listening.event()).await;
    assert!(first.is_some(), "it listens");
    let file = world.host.folder.path().join("portcullis.toml");
    let file = file.to_str().expect("a path in Unicode");
    let ran = Portcullis::new()
        .variable("CRM_KEY", "k")
        .run(&["key", "revoke", &record.id, "--config", file])
        .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for client in [&session, &stateless] {
        let answer = client.send("tools/list", json!({})).await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    while in_time("the session's stream to end", stream.event())
        .await
        .is_some()
    {}
    while in_time("the subscription to end", listening.event())
        .await
        .is_some()
    {}
    assert_eq!(bob.send("tools/list", json!({})).await.status, 200);
}
