//! Guests that look for what is not theirs: the machine, the operator's secrets, another caller's notes.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Response;
use portcullis::caller::{Caller, Token};
use portcullis_demo::espocrm::FULL_KEY;
use serde_json::{Value, json};

use crate::support::neighbour::NOWHERE;
use crate::support::stub::Arrived;
use crate::support::{Street, Stub, text};

#[tokio::test]
pub async fn environment() {
    for seen in Street::of("environment", "", NOWHERE).await.told().await {
        assert_eq!(seen, json!({"variables": 0, "arguments": 0, "typed": 0}));
    }
}

#[tokio::test]
pub async fn files() {
    for seen in Street::of("files", "", NOWHERE).await.told().await {
        assert_eq!(seen, json!({"folders": []}));
    }
}

/// A CRM of one record, into which it writes all that it is sent, headers and body.
async fn gossip() -> Stub {
    let record: Arc<Mutex<String>> = Arc::default();
    Stub::start(move |arrived: &Arrived| {
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        let body = String::from_utf8_lossy(&arrived.body);
        if !body.is_empty() {
            *record = format!("{:?} {body}", arrived.headers);
        }
        let key = arrived.header("x-key").unwrap_or_default();
        Response::builder()
            .header("etag", format!("\"{key}\""))
            .header("set-cookie", format!("session={key}"))
            .body(record.clone().into())
            .expect("a response")
    })
    .await
}

#[tokio::test]
pub async fn echoes_secret() {
    let crm = gossip().await;
    let street = Street::of("echoes_secret", "", &crm.url()).await;
    for told in street.told().await {
        assert_eq!(told["refused"]["reason"], "InvalidRequest", "{told}");
        let read = text(&told, "/read/body");
        assert!(read.contains("[redacted]"), "{told}");
        assert!(read.contains("espocrm") || read.contains("guest"), "{told}");
        let whole = told.to_string();
        assert!(!whole.contains(FULL_KEY), "{told}");
        assert!(!whole.contains("session="), "{told}");
    }
    let keys = crm.seen();
    let sent = |arrived: &Arrived| arrived.header("x-key") == Some(FULL_KEY);
    assert!(keys.iter().all(sent), "the CRM did get the key");
}

/// A caller with a token of their own.
fn caller(token: &Token) -> Caller {
    Caller::holding(token.clone())
}

#[tokio::test]
pub async fn reads_others_cache() {
    let connection = "[connections.guest]\nplugin = \"reads_others_cache\"\nurl = \"URL\"\nidentity = \"forward\"\nlimits.rate_per_second = 10000\nlimits.rate_burst = 100000\n";
    let street = Street::with("reads_others_cache", connection, NOWHERE).await;
    let token = |text: &str| Token::new(text).expect("a token");
    let (ada, bob) = (token("pat_ada_0123456789"), token("pat_bob_0123456789"));
    let call =
        |who: &Token, arguments: Value| street.host.call_by(caller(who), "guest_say", arguments);
    let kept = call(&ada, json!({"keep": "hers"})).await;
    assert_eq!(kept, Ok(json!({})));
    // Names that a host might have given it; the worst is the one that it did give it.
    let owner = ada.owner().to_string();
    let keys = json!([
        "note",
        "\0note",
        format!("{owner}\0note"),
        format!("\0{owner}\0note"),
        format!("{owner}note"),
        "../note",
        ""
    ]);
    let looks = street
        .meanwhile(async || call(&bob, json!({"keys": keys, "remove": keys})).await)
        .await;
    for found in looks {
        assert_eq!(found, Ok(json!({"found": vec![Value::Null; 7]})));
    }
    let found = call(&ada, json!({"keys": ["note"]})).await;
    assert_eq!(found, Ok(json!({"found": ["hers"]})), "it is still there");
}
